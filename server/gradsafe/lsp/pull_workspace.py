"""``workspace/diagnostic``: of every file of the workspace, open or not, streamed as they are judged.

A request that would only say that nothing has changed is kept until something has: editors ask again as soon as they are
answered. Only where the client has asked for the whole workspace (``diagnosticMode``); it costs the analysis of all of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lsprotocol import types
from pygls.uris import from_fs_path

from gradsafe.lsp.analysis import Analysis, GiveWay, Judgement
from gradsafe.lsp.closed_notebook import in_notebook
from gradsafe.lsp.composing import compose
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.pull import id_of

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

FLUSH_S = 0.05
"""Reports that are ready within this time go in one message."""
GIVE_WAY_S = 0.02
"""How long to wait before a file that gave way to something more urgent is tried again."""


def register(server: GradsafeServer) -> None:
    """Called while the client is being greeted."""
    if not (server.abilities.pulls and server.options.whole_workspace):
        return

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def workspace_diagnostic(
        params: types.WorkspaceDiagnosticParams,
    ) -> types.WorkspaceDiagnosticReport:
        previous = {unquote(each.uri): each.value for each in params.previous_result_ids}
        while True:
            seen = server.pulled.moment
            stream = _Stream(server, params.partial_result_token)
            is_news = False
            async for report in _reports(server, previous):
                is_news = is_news or isinstance(report, types.WorkspaceFullDocumentDiagnosticReport)
                stream.add(report)
            if is_news or not previous:
                return types.WorkspaceDiagnosticReport(items=stream.rest())
            await server.pulled.something_new(seen)


class _Stream:
    """Sends full reports as partial results where the client has asked for that; what is left is the answer."""

    def __init__(self, server: GradsafeServer, token: int | str | None) -> None:
        self._server, self._token = server, token
        self._ready: list[types.WorkspaceDocumentDiagnosticReport] = []
        self._flushed = time.monotonic()

    def add(self, report: types.WorkspaceDocumentDiagnosticReport) -> None:
        # Of a round that ends with nothing new nobody is to hear.
        if self._token is not None and isinstance(report, types.WorkspaceUnchangedDocumentDiagnosticReport):
            return
        self._ready.append(report)
        if self._token is not None and time.monotonic() - self._flushed >= FLUSH_S:
            self._flush(self._token)

    def rest(self) -> list[types.WorkspaceDocumentDiagnosticReport]:
        """What the answer carries: nothing, if all has been streamed."""
        if self._token is None:
            return self._ready
        if self._ready:
            self._flush(self._token)
        return []

    def _flush(self, token: int | str) -> None:
        value = types.WorkspaceDiagnosticReportPartialResult(items=self._ready)
        plain = self._server.protocol._converter.unstructure(value)
        self._server.protocol.notify(types.PROGRESS, types.ProgressParams(token=token, value=plain))
        self._ready, self._flushed = [], time.monotonic()


async def _reports(
    server: GradsafeServer, previous: Mapping[str, str]
) -> AsyncIterator[types.WorkspaceDocumentDiagnosticReport]:
    """Open documents first (notebooks among them are pushed), then the files on the disk, then what was told of files that are gone."""
    told: set[str] = set()
    for snapshot in server.texts.snapshots():
        if not server.pulled.serves(snapshot):
            continue
        verdict = await server.published.verdict_on(snapshot, settled=True)
        told.add(snapshot.key)
        if verdict is not None:
            yield _report(server, snapshot, server.pulled.report(verdict), previous)
    for file in await _ask_files(server):
        uri = from_fs_path(file)
        if uri is None or unquote(uri) in told or server.texts.snapshot(uri) is not None:
            continue
        judged = await _judged(server, file)
        told.add(unquote(uri))
        if judged is not None:
            text, judgement = judged
            snapshot = Snapshot(uri, file, None, 0, text)
            found = compose(server, snapshot, judgement)[uri]
            if file.endswith(".ipynb"):
                found = in_notebook(file, uri, found)
            yield _report(server, snapshot, found, previous)
    empty = id_of(server, [])
    for key, result in previous.items():
        if key not in told and result != empty:
            yield types.WorkspaceFullDocumentDiagnosticReport(uri=key, items=[], result_id=empty)


def _report(
    server: GradsafeServer, snapshot: Snapshot, items: list[types.Diagnostic], previous: Mapping[str, str]
) -> types.WorkspaceDocumentDiagnosticReport:
    result = id_of(server, items)
    if previous.get(snapshot.key) == result:
        return types.WorkspaceUnchangedDocumentDiagnosticReport(
            uri=snapshot.uri, result_id=result, version=snapshot.version
        )
    return types.WorkspaceFullDocumentDiagnosticReport(
        uri=snapshot.uri, items=items, result_id=result, version=snapshot.version
    )


async def _ask_files(server: GradsafeServer) -> tuple[str, ...]:
    return await asyncio.wrap_future(server.worker.ask(lambda analysis: tuple(analysis.files())))


async def _judged(server: GradsafeServer, file: str) -> tuple[str, Judgement] | None:
    """A file that is not open; tried again as long as the analysis has something more urgent to do."""

    def ask(analysis: Analysis) -> tuple[str, Judgement] | bool | None:
        return analysis.judge_closed(file, GiveWay(server.worker.busy, server.worker.has_checks))

    while True:
        found = await asyncio.wrap_future(server.worker.ask(ask))
        if not isinstance(found, bool):
            return found
        await asyncio.sleep(GIVE_WAY_S)
