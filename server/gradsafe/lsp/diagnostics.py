"""Diagnostics as you type: pushed, with the version that they were made from, never for an older text than the open one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp.analysis import Analysis, Judgement, Remark
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.locations import spot_of
from gradsafe.report.entry import Entry
from gradsafe.rules.finding import Severity

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

SOURCE = "gradsafe"
TRACE_SOURCE = "gradsafe trace"
PATIENCE_S = 2.0

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}


@dataclass(frozen=True)
class Verdict:
    """What was last published of a document: the text, and what was said of it."""

    snapshot: Snapshot
    judgement: Judgement


class Published:
    """Judges open documents in the worker and publishes what comes back, if nobody has typed since."""

    def __init__(self, server: GradsafeServer) -> None:
        self._server = server
        self._verdicts: dict[str, Verdict] = {}
        self._shown: dict[str, frozenset[str]] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    def verdict(self, uri: str) -> Verdict | None:
        """The verdict on the document (or the notebook of the cell) as it is now; None where that is not out yet."""
        snapshot = self._server.texts.snapshot(uri)
        verdict = self._verdicts.get(snapshot.key) if snapshot is not None else None
        return verdict if verdict is not None and verdict.snapshot is snapshot else None

    async def wait_for_verdict(self, uri: str) -> Verdict | None:
        """As :meth:`verdict`, but a moment's patience: editors ask for actions right after a change."""
        deadline = time.monotonic() + PATIENCE_S
        while (verdict := self.verdict(uri)) is None:
            snapshot = self._server.texts.snapshot(uri)
            if snapshot is None or time.monotonic() > deadline:
                return None
            arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(snapshot.key, []).append(arrival)
            await asyncio.wait([arrival], timeout=max(0.0, deadline - time.monotonic()))
        return verdict

    def judge(self, uri: str) -> None:
        """The document has been opened or changed."""
        before = self._server.texts.snapshot(uri)
        snapshot = self._server.texts.refresh(uri)
        if snapshot is not None:
            if before is not None:
                self._server.runs.follow(before, snapshot)
            self._server.worker.check(snapshot.key, lambda analysis: self._judge(analysis, snapshot, False))

    def forget(self, uri: str) -> None:
        """The document has been closed: its diagnostics go with it."""
        server = self._server
        closed = server.texts.snapshot(uri)
        server.texts.refresh(uri)
        if closed is None:
            return
        server.runs.closed(closed)
        server.worker.forget(closed.key)
        self._verdicts.pop(closed.key, None)
        for document in self._shown.pop(closed.key, frozenset({uri})):
            self._publish(document, None, [])
        server.tell_worker(lambda analysis: analysis.forget(closed.file))
        self._judge_others_later(closed)

    def _judge(self, analysis: Analysis, snapshot: Snapshot, settle: bool) -> None:
        """In the worker."""
        server = self._server

        def give_way() -> bool:
            return server.worker.busy() or not server.texts.is_current(snapshot)

        if not server.texts.is_current(snapshot):
            return
        judgement = analysis.judge(snapshot.file, snapshot.text, settle, give_way)
        if judgement is not None:
            server.on_loop(self._accept, snapshot, judgement)
        if judgement is None or not settle:
            self._settle_later(snapshot)

    def _accept(self, snapshot: Snapshot, judgement: Judgement) -> None:
        if not self._server.texts.is_current(snapshot):
            return
        before = self._verdicts.get(snapshot.key)
        is_new = before is None or before.snapshot is not snapshot
        if is_new or (before is not None and before.judgement != judgement):
            self._verdicts[snapshot.key] = Verdict(snapshot, judgement)
            self.publish(snapshot.uri)
        for arrival in self._waiting.pop(snapshot.key, ()):
            if not arrival.done():
                arrival.set_result(None)
        if is_new:
            self._judge_others_later(snapshot)

    def _judge_others_later(self, changed: Snapshot) -> None:
        """Whoever imports ``changed`` may be judged differently now; who does not costs next to nothing."""
        for other in self._server.texts.snapshots():
            if other.key != changed.key:
                self._settle_later(other)

    def _settle_later(self, snapshot: Snapshot) -> None:
        self._server.worker.later(snapshot.key, lambda analysis: self._judge(analysis, snapshot, True))

    def publish(self, uri: str) -> None:
        """Send the verdict on the document as it is now, and what a traced run said of the same text."""
        verdict = self.verdict(uri)
        if verdict is None:
            return
        snapshot = verdict.snapshot
        versions = {cell.uri: cell.version for cell in snapshot.cells} or {snapshot.uri: snapshot.version}
        by_uri: dict[str, list[types.Diagnostic]] = {uri: [] for uri in versions}
        happened = {
            (entry.code, *where)
            for entry in self._traced(snapshot)
            if (where := self._add(by_uri, entry, snapshot, TRACE_SOURCE)) is not None
        }
        for entry in verdict.judgement.entries:
            self._add(by_uri, entry, snapshot, SOURCE, happened)
        for remark in verdict.judgement.remarks:
            spot = spot_of(remark.place, self._server.texts, snapshot)
            if spot is not None and spot.uri in by_uri:
                by_uri[spot.uri].append(diagnostic_of_remark(self._server, remark, spot.range))
        for gone in self._shown.get(snapshot.key, frozenset()) - by_uri.keys():
            self._publish(gone, None, [])
        self._shown[snapshot.key] = frozenset(by_uri)
        for uri, diagnostics in by_uri.items():
            self._publish(uri, versions[uri], diagnostics)

    def _traced(self, snapshot: Snapshot) -> tuple[Entry, ...]:
        kept = self._server.runs.kept(snapshot)
        return kept.findings() if kept is not None else ()

    def _add(
        self,
        by_uri: dict[str, list[types.Diagnostic]],
        entry: Entry,
        snapshot: Snapshot,
        source: str,
        happened: Container[tuple[str, str, int]] = (),
    ) -> tuple[str, int] | None:
        """Where it was added; what a run has shown (``happened``) needs no prediction beside it."""
        spot = spot_of(entry.place, self._server.texts, snapshot)
        if spot is None or spot.uri not in by_uri:
            return None
        line = spot.range.start.line
        if (entry.code, spot.uri, line) not in happened:
            by_uri[spot.uri].append(diagnostic_of(self._server, entry, spot.range, snapshot, source))
        return spot.uri, line

    def _publish(self, uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=diagnostics)
        )


