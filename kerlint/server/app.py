"""The messages of the protocol, and what each of them leads to."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Generator, Mapping, Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import to_fs_path

from kerlint import __version__
from kerlint.server import actions, hints, lenses, trials
from kerlint.server.actions import Refused
from kerlint.server.configurations import is_configuration
from kerlint.server.hover import hover
from kerlint.server.options import SECTION, read
from kerlint.server.session import Session
from kerlint.server.text import Workspace

_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithCells(cells=[types.NotebookCellLanguage("python")], notebook="*"),
    ],
    save=True,
)
#: Documents of other kinds are versions of a file that are compared, and the like.
_SCHEMES = ("file:", "untitled:")
_WATCHED = ("**/*.py", "**/{.kerlint.toml,kerlint.toml,pyproject.toml}", "**/{requirements*.txt,*.lock,setup.cfg}")


class _Protocol(LanguageServerProtocol):
    """The protocol with documents that change as the standard says."""

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        result = yield from super().lsp_initialize(params)
        self._workspace = Workspace(
            self.workspace.root_uri,
            workspace_folders=params.workspace_folders or [],
            position_encoding=self.workspace.position_encoding,
        )
        return result


class Server(LanguageServer):
    """A server for one editor."""

    def __init__(self) -> None:
        super().__init__("kerlint", __version__, notebook_document_sync=_NOTEBOOKS, protocol_cls=_Protocol)
        self.session = Session(self)
        self._tasks: set[asyncio.Task[None]] = set()

    def publish(self, uri: str, version: int | None, found: Sequence[types.Diagnostic]) -> None:
        """Shows these diagnostics in a document, and no others."""
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, list(found), version))

    def warn(self, text: str) -> None:
        """Tells the user that something is wrong."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, text))

    def inform(self, text: str) -> None:
        """Tells the user something."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Does something while the editor goes on."""
        task = asyncio.get_running_loop().create_task(work)
        # Nobody else holds on to it.
        self._tasks.add(task)
        task.add_done_callback(self._has_ended)

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.log(f"{type(error).__name__}: {error}")

    def refresh_lenses(self) -> None:
        """Has the editor ask for the lenses again, if it does so on request."""
        if self.supports("workspace", "code_lens", "refresh_support"):
            self.workspace_code_lens_refresh(None)

    def log(self, text: str) -> None:
        """Writes into the editor's log."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, text))

    def supports(self, *path: str) -> bool:
        """Whether the client has a capability."""
        found: object = self.client_capabilities
        for name in path:
            found = getattr(found, name, None)
        return bool(found)

    def apply_settings(self, settings: object) -> None:
        """Takes what the client says about its settings."""
        before = self.session.options
        options, wrong = read(settings, before)
        if wrong:
            self.warn(f"kerlint: {wrong}")
        changed = self.session.set_options(options)
        hinted = options.inlay_hints or before.inlay_hints
        if changed and hinted and self.supports("workspace", "inlay_hint", "refresh_support"):
            self.workspace_inlay_hint_refresh(None)
        if options.code_lens != before.code_lens:
            self.refresh_lenses()

    async def pull_settings(self) -> None:
        """Asks the client for its settings, if it can tell."""
        if not self.supports("workspace", "configuration"):
            return
        items = [types.ConfigurationItem(section=SECTION)]
        answer = await self.workspace_configuration_async(types.ConfigurationParams(items))
        if answer:
            self.apply_settings(answer[0])

    def folders(self) -> list[str]:
        """The folders that the editor has opened."""
        uris = [folder.uri for folder in self.workspace.folders.values()] or [self.workspace.root_uri or ""]
        return [path for uri in uris if (path := to_fs_path(uri))]

    def key_of(self, uri: str) -> str:
        """What a document is a part of: its notebook, or itself."""
        notebook = self.workspace.get_notebook_document(cell_uri=uri)
        return notebook.uri if notebook is not None else uri

    def has_document(self, uri: str) -> bool:
        """Whether a document is linted by itself."""
        return uri.startswith(_SCHEMES) and self.workspace.get_notebook_document(cell_uri=uri) is None


def build() -> Server:
    """A server with everything that it can do."""
    server = Server()
    for register in (_life, _documents, _notebooks, _files, _questions, _trials):
        register(server)
    return server


def serve() -> None:
    """Talks to an editor over standard input and output until it says goodbye."""
    output = sys.stdout.buffer
    # Whatever else prints must not get between the messages.
    sys.stdout = sys.stderr
    server = build()
    try:
        server.start_io(sys.stdin.buffer, output)
    finally:
        server.session.stop()


def _life(server: Server) -> None:
    @server.feature(types.INITIALIZED)
    async def initialized(_: types.InitializedParams) -> None:
        server.session.start(server.workspace, server.folders())
        registrations: list[types.Registration] = []
        if server.supports("workspace", "did_change_watched_files", "dynamic_registration"):
            watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
            wanted = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            registrations.append(types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, wanted))
        if server.supports("workspace", "did_change_configuration", "dynamic_registration"):
            section = types.DidChangeConfigurationRegistrationOptions(SECTION)
            registrations.append(types.Registration("settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
        if registrations:
            await server.client_register_capability_async(types.RegistrationParams(registrations))
        await server.pull_settings()

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.apply_settings(params.initialization_options)

    @server.feature(types.SHUTDOWN)
    def shutdown(_: None) -> None:
        server.session.stop()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        server.apply_settings(params.settings)
        await server.pull_settings()


def _documents(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        if server.has_document(params.text_document.uri):
            server.session.open(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.session.change(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        path = to_fs_path(params.text_document.uri)
        if path is not None and is_configuration(path):
            server.session.reload()
        else:
            server.session.save(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.session.close(params.text_document.uri)


def _notebooks(server: Server) -> None:
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenNotebookDocumentParams) -> None:
        server.session.open(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeNotebookDocumentParams) -> None:
        uri = params.notebook_document.uri
        structure = params.change.cells.structure if params.change.cells is not None else None
        for cell in (structure.did_close or []) if structure is not None else []:
            server.session.drop_part(uri, cell.uri)
        server.session.change(uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveNotebookDocumentParams) -> None:
        server.session.save(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseNotebookDocumentParams) -> None:
        server.session.close(params.notebook_document.uri)


def _files(server: Server) -> None:
    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_watched_files(params: types.DidChangeWatchedFilesParams) -> None:
        if any(server.session.edition(change.uri) < 0 for change in params.changes):
            # What is open has told of its changes itself.
            server.session.reload()

    @server.feature(
        types.WORKSPACE_DID_RENAME_FILES,
        types.FileOperationRegistrationOptions(
            [types.FileOperationFilter(types.FileOperationPattern("**/*"), scheme="file")]
        ),
    )
    def did_rename_files(params: types.RenameFilesParams) -> None:
        server.session.reload()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def did_change_folders(_: types.DidChangeWorkspaceFoldersParams) -> None:
        server.session.set_roots(server.folders())


def _questions(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def on_hover(params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        analysis = await server.session.analysis(server.key_of(uri))
        if analysis is None:
            return None
        hovering = getattr(server.client_capabilities.text_document, "hover", None)
        formats = getattr(hovering, "content_format", None)
        markdown = formats is None or types.MarkupKind.Markdown in formats
        return await server.session.run(lambda: hover(analysis, uri, params.position, markdown=markdown))

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def on_inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
        uri = params.text_document.uri
        if not server.session.options.inlay_hints:
            return []
        analysis = await server.session.analysis(server.key_of(uri))
        if analysis is None:
            return []
        return await server.session.run(lambda: list(hints.hints(analysis, uri, params.range)))

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=list(actions.KINDS), resolve_provider=True),
    )
    async def on_code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        key = server.key_of(params.text_document.uri)
        analysis = await server.session.analysis(key)
        if analysis is None:
            return []
        found = list(actions.actions(analysis, params, key, server.session.edition(key)))
        resolve = getattr(server.client_capabilities.text_document, "code_action", None)
        properties = getattr(getattr(resolve, "resolve_support", None), "properties", ())
        if "edit" in properties:
            return found
        # A client that does not come back gets everything now, and no action that would do nothing.
        return [action for action in found if await _resolve(server, action) is None]

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def on_resolve(action: types.CodeAction) -> types.CodeAction:
        reason = await _resolve(server, action)
        if reason is not None:
            raise JsonRpcException(reason, code=types.LSPErrorCodes.RequestFailed)
        return action


def _trials(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def on_code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        uri, session = params.text_document.uri, server.session
        key = server.key_of(uri)
        analysis = await session.analysis(key) if session.options.code_lens else None
        return list(lenses.lenses(analysis, session.probing, uri, key)) if analysis is not None else []

    @server.command(lenses.PROBE)
    async def on_probe(*arguments: object) -> None:
        await trials.start(server, _arguments(arguments))

    @server.command(lenses.CANCEL)
    async def on_cancel(*arguments: object) -> None:
        await trials.cancel(server, _arguments(arguments))


def _arguments(given: Sequence[object]) -> Mapping[str, object]:
    """What the client has sent back with a command; pygls may put the server before it."""
    return next((one for one in given if isinstance(one, Mapping)), {})


async def _resolve(server: Server, action: types.CodeAction) -> str | None:
    """Gives an action its edit; the answer is why it has none."""
    data = _data(action.data)
    key, session = str(data.get("key")), server.session
    analysis = await session.analysis(key)
    if analysis is None or session.edition(key) != data.get("edition"):
        return "the text has changed since the action was offered"
    found = await session.run(lambda: actions.edit(analysis, data))
    if isinstance(found, Refused):
        return f"this fix is left out: {found.reason}"
    versions = {part.uri: part.version for part in analysis.snapshot.parts}
    if server.supports("workspace", "workspace_edit", "document_changes"):
        changes = [
            types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, versions[uri]), list(edits))
            for uri, edits in found.items()
        ]
        action.edit = types.WorkspaceEdit(document_changes=changes)
    else:
        action.edit = types.WorkspaceEdit(changes=found)
    return None


def _data(value: object) -> dict[str, object]:
    """The data of an action, which the client has sent back."""
    if isinstance(value, dict):
        return value
    return {name: getattr(value, name, None) for name in ("key", "edition", "what", "code", "span")}
