"""What the editor's user can set. Everything else is in the configuration files, which the command line reads, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

#: Under this name editors keep the settings.
SECTION = "kerlint"


_MAY_BE_UNSET = frozenset({"configuration", "probePython"})


class Options(msgspec.Struct, rename="camel", frozen=True):
    """The settings.

    Args:
        run: `onType`, or `onSave` for findings only when a file is opened or saved.
        inlay_hints: whether output shapes are shown behind layers.
        pedantic: whether advice is shown, too.
        code_lens: whether findings that can be tried out have a lens that does so.
        probe_python: the interpreter that has TensorFlow, if the one that runs kerlint has none.
        configuration: a configuration file for all files, in the place of the nearest one.
    """

    run: Literal["onType", "onSave"] = "onType"
    inlay_hints: bool = False
    pedantic: bool = False
    code_lens: bool = True
    probe_python: str | None = None
    configuration: str | None = None


def read(settings: object, before: Options) -> tuple[Options, str]:
    """The settings that an editor has sent, and what is wrong with them, in words; then they are as before.

    What is not said stays as it was. Names that are not known belong to the editor.

    Args:
        settings: those of kerlint, or all of the editor's with kerlint's among them.
    """
    if isinstance(settings, Mapping) and isinstance(settings.get(SECTION), Mapping):
        settings = settings[SECTION]
    if not isinstance(settings, Mapping):
        return before, ""
    # Editors send null for what is not set.
    said = {name: value for name, value in settings.items() if value is not None or name in _MAY_BE_UNSET}
    try:
        found = msgspec.convert({**msgspec.to_builtins(before), **said}, Options)
    except msgspec.ValidationError as error:
        return before, f"the settings cannot be used: {str(error).replace('$', SECTION)}"
    return msgspec.structs.replace(
        found, configuration=found.configuration or None, probe_python=found.probe_python or None
    ), ""