def diagnostic_of(
    server: GradsafeServer, entry: Entry, range: types.Range, snapshot: Snapshot, source: str = SOURCE
) -> types.Diagnostic:
    """The finding in the client's terms; the story goes into the message where the client cannot show related places."""
    abilities = server.abilities
    related: list[types.DiagnosticRelatedInformation] = []
    for place in entry.related:
        spot = spot_of(place.place, server.texts, snapshot)
        if spot is not None:
            location = types.Location(uri=spot.uri, range=spot.range)
            related.append(types.DiagnosticRelatedInformation(location=location, message=place.message))
    message = entry.message
    if related and not abilities.related_information:
        lines = (f"line {each.location.range.start.line + 1}: {each.message}" for each in related)
        message = "\n".join([message, *lines])
    link = types.CodeDescription(href=entry.url) if entry.url and abilities.code_description else None
    return types.Diagnostic(
        range=range,
        message=message,
        severity=_SEVERITIES[entry.severity],
        code=entry.code,
        code_description=link,
        source=source,
        related_information=related if related and abilities.related_information else None,
        data={"code": entry.code, "serial": snapshot.serial} if abilities.diagnostic_data else None,
    )


def diagnostic_of_remark(server: GradsafeServer, remark: Remark, range: types.Range) -> types.Diagnostic:
    """A remark in the client's terms: what is unnecessary is faded where the client can, what was skipped is told."""
    tags = (
        [types.DiagnosticTag.Unnecessary] if remark.unnecessary and server.abilities.diagnostic_tags else None
    )
    severity = types.DiagnosticSeverity.Hint if remark.unnecessary else types.DiagnosticSeverity.Information
    return types.Diagnostic(
        range=range, message=remark.message, severity=severity, code=remark.code, source=SOURCE, tags=tags
    )


def register(server: GradsafeServer) -> None:
    """Follow documents and notebooks from open to close."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.published.judge(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.published.judge(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.published.forget(params.text_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def notebook_did_open(params: types.DidOpenNotebookDocumentParams) -> None:
        server.published.judge(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def notebook_did_change(params: types.DidChangeNotebookDocumentParams) -> None:
        server.published.judge(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def notebook_did_close(params: types.DidCloseNotebookDocumentParams) -> None:
        server.published.forget(params.notebook_document.uri)
