"""Diagnostics on request: ``textDocument/diagnostic``.

A client that pulls is pushed nothing but notebooks (whose cells editors ask for one by one, or not at all) and, where it
cannot be told to pull anew, what runs have shown. The id of a result is a hash of what it says: a new text of which there is
the same to say is ``unchanged``. pygls has only the messages; what is said when is here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from gradsafe.lsp.composing import compose, compose_traced
from gradsafe.lsp.diagnostics import Verdict
from gradsafe.lsp.documents import Snapshot

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

SOON_S = 0.1
"""How long to wait before a client is asked to pull anew: mostly it is about to do so by itself."""


class Pulled:
    """What was answered, and who is to be told that it does not hold any more."""

    def __init__(self, server: GradsafeServer) -> None:
        self._server = server
        self._answered: dict[str, str] = {}
        self._asked_to_pull = False
        self.moment = 0
        """Grows with everything that may change what is to be said."""
        self._arrivals: list[asyncio.Future[None]] = []

    def serves(self, snapshot: Snapshot) -> bool:
        """Whether the client asks for the diagnostics of this document, so that they must not be pushed."""
        return self._server.abilities.pulls and not snapshot.cells

    def forget(self, uri: str) -> None:
        """The document has been closed: from now on it is what the disk says."""
        self._answered.pop(unquote(uri), None)
        self.wake()

    def changed(self, uri: str) -> None:
        """There may be something else to say of a document than was answered."""
        loop = self._server.loop
        self.wake()
        if self._server.abilities.refreshes_diagnostics and not self._asked_to_pull:
            self._asked_to_pull = True
            loop.call_later(SOON_S, self._ask_to_pull)

    def wake(self) -> None:
        """Whoever waits for news looks again."""
        self.moment += 1
        for arrival in self._arrivals:
            if not arrival.done():
                arrival.set_result(None)
        self._arrivals.clear()

    async def something_new(self, since: int) -> None:
        """Wait until there has been a change since that moment."""
        if self.moment == since:
            arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._arrivals.append(arrival)
            await arrival

    def _ask_to_pull(self) -> None:
        """Unless everything that was answered still holds: an answer that is on its way says what is new."""
        self._asked_to_pull = False
        stale = any(
            key in self._answered and self._answered[key] != id_of(self._server, self.report(verdict))
            for key, verdict in self._server.published.verdicts().items()
            if self.serves(verdict.snapshot)
        )
        if stale:
            self._server.workspace_diagnostic_refresh(None)

    def report(self, verdict: Verdict) -> list[types.Diagnostic]:
        """What there is to say of a document. What runs have shown is pushed to clients that cannot be told to ask for it."""
        snapshot = verdict.snapshot
        found = compose(self._server, snapshot, verdict.judgement)[snapshot.uri]
        if self._server.abilities.refreshes_diagnostics:
            return found
        traced = compose_traced(self._server, snapshot)[0][snapshot.uri]
        return [each for each in found if each not in traced]

    async def answer(self, uri: str, previous: str | None) -> types.DocumentDiagnosticReport:
        """The report on a document as it is now; waits for it as long as the text is the same."""
        texts = self._server.texts
        snapshot = texts.snapshot(uri)
        if snapshot is None or not self.serves(snapshot):
            return types.RelatedFullDocumentDiagnosticReport(items=[], result_id=None)
        verdict = await self._server.published.verdict_on(
            snapshot, settled=not self._server.abilities.refreshes_diagnostics
        )
        if verdict is None and texts.is_current(snapshot):
            # The analysis has failed, and the user was told: who pulls again and again would only see it fail again.
            return types.RelatedFullDocumentDiagnosticReport(items=[], result_id=None)
        if verdict is None:
            raise JsonRpcException(
                "The text has changed meanwhile.",
                types.LSPErrorCodes.ServerCancelled,
                types.DiagnosticServerCancellationData(retrigger_request=texts.snapshot(uri) is not None),
            )
        items = self.report(verdict)
        result = self._answered[snapshot.key] = id_of(self._server, items)
        if result == previous:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result)
        return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=result)


def id_of(server: GradsafeServer, items: Sequence[types.Diagnostic]) -> str:
    """A hash of all that the client is told."""
    import hashlib  # at the start nobody needs it

    plain = server.protocol._converter.unstructure(list(items))
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def register(server: GradsafeServer) -> None:
    """Called while the client is being greeted: only one that pulls is told that it can."""
    if not server.abilities.pulls:
        return

    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        types.DiagnosticOptions(
            inter_file_dependencies=True,
            workspace_diagnostics=server.options.whole_workspace,
            identifier="gradsafe",
        ),
    )
    async def document_diagnostic(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        return await server.pulled.answer(params.text_document.uri, params.previous_result_id)
