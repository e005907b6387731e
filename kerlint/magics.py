"""IPython's additions to Python, replaced by Python of the same number of lines.

Columns stay right, too, except in what a magic replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Cell magics whose body is Python. Of an unknown one the body is tried as Python.
PYTHON_CELLS = frozenset(
    {"capture", "debug", "ipytest", "kerlint", "memit", "prun", "pypy", "python", "python3", "time", "timeit"}
)

#: Cell magics whose body is another language or plain text.
FOREIGN_CELLS = frozenset(
    """! R bash bigquery cmd cython docker file html javascript js julia latex markdown node octave perl
    powershell pwsh ruby rust script scala sh shell sql svg sx system typescript writefile writetemplate""".split()
)

#: Line magics that IPython also takes without their `%`.
AUTOMAGICS = frozenset(
    """alias alias_magic autoawait autocall automagic bookmark cat cd clear colors conda config cp debug dhist
    dirs doctest_mode edit env gui hist history ldir less lf lk ll load load_ext logoff logon logstart logstate
    logstop ls lsmagic lx macro magic mamba man matplotlib micromamba mkdir more mv notebook page pastebin pdb
    pdef pdoc pfile pinfo pinfo2 pip popd pprint precision prun psearch psource pushd pwd pycat pylab quickref
    recall rehashx reload_ext rerun reset reset_selective rm rmdir run save sc set_env store sx system tb time
    timeit unalias uv unload_ext who who_ls whos xdel xmode""".split()
)

_ESCAPED = re.compile(r"[ \t\f]*(?:%{1,2}[A-Za-z_]|!|\?|[,;/](?=[A-Za-z_]))")
_ASSIGNED = re.compile(r"(?P<target>[ \t]*[A-Za-z_][\w.,\[\] \t]*=[ \t]*)(?:!|%[A-Za-z_])")
_TIMED = re.compile(r"(?P<indent>[ \t]*)%(?:time|timeit|prun|memit)\b(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]+(?=\S)")
_AUTOMAGIC = re.compile(
    r"[ \t]*(?P<name>[A-Za-z_]\w*)[ \t]+(?![-+*/%@&|^<>!=]*=|[(\[{<>]|(?:in|is|and|or|not|if|for)\b)\S"
)
_CELL_MAGIC = re.compile(r"%%(?P<name>!|\w+)(?P<rest>.*)")

# What decides whether a line goes on in the next one: strings, comments, brackets.
_TOKEN = re.compile(
    r"""(?P<comment>\#.*)
      | (?P<long>\"\"\"|''')
      | (?P<string>"(?:\\.|[^"\\])*(?:"|\\?$)|'(?:\\.|[^'\\])*(?:'|\\?$))
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])""",
    re.VERBOSE,
)


def cell_magic(text: str) -> tuple[str, int] | None:
    """The name of the cell's magic and the index of its line; blank and comment lines may precede it."""
    for index, line in enumerate(text.split("\n")):
        if match := _CELL_MAGIC.match(line):
            return match["name"], index
        if line.strip() and not line.lstrip().startswith("#"):
            return None
    return None


def without_magics(text: str, *, keep_timed: bool = True) -> str:
    """Replaces what only IPython understands.

    Args:
        keep_timed: keep the statement after `%time` and its like, which trains a model more often than not.
    """
    lines = text.split("\n")
    for start, stop in list(_logical_lines(lines)):
        replacement = _replacement(lines[start], keep_timed=keep_timed)
        if replacement is None:
            continue
        lines[start] = replacement
        if not _is_timed(replacement):
            for index in range(start + 1, stop):
                lines[index] = ""
    return "\n".join(lines)


def without_indent(text: str) -> tuple[str, str]:
    """The text without the indentation of its first line, as IPython takes it, and that indentation."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    if not indent:
        return text, ""
    return "\n".join(line.removeprefix(indent) for line in text.split("\n")), indent


def _is_timed(replacement: str) -> bool:
    return replacement.lstrip(" \t").startswith("if 1:")


def _replacement(line: str, *, keep_timed: bool) -> str | None:
    """Python in place of a magic line; None if the line is no magic."""
    if keep_timed and (match := _TIMED.match(line)):
        # `%time ` and `if 1: ` are equally long, so that the statement stays in its column.
        head = match["indent"] + "if 1:"
        return head.ljust(match.end()) + line[match.end() :]
    indent = line[: len(line) - len(line.lstrip(" \t\f"))]
    if _ESCAPED.match(line) or _is_help(line) or _is_automagic(line):
        return indent + "pass"
    if match := _ASSIGNED.match(line):
        # A name that nothing defines: the value is not known.
        return match["target"] + "get_ipython()"
    return None


def _is_help(line: str) -> bool:
    return line.rstrip(" \t;").endswith("?") and not any(mark in line for mark in "#'\"")


def _is_automagic(line: str) -> bool:
    match = _AUTOMAGIC.match(line)
    return match is not None and match["name"] in AUTOMAGICS


def _logical_lines(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yields start and stop of each statement's or magic's lines."""
    start = 0
    while start < len(lines):
        stop = start + 1
        if _replacement(lines[start], keep_timed=False) is not None and not _TIMED.match(lines[start]):
            while stop < len(lines) and lines[stop - 1].endswith("\\"):
                stop += 1
        else:
            state = _State()
            state.read(lines[start])
            while stop < len(lines) and state.goes_on:
                state.read(lines[stop])
                stop += 1
        yield start, stop
        start = stop


class _State:
    """What is still open at the end of a line."""

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""
        self.continued = False

    @property
    def goes_on(self) -> bool:
        return self.depth > 0 or bool(self.quote) or self.continued

    def read(self, line: str) -> None:
        position = 0
        commented = False
        while position < len(line):
            if self.quote:
                position = self._end_of_string(line, position)
                continue
            match = _TOKEN.search(line, position)
            if match is None:
                break
            position = match.end()
            if match["comment"]:
                commented = True
            elif match["long"]:
                self.quote = match["long"]
            elif match["open"]:
                self.depth += 1
            elif match["close"]:
                self.depth = max(0, self.depth - 1)
        self.continued = line.endswith("\\") and not commented

    def _end_of_string(self, line: str, position: int) -> int:
        """The position after the end of the long string, which may be the end of the line."""
        while position < len(line):
            if line[position] == "\\":
                position += 2
            elif line.startswith(self.quote, position):
                position += len(self.quote)
                self.quote = ""
                return position
            else:
                position += 1
        return position
