"""`kerlint server`, as an editor sees it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from lsprotocol import types

from tests.editor import Editor, applied, edits_of, run

SOFTMAX = """\
import keras
from keras import layers

model = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.Dense(1, activation="softmax")])
model.compile("adam", "binary_crossentropy")
"""
GOOD = SOFTMAX.replace("softmax", "sigmoid").replace("Dense(8)", 'Dense(8, activation="relu")')


def codes(found: list[types.Diagnostic]) -> list[object]:
    return [one.code for one in found]


def cursor(text: str, part: str) -> types.Range:
    """Where a part of a text starts."""
    before = text[: text.index(part)]
    position = types.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
    return types.Range(position, position)


def test_diagnostics(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            found = await editor.open(uri, SOFTMAX)
            (one,) = [diagnostic for diagnostic in found if diagnostic.code == "KL001"]
            assert one.severity is types.DiagnosticSeverity.Error
            assert one.source == "kerlint"
            assert one.message.startswith("a softmax over one unit always outputs 1.0\nhelp: use activation=")
            assert one.code_description is not None
            assert one.code_description.href.endswith("/docs/rules/single-unit-multiclass-head.md")
            start, end = one.range.start, one.range.end
            assert SOFTMAX.split("\n")[start.line][start.character : end.character] == '"softmax"'
            related = {info.message: info.location for info in one.related_information or ()}
            place = related["this loss expects one sigmoid unit"]
            assert (place.uri, place.range.start.line) == (uri, 4)
            assert await editor.replace(uri, GOOD) == []

    run(scenario)


def test_what_was_not_read_is_logged(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()
    calls = "".join(f"def f{one + 1}(x):\n    return f{one}(f{one}(x))\n" for one in range(30))
    text = f"import keras\ndef f0(x):\n    return x\n{calls}f30(1)\n"

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            assert await editor.open(uri, text) == []
            (told,) = editor.logged
            assert "too large to follow to its end (60000 steps); there may be more to find" in told
            await editor.replace(uri, f"{text}\n")
            # Not with every letter that is typed.
            assert editor.logged == [told]

    run(scenario)


def test_typing(tmp_path: Path) -> None:
    """Many changes at once: what is published last is about the last text, and stale texts are not published."""
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, GOOD)
            at = cursor(GOOD, "sigmoid")
            start, line = at.start.character, at.start.line
            for index in range(7):
                place = types.Range(types.Position(line, start), types.Position(line, start + 1))
                editor.type(uri, types.TextDocumentContentChangePartial(range=place, text=""))
                assert index < 7
            for index, letter in enumerate("softmax"):
                place = types.Range(types.Position(line, start + index), types.Position(line, start + index))
                editor.type(uri, types.TextDocumentContentChangePartial(range=place, text=letter))
            assert "KL001" in codes(await editor.found(uri))
            await asyncio.sleep(0.2)
            versions = [one.version for one in editor.published[uri]]
            assert versions == sorted(versions, key=lambda version: version or 0)
            assert versions[-1] == 15
            assert len(versions) < 15

    run(scenario)


def test_quick_fix(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, SOFTMAX)
            here = await editor.actions(uri, cursor(SOFTMAX, '"softmax"'))
            titles = [one.title for one in here]
            assert titles == [
                'kerlint: use activation="sigmoid"',
                "kerlint: ignore KL001 (single-unit-multiclass-head) here",
                "kerlint: apply all safe fixes",
            ]
            fix, ignore, every = here
            assert fix.is_preferred
            assert fix.kind == types.CodeActionKind.QuickFix
            assert [one.code for one in fix.diagnostics or ()] == ["KL001"]
            expected = SOFTMAX.replace("softmax", "sigmoid")
            change = await editor.resolve(fix)
            assert change.document_changes is not None
            assert change.document_changes[0].text_document.version == 1  # type: ignore[union-attr]
            assert applied(SOFTMAX, edits_of(change)[uri]) == expected
            assert applied(SOFTMAX, edits_of(await editor.resolve(every))[uri]) == expected
            ignored = applied(SOFTMAX, edits_of(await editor.resolve(ignore))[uri])
            assert ignored.split("\n")[3].endswith("])  # kerlint: ignore[KL001]")
            assert "KL001" not in codes(await editor.replace(uri, ignored))

    run(scenario)


def test_unsafe_fixes_say_so(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()
    text = GOOD.replace('"adam"', "keras.optimizers.Adam(0.0)")

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            found = await editor.open(uri, text)
            assert "KO001" in codes(found)
            (fix,) = [one for one in await editor.actions(uri) if "ignore" not in one.title]
            assert fix.title.endswith("(unsafe: changes what the program does)")
            assert not fix.is_preferred
            new = applied(text, edits_of(await editor.resolve(fix))[uri])
            assert "Adam(0.0)" not in new
            assert "KO001" not in codes(await editor.replace(uri, new))

    run(scenario)


def test_fix_all(tmp_path: Path) -> None:
    """Only safe fixes, for the kinds that contain them; the rest of the text stays as it is."""
    uri = (tmp_path / "train.py").as_uri()
    text = SOFTMAX.replace("\n", "\r\n").replace('"adam"', "keras.optimizers.Adam(0.0)")

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, text)
            for kind in ("source.fixAll.kerlint", "source.fixAll", "source"):
                (every,) = await editor.actions(uri, only=[kind])
                assert every.kind == "source.fixAll.kerlint"
                assert applied(text, edits_of(await editor.resolve(every))[uri]) == text.replace("softmax", "sigmoid")
            assert await editor.actions(uri, only=["source.fixAllOther"]) == []
            assert await editor.actions(uri, only=["source.organizeImports"]) == []
            assert {one.kind for one in await editor.actions(uri, only=["quickfix"])} == {"quickfix"}
            await editor.replace(uri, GOOD)
            assert await editor.actions(uri, only=["source.fixAll"]) == []

    run(scenario)


def test_actions_of_an_old_text_are_refused(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, SOFTMAX)
            action, *_ = await editor.actions(uri, cursor(SOFTMAX, '"softmax"'))
            # Saving changes nothing.
            saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
            await editor.found_anew(uri, lambda: editor.client.text_document_did_save(saved))
            assert edits_of(await editor.resolve(action))[uri]
            await editor.replace(uri, "# one more line\n" + SOFTMAX)
            with pytest.raises(Exception, match="the text has changed"):
                await editor.resolve(action)

    run(scenario)


def test_clients_that_do_not_resolve(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path, resolves=False, versions=False) as editor:
            await editor.open(uri, SOFTMAX)
            for action in await editor.actions(uri):
                assert action.edit is not None
                assert action.edit.document_changes is None
                assert edits_of(action.edit)[uri]

    run(scenario)


def test_unused_comment(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()
    text = GOOD.replace('entropy")', 'entropy")  # kerlint: ignore[KL001]')

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            (one,) = await editor.open(uri, text)
            assert one.code == "KX003"
            assert one.severity is types.DiagnosticSeverity.Warning
            assert list(one.tags or ()) == [types.DiagnosticTag.Unnecessary]
            fix, *rest = await editor.actions(uri, one.range)
            assert [action.title for action in rest] == ["kerlint: apply all safe fixes"]
            assert applied(text, edits_of(await editor.resolve(fix))[uri]) == GOOD

    run(scenario)


def test_hover(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()
    text = SOFTMAX + "model.summary()  # kerlint: ignore[zero-learning-rate]\n"

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, text)
            line = text.split("\n")[3]
            finding = await editor.hover(uri, 3, line.index('"softmax"') + 2)
            assert "**error: a softmax over one unit always outputs 1.0**" in finding
            assert "# single-unit-multiclass-head (KL001)" in finding
            assert "Why is this bad?" in finding
            layer = await editor.hover(uri, 3, line.index("layers.Dense(8") + 8)
            assert layer.endswith("\n\n---\n\n**Dense dense**: `(None, 8)`, 40 params")
            for row in (3, 4):
                model = await editor.hover(uri, row, 2)
                assert "Sequential sequential = model" in model
                assert "dense_1 (Dense)" in model
                assert "Total params: 49" in model
            comment = await editor.hover(uri, 5, text.split("\n")[5].index("zero-learning-rate") + 3)
            assert comment.startswith(("# zero-learning-rate", "**warning: unused comment"))
            assert "# zero-learning-rate (KO" in comment
            assert await editor.hover(uri, 0, 2) == ""
            assert await editor.hover(uri, 999, 2) == ""

    run(scenario)


def test_hover_functional(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()
    text = """\
