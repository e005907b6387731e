"""Kerlint as a library: `kerlint.lint` and `kerlint.summary`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kerlint import files
from kerlint.records import replace
from kerlint.selection import Settings, check_version, validate
from kerlint.source import Source, mentions_keras, read_source

if TYPE_CHECKING:
    from kerlint.report import FileReport
    from kerlint.summaries.facts import ModelSummary

#: The name of what has none.
NAMELESS = "<string>"


def lint(
    source: str | bytes | os.PathLike[str],
    *,
    filename: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    pedantic: bool = False,
    target_keras: str | None = None,
    isolated: bool = False,
) -> FileReport:
    """Lints one program without running it.

    What goes wrong with the program, a syntax error for one, is a finding.

    Args:
        source: a `str` is the text itself, `bytes` are the content of a file, and a `Path` is a file to read.
        filename: where the program is, or would be. Its configuration applies, modules of its project are followed,
            and a name that ends in `.ipynb` makes it a notebook. Left out for a path.
        select: the rules to apply, as codes, prefixes of codes, names or `ALL`, in the place of what the
            configuration selects.
        ignore: the rules to leave out, too.
        pedantic: whether to report advice, too.
        target_keras: the Keras that the code is for: `2`, `3` or one like `3.4`.
        isolated: whether configuration files are left alone.

    Returns:
        The report. `report.findings` holds the findings in the order of the program, `report.place(finding.span)` the
        cell of a notebook that a finding is in.

    Raises:
        OSError: the file cannot be read.
        SelectionError: there is no such rule. It is a ValueError.
        ValueError: `target_keras` is no version of Keras.
        ConfigurationError: a configuration file cannot be used.
    """
    from kerlint import engine

    select, ignore = _words(select), _words(ignore)
    validate((*select, *ignore))
    if target_keras is not None:
        check_version(target_keras)
    data, name, path = _opened(source, filename)
    settings = _settings(path, isolated)
    left = tuple(one for one in settings.ignore if one not in select)
    settings = replace(
        settings,
        select=select or settings.select,
        ignore=(*left, *ignore),
        pedantic=pedantic or settings.pedantic,
        target_keras=target_keras or settings.target_keras,
    )
    is_test = path is not None and files.is_test_file(path)
    if isinstance(data, Source):
        return engine.check_read(data, settings, is_test=is_test, path=path)
    return engine.check_bytes(data, name, settings, is_test=is_test, path=path)


def summary(source: str | bytes | os.PathLike[str], *, filename: str | None = None) -> tuple[ModelSummary, ...]:
    """The models that a program builds, as `model.summary()` would show them, without running it.

    Args:
        source, filename: as in `lint`.

    Returns:
        The models in the order in which they are made; none for a program without Keras.

    Raises:
        OSError: the file cannot be read.
        SourceError: the program is no Python, or no text.
        ConfigurationError: a configuration file cannot be used.
    """
    from kerlint import engine

    data, name, path = _opened(source, filename)
    root = _settings(path, isolated=False).root
    if isinstance(data, bytes):
        if not mentions_keras(data):
            return ()
        data = read_source(data, name)
    return tuple(engine.summarize_read(data, path, root))


def _words(given: Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _opened(source: str | bytes | os.PathLike[str], filename: str | None) -> tuple[Source | bytes, str, str | None]:
    """The program, decoded or not, its name, and where it is, if it is anywhere."""
    if isinstance(source, os.PathLike):
        path = os.fspath(source)
        return files.read_file(path), filename or path, filename or path
    name = filename or NAMELESS
    if isinstance(source, str):
        if name.endswith(".ipynb"):
            source = source.encode("utf-8", "replace")
        else:
            return Source(source, name), name, filename
    return source, name, filename


def _settings(path: str | None, isolated: bool) -> Settings:
    if path is None or isolated:
        return Settings()
    from kerlint.configuration.lookup import Lookup
    from kerlint.configuration.model import CommandLine

    return Lookup(CommandLine()).of_file(path).settings(path)
