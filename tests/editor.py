"""An editor for tests: a language client that talks to `kerlint server` over standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

#: Seconds to wait for an answer: the machine may be busy.
PATIENCE = 15


def capabilities(**changes: Any) -> types.ClientCapabilities:
    """What a modern editor can do."""
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=changes.get("encodings")),
        notebook_document=types.NotebookDocumentClientCapabilities(
            synchronization=types.NotebookDocumentSyncClientCapabilities()
        ),
        text_document=types.TextDocumentClientCapabilities(
            code_action=types.CodeActionClientCapabilities(
                resolve_support=types.ClientCodeActionResolveOptions(["edit"])
                if changes.get("resolves", True)
                else None
            ),
            hover=types.HoverClientCapabilities(content_format=changes.get("hover", [types.MarkupKind.Markdown])),
        ),
        window=types.WindowClientCapabilities(work_done_progress=changes.get("progress", True)),
        workspace=types.WorkspaceClientCapabilities(
            code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
            configuration=changes.get("configuration", True),
            inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True),
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=changes.get("versions", True)),
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
            did_change_configuration=types.DidChangeConfigurationClientCapabilities(dynamic_registration=True),
            file_operations=types.FileOperationClientCapabilities(did_rename=True),
        ),
    )


class Editor:
    """Opens files, types, and keeps what the server says.

    Args:
        roots: the folders that are open.
        settings: what it answers when it is asked for its settings.
        options: what it sends at the start.
        changes: of its capabilities.
    """

    def __init__(self, *roots: Path, settings: Any = None, options: Any = None, **changes: Any) -> None:
        self.roots = roots
        self.settings = settings
        self.options = options
        self.capabilities = capabilities(**changes)
        self.client = LanguageClient("editor", "1")
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self.messages: list[str] = []
        self.logged: list[str] = []
        self.registered: list[types.Registration] = []
        self.refreshed = 0
        self.lenses_refreshed = 0
        self.progress: dict[str | int, list[Any]] = {}
        self.versions: dict[str, int] = {}
        self._news = asyncio.Condition()
        self._listen()

    def _listen(self) -> None:
        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        async def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published.setdefault(params.uri, []).append(params)
            await self._tell()

        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        async def show(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)
            await self._tell()

        @self.client.feature(types.WINDOW_LOG_MESSAGE)
        async def log(params: types.LogMessageParams) -> None:
            self.logged.append(params.message)
            await self._tell()

        @self.client.feature(types.WORKSPACE_CONFIGURATION)
        def configuration(params: types.ConfigurationParams) -> list[Any]:
            return [self.settings for _ in params.items]

        @self.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        async def register(params: types.RegistrationParams) -> None:
            self.registered += params.registrations
            await self._tell()

        @self.client.feature(types.WORKSPACE_INLAY_HINT_REFRESH)
        async def refresh(_: Any) -> None:
            self.refreshed += 1
            await self._tell()

        @self.client.feature(types.WORKSPACE_CODE_LENS_REFRESH)
        async def refresh_lenses(_: Any) -> None:
            self.lenses_refreshed += 1
            await self._tell()

        @self.client.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
        async def create(params: types.WorkDoneProgressCreateParams) -> None:
            self.progress[params.token] = []

        @self.client.feature(types.PROGRESS)
        async def progress(params: types.ProgressParams) -> None:
            self.progress[params.token].append(params.value)
            await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def until(self, happened: Callable[[], Any]) -> None:
        """Waits until something has happened."""
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(happened), PATIENCE)

    async def __aenter__(self) -> Editor:  # noqa: PYI034 - `Self` is newer than Python 3.10
        await self.client.start_io(sys.executable, "-m", "kerlint", "server", "--stdio")
        folders = [types.WorkspaceFolder(root.as_uri(), root.name) for root in self.roots]
        params = types.InitializeParams(
            capabilities=self.capabilities, workspace_folders=folders, initialization_options=self.options
        )
        self.answer = await asyncio.wait_for(self.client.initialize_async(params), PATIENCE)
        self.client.initialized(types.InitializedParams())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await asyncio.wait_for(self.client.shutdown_async(None), PATIENCE)
                self.client.exit(None)
                server = self.client._server
                assert server is not None
                assert await asyncio.wait_for(server.wait(), PATIENCE) == 0
        finally:
            process = self.client._server
            if process is not None and process.returncode is None:
                process.kill()
            await self.client.stop()

    # Documents

    async def open(self, uri: str, text: str, language: str = "python") -> list[types.Diagnostic]:
        """Opens a document, and gives what is found in it."""
        self.versions[uri] = 1
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, language, 1, text))
        )
        return await self.found(uri)

    def type(self, uri: str, *changes: types.TextDocumentContentChangeEvent) -> None:
        """Changes a document."""
        self.versions[uri] += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri), list(changes)
            )
        )

    async def replace(self, uri: str, text: str) -> list[types.Diagnostic]:
        """Puts another text into a document, and gives what is found in it."""
        self.type(uri, types.TextDocumentContentChangeWholeDocument(text))
        return await self.found(uri)

    async def found(self, uri: str, version: int | None = None) -> list[types.Diagnostic]:
        """What is found in a version of a document, by default the one that it has."""
        wanted = version if version is not None else self.versions[uri]
        await self.until(lambda: any(one.version == wanted for one in self.published.get(uri, ())))
        return list(next(one for one in reversed(self.published[uri]) if one.version == wanted).diagnostics)

    async def found_anew(self, uri: str, happens: Callable[[], Any]) -> list[types.Diagnostic]:
        """What is published for a document after something has happened."""
        before = len(self.published.get(uri, ()))
        happens()
        await self.until(lambda: len(self.published.get(uri, ())) > before)
        return list(self.published[uri][-1].diagnostics)

    # Questions

    async def hover(self, uri: str, line: int, character: int) -> str:
        """What is told about a place; empty if nothing is."""
        params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
        answer = await asyncio.wait_for(self.client.text_document_hover_async(params), PATIENCE)
        if answer is None:
            return ""
        assert isinstance(answer.contents, types.MarkupContent)
        return answer.contents.value

    async def actions(
        self, uri: str, where: types.Range | None = None, only: Iterable[str] | None = None
    ) -> list[types.CodeAction]:
        """What can be done in a range, or anywhere."""
        context = types.CodeActionContext([], only=list(only) if only is not None else None)
        where = where or types.Range(types.Position(0, 0), types.Position(10_000, 0))
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), where, context)
        answer = await asyncio.wait_for(self.client.text_document_code_action_async(params), PATIENCE)
        return [one for one in answer or () if isinstance(one, types.CodeAction)]

    async def resolve(self, action: types.CodeAction) -> types.WorkspaceEdit:
        """What an action changes."""
        resolved = await asyncio.wait_for(self.client.code_action_resolve_async(action), PATIENCE)
        assert resolved.edit is not None
        return resolved.edit

    async def hints(self, uri: str) -> list[tuple[int, int, str]]:
        """The hints in a document: line, character, text."""
        where = types.Range(types.Position(0, 0), types.Position(10_000, 0))
        params = types.InlayHintParams(types.TextDocumentIdentifier(uri), where)
        answer = await asyncio.wait_for(self.client.text_document_inlay_hint_async(params), PATIENCE)
        return [(one.position.line, one.position.character, str(one.label)) for one in answer or ()]

    async def lenses(self, uri: str) -> list[types.CodeLens]:
        """The lenses of a document."""
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        return list(await asyncio.wait_for(self.client.text_document_code_lens_async(params), PATIENCE) or ())

    async def choose(self, lens: types.CodeLens) -> None:
        """Does what a lens is for."""
        assert lens.command is not None
        params = types.ExecuteCommandParams(lens.command.command, lens.command.arguments)
        await asyncio.wait_for(self.client.workspace_execute_command_async(params), PATIENCE)


def edits_of(edit: types.WorkspaceEdit) -> dict[str, list[types.TextEdit]]:
    """The changes of each document."""
    if edit.document_changes is None:
        return {uri: list(edits) for uri, edits in (edit.changes or {}).items()}
    found: dict[str, list[types.TextEdit]] = {}
    for change in edit.document_changes:
        assert isinstance(change, types.TextDocumentEdit)
        found[change.text_document.uri] = [one for one in change.edits if isinstance(one, types.TextEdit)]
    return found


def applied(text: str, edits: Iterable[types.TextEdit]) -> str:
    """A text with the edits made, positions in characters."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:index])) for index in range(len(lines) + 1)]
    for edit in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        start = starts[edit.range.start.line] + edit.range.start.character
        end = starts[edit.range.end.line] + edit.range.end.character
        text = text[:start] + edit.new_text + text[end:]
    return text


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Runs a scenario to its end."""

    async def main() -> None:
        await scenario()

    asyncio.run(main())
