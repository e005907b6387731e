"""Notebooks in the editor: cells come and go, and findings and fixes belong to cells."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pygls")

from lsprotocol import types

from tests.editor import Editor, applied, edits_of, run

CELLS = [
    "import keras\nfrom keras import layers",
    "# Prose",
    "%matplotlib inline\nmodel = keras.Sequential([keras.Input((4,)), layers.Dense(1, activation='softmax')])",
    "model.compile('adam', 'binary_crossentropy')",
]


class Notebook:
    """A notebook that is open in an editor; the second cell is prose."""

    def __init__(self, editor: Editor, path: Path, cells: list[str], languages: dict[int, str] | None = None) -> None:
        self.editor = editor
        self.uri = path.as_uri()
        self.version = 1
        self.cells = [f"vscode-notebook-cell:{path}#{index}" for index in range(len(cells))]
        kinds = [types.NotebookCellKind.Markup if index == 1 else types.NotebookCellKind.Code for index in range(9)]
        items = [
            types.TextDocumentItem(uri, (languages or {}).get(index, "markdown" if index == 1 else "python"), 1, text)
            for index, (uri, text) in enumerate(zip(self.cells, cells))
        ]
        document = types.NotebookDocument(
            self.uri,
            "jupyter-notebook",
            1,
            [types.NotebookCell(kind, uri) for kind, uri in zip(kinds, self.cells)],
        )
        for uri in self.cells:
            editor.versions[uri] = 1
        # Editors that follow the selector send the cells of the language only.
        params = types.DidOpenNotebookDocumentParams(
            document, [item for item in items if item.language_id != "markdown"]
        )
        editor.client.notebook_document_did_open(params)

    def change(self, change: types.NotebookDocumentCellChanges) -> None:
        self.version += 1
        self.editor.client.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(
                types.VersionedNotebookDocumentIdentifier(self.version, self.uri),
                types.NotebookDocumentChangeEvent(cells=change),
            )
        )

    def type(self, index: int, change: types.TextDocumentContentChangeEvent) -> None:
        uri = self.cells[index]
        self.editor.versions[uri] += 1
        identifier = types.VersionedTextDocumentIdentifier(self.editor.versions[uri], uri)
        content = types.NotebookDocumentCellContentChanges(identifier, [change])
        self.change(types.NotebookDocumentCellChanges(text_content=[content]))


def test_a_notebook(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            notebook = Notebook(editor, tmp_path / "train.ipynb", CELLS)
            made, compiled = notebook.cells[2], notebook.cells[3]
            (one,) = await editor.found(made)
            assert one.code == "KL001"
            start, end = one.range.start, one.range.end
            assert start.line == 1
            assert CELLS[2].split("\n")[1][start.character : end.character] == "'softmax'"
            places = {info.message: info.location for info in one.related_information or ()}
            assert places["this loss expects one sigmoid unit"].uri == compiled
            assert await editor.found(compiled) == []

            # What can be done about it, in the cell that it is in.
            fix, ignore, every = await editor.actions(made)
            fixed = CELLS[2].replace("'softmax'", '"sigmoid"')
            for action in (fix, every):
                changes = edits_of(await editor.resolve(action))
                assert list(changes) == [made]
                assert applied(CELLS[2], changes[made]).replace('"', "'") == fixed.replace('"', "'")
            ignored = edits_of(await editor.resolve(ignore))
            assert applied(CELLS[2], ignored[made]) == CELLS[2] + "  # kerlint: ignore[KL001]"
            (saving,) = await editor.actions(compiled, only=["notebook.source.fixAll"])
            assert list(edits_of(await editor.resolve(saving))) == [made]
            assert await editor.actions(compiled, only=["quickfix"]) == []

            # Hovering.
            assert "Total params: 5" in await editor.hover(compiled, 0, 1)
            assert "single-unit-multiclass-head" in await editor.hover(made, 1, start.character + 2)
            assert await editor.hover(notebook.cells[1], 0, 0) == ""

            # Typing, with a change in part of a cell.
            place = types.Range(types.Position(1, start.character + 1), types.Position(1, end.character - 1))
            notebook.type(2, types.TextDocumentContentChangePartial(range=place, text="sigmoid"))
            assert await editor.found(made) == []
            notebook.type(2, types.TextDocumentContentChangePartial(range=place, text="softmax"))
            assert len(await editor.found(made)) == 1

    run(scenario)


def test_cells_come_and_go(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            notebook = Notebook(editor, tmp_path / "train.ipynb", CELLS)
            made = notebook.cells[2]
            assert len(await editor.found(made)) == 1
            # Without the cell that compiles, nothing is wrong.
            gone = types.NotebookDocumentCellChangeStructure(
                types.NotebookCellArrayChange(3, 1), did_close=[types.TextDocumentIdentifier(notebook.cells[3])]
            )
            change = types.NotebookDocumentCellChanges(structure=gone)
            assert await editor.found_anew(made, lambda: notebook.change(change)) == []
            # It comes back in front, where the model is not known yet, under a new name, and then at the end.
            new = f"{notebook.cells[3]}-new"
            cell = types.NotebookCell(types.NotebookCellKind.Code, new)
            back = types.NotebookDocumentCellChangeStructure(
                types.NotebookCellArrayChange(3, 0, [cell]),
                did_open=[types.TextDocumentItem(new, "python", 1, CELLS[3])],
            )
            again = types.NotebookDocumentCellChanges(structure=back)
            assert len(await editor.found_anew(made, lambda: notebook.change(again))) == 1
            # A cell with a finding that is taken away takes its finding with it.
            away = types.NotebookDocumentCellChangeStructure(
                types.NotebookCellArrayChange(2, 1), did_close=[types.TextDocumentIdentifier(made)]
            )
            last = types.NotebookDocumentCellChanges(structure=away)
            assert await editor.found_anew(made, lambda: notebook.change(last)) == []

    run(scenario)


def test_close_takes_all_findings_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            notebook = Notebook(editor, tmp_path / "train.ipynb", CELLS)
            made = notebook.cells[2]
            await editor.found(made)
            closed = types.DidCloseNotebookDocumentParams(
                types.NotebookDocumentIdentifier(notebook.uri),
                [types.TextDocumentIdentifier(uri) for uri in notebook.cells if uri != notebook.cells[1]],
            )
            assert await editor.found_anew(made, lambda: editor.client.notebook_document_did_close(closed)) == []
            assert await editor.hover(made, 1, 0) == ""

    run(scenario)


def test_broken_and_foreign_cells(tmp_path: Path) -> None:
    """A cell that is not Python is reported in its place; those of other languages are left alone."""
    cells = [*CELLS, "model.fit(", "library(keras)\nx <- function(\n"]

    async def scenario() -> None:
        async with Editor(tmp_path) as editor:
            notebook = Notebook(editor, tmp_path / "train.ipynb", cells, {5: "r"})
            assert len(await editor.found(notebook.cells[2])) == 1
            (broken,) = await editor.found(notebook.cells[4])
            assert (broken.code, broken.range.start.line) == ("KX001", 0)
            assert await editor.found(notebook.cells[5]) == []

    run(scenario)


def test_configuration_and_hints(tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text('per-file-ignores = {"*.ipynb" = ["KL001"]}\n')

    async def scenario() -> None:
        async with Editor(tmp_path, settings={"inlayHints": True}) as editor:
            await editor.until(lambda: editor.registered)
            notebook = Notebook(editor, tmp_path / "train.ipynb", CELLS)
            made = notebook.cells[2]
            assert await editor.found(made) == []
            assert await editor.hints(made) == [(1, CELLS[2].split("\n")[1].index("])"), "(None, 1)")]
            assert await editor.hints(notebook.cells[3]) == []
            # One that was never saved is no file of the project.
            other = Notebook(editor, tmp_path / "other.ipynb", CELLS)
            assert await editor.found(other.cells[2]) == []

    run(scenario)
