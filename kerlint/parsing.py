"""From text to a syntax tree."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from kerlint.large import MOST_CHARACTERS, is_too_heavy, without_tables
from kerlint.source import NEWLINE, TOO_DEEP, TOO_LARGE, Broken, syntax_error

if TYPE_CHECKING:
    import libcst

_UNSUPPORTED = "this version of libcst does not support the syntax"

_LONGEST_RETRY = 200_000
_HEAVIEST_RETRY = 80_000
_LONGEST_LINE = 2000

#: Characters of source whose trees are kept: each takes about 70 bytes then.
_KEPT = 1_000_000
#: Texts of one file that are kept: the one on disk, and the one in an editor, which is another after each keystroke.
_VERSIONS = 2

_trees: OrderedDict[tuple[str, str], libcst.Module | Broken] = OrderedDict()
_sizes = {"kept": 0}


def parse_file(path: str, text: str) -> libcst.Module | Broken:
    """The syntax tree of a file, kept for the next one that imports it.

    Two files with one text have two trees: nodes are told apart by identity.
    """
    key = (path, text)
    found = _trees.get(key)
    if found is not None:
        _trees.move_to_end(key)
        return found
    tree = parse(text)
    if len(text) < _KEPT:
        _trees[key] = tree
        _sizes["kept"] += len(text)
        for old in [one for one in _trees if one[0] == path][:-_VERSIONS]:
            _forget(old)
        while _sizes["kept"] > _KEPT:
            _forget(next(iter(_trees)))
    return tree


def _forget(key: tuple[str, str]) -> None:
    del _trees[key]
    _sizes["kept"] -= len(key[1])


def parse(text: str) -> libcst.Module | Broken:
    """The syntax tree, or why there is none.

    Python's own parser goes first: it knows where an error is, and it refuses what is nested so deeply
    that libcst's parser would take the process down.
    """
    if len(text) > MOST_CHARACTERS:
        return Broken(1, 1, TOO_LARGE)
    error = syntax_error(text)
    if error is not None and (error.message == TOO_DEEP or "\0" in text):
        return error
    if error is None:
        text = without_tables(text)
        if is_too_heavy(text):
            return Broken(1, 1, TOO_LARGE)

    import libcst

    if error is None:
        try:
            return libcst.parse_module(text)
        except libcst.ParserSyntaxError as unsupported:
            line, column = unsupported.editor_line, unsupported.editor_column
            return Broken(max(line, 1), max(column, 1), _UNSUPPORTED)
        except (MemoryError, RecursionError):
            raise
        except Exception:  # noqa: BLE001 - libcst's nodes are stricter than its grammar, about `return.5` for one
            return Broken(1, 1, _UNSUPPORTED)
        except BaseException as panic:
            # What a panic in Rust becomes is no Exception.
            if type(panic).__name__ != "PanicException":
                raise
            return Broken(1, 1, _UNSUPPORTED)
    if (
        len(text) > _LONGEST_RETRY
        or max(map(len, NEWLINE.split(text))) > _LONGEST_LINE
        or is_too_heavy(text, _HEAVIEST_RETRY)
    ):
        # Made by a program, and perhaps in order to keep the parser busy.
        return error
    from kerlint.deep import with_deep_stack

    try:
        # It may be the syntax of a newer Python than the one that runs kerlint.
        return with_deep_stack(lambda: libcst.parse_module(text))
    except Exception:  # noqa: BLE001 - whatever it says, it is no Python
        return error