import keras
from keras import layers

def block(x, size):
    return layers.Dense(size)(x)

inputs = keras.Input((4,))
x = block(block(inputs, 8), 2)
"""

    async def scenario() -> None:
        async with Editor(tmp_path, hover=[types.MarkupKind.PlainText]) as editor:
            await editor.open(uri, text)
            assert await editor.hover(uri, 6, 1) == "**InputLayer input_layer**: `(None, 4)`"
            assert await editor.hover(uri, 7, 0) == "**Dense dense_1**: `(None, 2)`, 18 params"
            both = await editor.hover(uri, 4, 20)
            assert "`(None, 8)`" in both
            assert "`(None, 2)`" in both

    run(scenario)


def test_inlay_hints(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, GOOD)
            assert await editor.hints(uri) == []
            editor.settings = {"inlayHints": True}
            editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
            await editor.until(lambda: editor.refreshed)
            line = GOOD.split("\n")[3]
            first, second = line.index(", layers.Dense(1"), line.index("])")
            assert await editor.hints(uri) == [(3, first, "(None, 8)"), (3, second, "(None, 1)")]

    run(scenario)


def test_settings(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()
    text = GOOD + "model.fit([], [], epochs=10_000)\n"
    (tmp_path / "other.toml").write_text('ignore = ["KL"]\n')

    async def scenario() -> None:
        async with Editor(tmp_path, options={"inlayHints": True, "unknown": 1}, configuration=False) as editor:
            before = await editor.open(uri, SOFTMAX)
            assert "KL001" in codes(before)
            assert await editor.hints(uri)

            def change(settings: object) -> None:
                params = types.DidChangeConfigurationParams(settings)  # type: ignore[arg-type]
                editor.client.workspace_did_change_configuration(params)

            other = {"kerlint": {"configuration": "other.toml"}}
            assert "KL001" not in codes(await editor.found_anew(uri, lambda: change(other)))
            assert codes(await editor.found_anew(uri, lambda: change({"configuration": None}))) == codes(before)
            change({"kerlint": {"inlayHints": 3}})
            await editor.until(lambda: editor.messages)
            assert "kerlint.inlayHints" in editor.messages[0]
            plain = await editor.replace(uri, text)
            await asyncio.sleep(0)
            assert types.DiagnosticSeverity.Information not in [one.severity for one in plain]

    run(scenario)


def test_on_save_only(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path, settings={"run": "onSave"}) as editor:
            await editor.until(lambda: editor.registered)
            assert await editor.open(uri, GOOD) == []
            editor.type(uri, types.TextDocumentContentChangeWholeDocument(SOFTMAX))
            await asyncio.sleep(0.5)
            assert editor.published[uri][-1].version == 1
            saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
            assert "KL001" in codes(await editor.found_anew(uri, lambda: editor.client.text_document_did_save(saved)))

    run(scenario)


def test_configuration_files(tmp_path: Path) -> None:
    """The nearest one counts, and it is read again when it changes; one that is broken is told about."""
    folder = tmp_path / "lenient"
    folder.mkdir()
    (folder / "kerlint.toml").write_text('ignore = ["KL001"]\nextend-exclude = ["generated"]\n')
    strict, lenient = (tmp_path / "train.py").as_uri(), (folder / "train.py").as_uri()
    generated = (folder / "generated" / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            assert "KL001" in codes(await editor.open(strict, SOFTMAX))
            assert "KL001" not in codes(await editor.open(lenient, SOFTMAX))
            assert await editor.open(generated, SOFTMAX) == []
            await editor.until(lambda: editor.registered)
            patterns = [
                watcher["globPattern"] if isinstance(watcher, dict) else watcher.glob_pattern
                for one in editor.registered
                if one.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
                for watcher in (
                    one.register_options["watchers"]
                    if isinstance(one.register_options, dict)
                    else one.register_options.watchers  # type: ignore[union-attr]
                )
            ]
            assert any("pyproject.toml" in str(pattern) for pattern in patterns)

            def write(text: str) -> None:
                (folder / "kerlint.toml").write_text(text)
                change = types.FileEvent((folder / "kerlint.toml").as_uri(), types.FileChangeType.Changed)
                editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))

            assert "KL001" in codes(await editor.found_anew(lenient, lambda: write("")))
            again = await editor.found_anew(lenient, lambda: write('ignore = ["KL001"]\n'))
            assert "KL001" not in codes(again)
            write('ignore = ["nonsense"]\n')
            await editor.until(lambda: editor.messages)
            assert "nonsense" in editor.messages[0]
            # Until it is mended, what it said before counts.
            assert codes(await editor.replace(lenient, SOFTMAX + "\n")) == codes(again)
            assert len(editor.messages) == 1
            (folder / "kerlint.toml").write_text("pedantic = false\n")
            saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier((folder / "kerlint.toml").as_uri()))
            mended = await editor.found_anew(lenient, lambda: editor.client.text_document_did_save(saved))
            assert "KL001" in codes(mended)

    run(scenario)


def test_several_roots(tmp_path: Path) -> None:
    """Test folders and excluded folders count from the folder that is open, and each has its own configuration."""
    first, second = tmp_path / "tests" / "first", tmp_path / "build" / "second"
    for root in (first, second):
        (root / "build").mkdir(parents=True)
    (second / "kerlint.toml").write_text('ignore = ["KL001"]\n')

    async def scenario() -> None:
        async with Editor(first, second) as editor:
            assert "KL001" in codes(await editor.open((first / "train.py").as_uri(), SOFTMAX))
            other = (second / "train.py").as_uri()
            assert "KL001" not in codes(await editor.open(other, SOFTMAX))
            assert await editor.open((first / "build" / "train.py").as_uri(), SOFTMAX) == []
            third = tmp_path / "third"
            (third / "venv").mkdir(parents=True)
            inside = (third / "venv" / "train.py").as_uri()
            assert "KL001" in codes(await editor.open((third / "train.py").as_uri(), SOFTMAX))
            added = types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder(third.as_uri(), "third")], [])
            editor.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(added))
            assert await editor.open(inside, SOFTMAX) == []

    run(scenario)


def test_modules_of_the_project(tmp_path: Path) -> None:
    """A saved module is read again by what imports it."""
    net = tmp_path / "net.py"
    net.write_text(GOOD.rpartition("model.compile")[0])
    (tmp_path / "pyproject.toml").touch()
    uri = (tmp_path / "train.py").as_uri()
    text = 'import keras\nfrom net import model\nmodel.compile("adam", "binary_crossentropy")\n'

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            await editor.open(uri, text)
            assert "Total params: 49" in await editor.hover(uri, 2, 1)
            net.write_text(net.read_text().replace("Dense(8", "Dense(16"))
            change = types.FileEvent(net.as_uri(), types.FileChangeType.Changed)
            editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
            assert "Total params: 97" in await editor.hover(uri, 2, 1)

    run(scenario)


def test_close_and_rename(tmp_path: Path) -> None:
    old, new = (tmp_path / "train.py").as_uri(), (tmp_path / "tests" / "test_train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            assert await editor.open(old, SOFTMAX)
            closed = types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(old))
            assert await editor.found_anew(old, lambda: editor.client.text_document_did_close(closed)) == []
            editor.client.workspace_did_rename_files(types.RenameFilesParams([types.FileRename(old, new)]))
            assert "KL001" in codes(await editor.open(new, SOFTMAX))
            assert not editor.published[old][-1].diagnostics
            assert await editor.hover(old, 3, 2) == ""
            assert await editor.actions(old) == []
            before = len(editor.published[old])
            # What is still said about a closed document is no reason to fail.
            editor.client.text_document_did_close(closed)
            await editor.replace(new, GOOD)
            assert len(editor.published[old]) == before
            assert editor.messages == []

    run(scenario)


def test_new_and_foreign_documents(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            assert "KL001" in codes(await editor.open("untitled:Untitled-1", SOFTMAX))
            other = types.TextDocumentItem("git:/train.py", "python", 1, SOFTMAX)
            editor.client.text_document_did_open(types.DidOpenTextDocumentParams(other))
            # The JSON of a notebook is not what its cells are.
            raw = (tmp_path / "train.ipynb").as_uri()
            from tests.notebook import notebook

            assert await editor.open(raw, notebook(SOFTMAX).decode(), "json") == []
            # Jupyter shows all cells as one program in the notebook's name.
            shown = (tmp_path / "shown.ipynb").as_uri()
            assert "KL001" in codes(await editor.open(shown, "%load_ext autoreload\n" + SOFTMAX))
            assert "git:/train.py" not in editor.published

    run(scenario)


def test_broken_text(tmp_path: Path) -> None:
    uri = (tmp_path / "train.py").as_uri()

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            (one,) = await editor.open(uri, SOFTMAX + "model.fit(")
            assert one.code == "KX001"
            assert await editor.hover(uri, 4, 2) == ""
            assert await editor.actions(uri) == []
            assert await editor.replace(uri, "") == []
            assert await editor.replace(uri, "print('no Keras')\n") == []
            assert "KL001" in codes(await editor.replace(uri, "# coding: latin-1\n" + SOFTMAX))

    run(scenario)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", None])
def test_encodings(tmp_path: Path, encoding: str | None) -> None:
    """Positions before and behind characters of all lengths."""
    uri = (tmp_path / "train.py").as_uri()
    units = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding or "utf-16"]
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding or "utf-16"]
    text = SOFTMAX.replace("layers.Dense(8)", 'layers.Dense(8, name="aé中😀")')

    def length(part: str) -> int:
        return len(part.encode(codec)) // units

    async def scenario() -> None:
        async with Editor(tmp_path, encodings=[encoding] if encoding else None) as editor:
            assert editor.answer.capabilities.position_encoding == (encoding or "utf-16")
            await editor.open(uri, text)
            line = text.split("\n")[3]
            (one,) = [one for one in await editor.found(uri) if one.code == "KL001"]
            start, end = line.index('"softmax"'), line.index('"softmax"') + len('"softmax"')
            assert (one.range.start.character, one.range.end.character) == (length(line[:start]), length(line[:end]))
            assert "KL001" in await editor.hover(uri, 3, length(line[: start + 4]))
            # A change behind all of them.
            place = types.Range(
                types.Position(3, length(line[: start + 1])), types.Position(3, length(line[: end - 1]))
            )
            editor.type(uri, types.TextDocumentContentChangePartial(range=place, text="sigmoid"))
            assert "KL001" not in codes(await editor.found(uri))

    run(scenario)


def test_a_huge_file(tmp_path: Path) -> None:
    """It is analysed when it is opened and saved, and does not hold up the others."""
    huge, small = (tmp_path / "huge.py").as_uri(), (tmp_path / "small.py").as_uri()
    text = SOFTMAX + "# " + "x" * 1_000_000 + "\n"

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            assert "KL001" in codes(await editor.open(huge, text))
            for _ in range(20):
                place = types.Range(types.Position(0, 0), types.Position(0, 0))
                editor.type(huge, types.TextDocumentContentChangePartial(range=place, text="\n"))
            assert "KL001" in codes(await editor.open(small, SOFTMAX))
            saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(huge))
            found = await editor.found_anew(huge, lambda: editor.client.text_document_did_save(saved))
            assert [one.range.start.line for one in found if one.code == "KL001"] == [23]

    run(scenario)
