"""What a lens does when it is chosen: the trial runs in the background, and the editor shows how far it is."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from kerlint.finding import Finding
from kerlint.server import lenses
from kerlint.server.probing import can_be_probed

if TYPE_CHECKING:
    from kerlint.server.app import Server


async def start(server: Server, arguments: Mapping[str, object]) -> None:
    """Begins the trial of a finding. What is known already is told at once."""
    key = str(arguments.get("key"))
    finding = await _finding(server, key, arguments)
    if finding is None:
        server.warn("kerlint: the text has changed, and the finding is not there any more")
    elif finding.probe is not None:
        server.inform(_words(finding.code, finding.probe.verdict, finding.probe.text))
    elif can_be_probed(finding):
        progress = Progress(server, f"kerlint: probing {finding.code}")
        loop = asyncio.get_running_loop()

        def on_news(text: str) -> None:
            loop.call_soon_threadsafe(progress.report, text)

        # At once, before anything is waited for: a lens may be chosen twice in a moment.
        if server.session.probing.claim(finding, server.session.options.probe_python, on_news):
            # Some editors wait for the answer to a command, and do nothing else meanwhile.
            server.in_background(_run(server, key, finding, progress))


async def cancel(server: Server, arguments: Mapping[str, object]) -> None:
    """Ends a trial."""
    finding = await _finding(server, str(arguments.get("key")), arguments)
    if finding is not None:
        server.session.probing.cancel(finding)


async def _finding(server: Server, key: str, arguments: Mapping[str, object]) -> Finding | None:
    analysis = await server.session.analysis(key)
    return lenses.find(analysis, arguments) if analysis is not None else None


async def _run(server: Server, key: str, finding: Finding, progress: Progress) -> None:
    probing, code = server.session.probing, finding.code
    await progress.begin(lambda: probing.cancel(finding))
    # Since it has been claimed, its lens is another one.
    server.refresh_lenses()
    outcome = await probing.run(finding)
    if outcome.missing is not None:
        progress.end("not probed")
        server.warn(
            f"kerlint: nothing was probed: {outcome.missing}; pip install 'kerlint[probe]', or name another Python in "
            "the setting kerlint.probePython"
        )
    elif outcome.probe is None:
        progress.end("cancelled")
    else:
        progress.end(outcome.probe.verdict)
        if not progress.is_shown or not outcome.probe.evidence:
            server.inform(_words(code, outcome.probe.verdict, outcome.probe.text))
    server.session.look_again(key)
    server.refresh_lenses()


def _words(code: str, verdict: str, text: str) -> str:
    return f"kerlint: {code}: {verdict}. {text}"


class Progress:
    """How far something is, in the way that the editor has for it; nothing if it has none."""

    def __init__(self, server: Server, title: str) -> None:
        self.is_shown = server.supports("window", "work_done_progress")
        self._server = server
        self._title = title
        self._token = str(uuid.uuid4())
        self._has_ended = False

    async def begin(self, on_cancel: Callable[[], None]) -> None:
        """Shows it.

        Args:
            on_cancel: what happens if the user has seen enough.
        """
        if not self.is_shown:
            return
        try:
            await self._server.work_done_progress.create_async(self._token)
        except JsonRpcException:
            # The editor does not want it.
            self.is_shown = False
            return
        self._server.work_done_progress.tokens[self._token].add_done_callback(lambda _: on_cancel())
        begin = types.WorkDoneProgressBegin(self._title, cancellable=True)
        self._server.work_done_progress.begin(self._token, begin)

    def report(self, text: str) -> None:
        """Says what happens now."""
        if self.is_shown and not self._has_ended:
            self._server.work_done_progress.report(self._token, types.WorkDoneProgressReport(message=text))

    def end(self, text: str) -> None:
        """Takes it away."""
        self._has_ended = True
        if self.is_shown:
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=text))
            self._server.work_done_progress.tokens.pop(self._token, None)
