"""From TOML to a configuration. What is wrong is said with the file, the key, and what may have been meant."""

from __future__ import annotations

import os
import re
import sys
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from kerlint import files
from kerlint.configuration.checking import check_patterns, check_selectors, read_options
from kerlint.configuration.model import Configuration, ConfigurationError
from kerlint.configuration.patterns import Patterns
from kerlint.finding import Severity
from kerlint.records import replace

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NOT_TOML = "not TOML"
DOCUMENTATION = "https://github.com/kerlint/kerlint/blob/main/docs/configuration.md"

Selectors = Annotated[
    tuple[str, ...],
    Meta(description="Codes (`KL001`), prefixes of codes (`KL`, `KL0`), names of rules, or `ALL`."),
]
PatternList = Annotated[
    tuple[str, ...],
    Meta(description="Patterns as in a `.gitignore`, relative to the folder of the file."),
]
Level = Literal["error", "warning", "advice"]
Version = Annotated[str, Meta(pattern=r"^[23](\.[0-9]{1,3})?$")]


class Tables(msgspec.Struct, rename="kebab", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The configuration of kerlint."""

    select: (
        Annotated[Selectors, Meta(description="The rules to apply. Empty or left out: all of them.")] | UnsetType
    ) = UNSET
    ignore: Annotated[Selectors, Meta(description="The rules to leave out. The longer selector wins.")] | UnsetType = (
        UNSET
    )
    extend_select: (
        Annotated[Selectors, Meta(description="More rules to apply. Advice is shown where its full code stands.")]
        | UnsetType
    ) = UNSET
    per_file_ignores: (
        Annotated[
            dict[str, Selectors], Meta(description="The rules that are off in files, by patterns as in a `.gitignore`.")
        ]
        | UnsetType
    ) = UNSET
    severity: Annotated[dict[str, Level], Meta(description="Other severities for rules, by selector.")] | UnsetType = (
        UNSET
    )
    exclude: (
        Annotated[PatternList, Meta(description="Files and folders to leave out, instead of the usual ones.")]
        | UnsetType
    ) = UNSET
    extend_exclude: Annotated[PatternList, Meta(description="Files and folders to leave out, too.")] | UnsetType = UNSET
    target_keras: (
        Annotated[Literal[2, 3] | Version, Meta(description="The Keras that the code is for: 2, 3, or one like `3.4`.")]
        | UnsetType
    ) = UNSET
    root: (
        Annotated[str, Meta(description="The folder in which imports of the project's own modules are looked for.")]
        | UnsetType
    ) = UNSET
    fail_on: (
        Annotated[Level, Meta(description="The least severe finding for which the exit status is 1.")] | UnsetType
    ) = UNSET
    pedantic: Annotated[bool, Meta(description="Whether to show advice, too.")] | UnsetType = UNSET
    rules: (
        Annotated[dict[str, dict[str, Any]], Meta(description="Options of rules, by the name of the rule.")] | UnsetType
    ) = UNSET


def read_file_text(data: bytes, configuration: Configuration, within: str) -> Configuration | None:
    """What a file says, applied to a configuration that holds its name and its folder.

    Args:
        within: the table that is meant, `tool.kerlint`; empty for the whole file.

    Returns:
        None if there is no such table.

    Raises:
        ConfigurationError: if it cannot be used.
    """
    assert configuration.source is not None
    try:
        table: object = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(configuration.source, "", f"{_NOT_TOML}: {error}") from error
    for key in filter(None, within.split(".")):
        table = table.get(key) if isinstance(table, dict) else None
    if table is None:
        return None
    folder = os.path.dirname(os.path.abspath(configuration.source))
    return _apply(_decode(table, configuration.source, within), configuration, configuration.source, within, folder)


def read_setting(setting: str, configuration: Configuration) -> Configuration:
    """What `--config KEY=VALUE` says, applied to a configuration. Its paths are relative to the current directory.

    Raises:
        ConfigurationError: if it cannot be used.
    """
    source = f"--config {setting}"
    try:
        tables = _read_setting(setting, source)
    except ConfigurationError as error:
        key, _, value = setting.partition("=")
        try:
            # A word needs no quotes.
            tables = _read_setting(f'{key}="{value.strip()}"', source)
        except ConfigurationError as second:
            # What is no TOML may still be a word under a wrong key.
            raise (second if _NOT_TOML in str(error) else error) from None
    here = replace(configuration, folder=os.getcwd())
    return replace(_apply(tables, here, source, "", None), folder=configuration.folder)


def _read_setting(setting: str, source: str) -> Tables:
    try:
        table = tomllib.loads(setting)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(source, "", f"{_NOT_TOML}: {error}") from error
    return _decode(table, source, "")


def _apply(
    tables: Tables, configuration: Configuration, source: str, within: str, root_limit: str | None
) -> Configuration:
    """A configuration with what is said in its place."""
    check_selectors(_selectors(tables, within), source)
    base = configuration.folder
    found = configuration
    check_patterns(_patterns(tables, within), base, source)
    if tables.select is not UNSET:
        found = replace(found, select=tables.select)
    if tables.ignore is not UNSET:
        found = replace(found, ignore=tables.ignore)
    if tables.extend_select is not UNSET:
        found = replace(found, extend_select=tables.extend_select)
    if tables.per_file_ignores is not UNSET:
        pairs = tuple((Patterns(base, (pattern,)), rules) for pattern, rules in tables.per_file_ignores.items())
        found = replace(found, per_file_ignores=pairs)
    if tables.severity is not UNSET:
        levels = {selector: Severity(level) for selector, level in tables.severity.items()}
        found = replace(found, severity={**found.severity, **levels})
    if tables.exclude is not UNSET:
        found = replace(found, exclude=Patterns(base, tables.exclude))
    if tables.extend_exclude is not UNSET:
        found = replace(found, extend_exclude=(Patterns(base, tables.extend_exclude),))
    if tables.target_keras is not UNSET:
        found = replace(found, target_keras=str(tables.target_keras))
    if tables.root is not UNSET:
        found = replace(found, root=_root(tables.root, base, source, _key(within, "root"), root_limit))
    if tables.fail_on is not UNSET:
        found = replace(found, fail_on=Severity(tables.fail_on))
    if tables.pedantic is not UNSET:
        found = replace(found, pedantic=tables.pedantic)
    if tables.rules is not UNSET:
        options = read_options(tables.rules, source, _key(within, "rules"))
        known = {name: {**found.options.get(name, {}), **values} for name, values in options.items()}
        found = replace(found, options={**found.options, **known})
    return found


def _selectors(tables: Tables, within: str) -> list[tuple[str, str]]:
    lists = {"select": tables.select, "ignore": tables.ignore, "extend-select": tables.extend_select}
    found = [(_key(within, key), one) for key, values in lists.items() if values is not UNSET for one in values]
    if tables.per_file_ignores is not UNSET:
        key = _key(within, "per-file-ignores")
        found += [(f'{key}."{pattern}"', one) for pattern, rules in tables.per_file_ignores.items() for one in rules]
    if tables.severity is not UNSET:
        found += [(_key(within, "severity"), one) for one in tables.severity]
    return found


def _patterns(tables: Tables, within: str) -> list[tuple[str, tuple[str, ...]]]:
    lists = {"exclude": tables.exclude, "extend-exclude": tables.extend_exclude}
    found = [(_key(within, key), values) for key, values in lists.items() if values is not UNSET]
    if tables.per_file_ignores is not UNSET:
        found += [(_key(within, "per-file-ignores"), (pattern,)) for pattern in tables.per_file_ignores]
    return found


def _root(value: str, base: str, source: str, key: str, limit: str | None) -> str:
    """The root as an absolute path.

    A file of an untrusted repository cannot send kerlint to read elsewhere; the command line can.

    Args:
        limit: the folder of the file; the root lies in its repository.
    """
    root = os.path.abspath(os.path.join(base, value))
    if not os.path.isdir(root):
        raise ConfigurationError(source, key, f"there is no folder {value!r}")
    if limit is not None:
        repository = os.path.realpath(files.repository(limit) or limit)
        if not os.path.join(os.path.realpath(root), "").startswith(os.path.join(repository, "")):
            raise ConfigurationError(source, key, f"{value!r} is outside of the repository, {repository}")
    return root


_PLACE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_UNKNOWN_KEY = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`")
_BAD_VALUE = re.compile(r"Invalid enum value '?(?P<value>[^']*)'?$")
_WORDS = {"array": "a list", "object": "a table", "str": "a string", "int": "a whole number", "bool": "true or false"}
_LEVELS = ("error", "warning", "advice")


def _decode(table: object, source: str, within: str) -> Tables:
    try:
        return msgspec.convert(table, Tables)
    except msgspec.ValidationError as error:
        text = str(error)
        place = _PLACE.search(text)
        path = place["path"] if place else ""
        text = _PLACE.sub("", text)
        if "[...]" in path and isinstance(table, dict):
            # A key of a table: msgspec does not say which.
            path = _faulty_key(table, path.partition("[...]")[0])
        if unknown := _UNKNOWN_KEY.search(text):
            path, text = _key(path, unknown["key"]), f"unknown key{_hint(unknown['key'], _keys())}"
            if path == "tool":
                # The habit of pyproject.toml.
                text = "unknown key; in this file the keys stand at the top, without [tool.kerlint]"
        raise ConfigurationError(source, _key(within, path), f"{_readable(text, path)}; see {DOCUMENTATION}") from error


def _faulty_key(table: dict[str, object], key: str) -> str:
    inside = table.get(key)
    names = inside if isinstance(inside, dict) else {}
    name = next((name for name, value in names.items() if not _is_good({key: {name: value}})), None)
    if name is None:
        return key
    return f"{key}.{name}" if re.fullmatch(r"[\w-]+", name) else f'{key}."{name}"'


def _is_good(table: dict[str, object]) -> bool:
    try:
        msgspec.convert(table, Tables)
    except msgspec.ValidationError:
        return False
    return True


def _readable(text: str, path: str) -> str:
    """The library's message in the words of TOML."""
    if match := _BAD_VALUE.search(text):
        if path == "target-keras":
            return 'must be a version of Keras: 2, 3, or one like "3.4"'
        return f"there is no {match['value']!r}{_hint(match['value'], _LEVELS)}"
    if path == "target-keras":
        return 'must be a version of Keras: 2, 3, or one like "3.4"'
    if match := re.fullmatch(r"Expected `(?P<wanted>[^`]+)`, got `(?P<given>\w+)`", text):
        wanted = " or ".join(_WORDS.get(word.strip(), word) for word in match["wanted"].split("|"))
        return f"must be {wanted}, not {_WORDS.get(match['given'], match['given'])}"
    return text[:1].lower() + text[1:]


def _keys() -> tuple[str, ...]:
    return Tables.__struct_encode_fields__


def _hint(word: str, known: tuple[str, ...]) -> str:
    import difflib

    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"


def _key(*parts: str) -> str:
    return ".".join(filter(None, parts))
