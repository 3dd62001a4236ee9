"""Diagnostics as you type: judged in the worker and told with the version that they were made from, never of an older text."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp.analysis import Analysis, GiveWay, Judgement
from gradsafe.lsp.as_executed import JudgedRuns, judge_runs, with_runs
from gradsafe.lsp.composing import ByDocument, compose, compose_traced, versions_of
from gradsafe.lsp.documents import Snapshot

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

PATIENCE_S = 2.0
OTHERS_S = 0.05
"""How long to wait for further changes before all other documents are judged again: of a thousand that are opened at once
each would ask for the others."""


@dataclass(frozen=True)
class Verdict:
    """What was last published of a document: the text, and what was said of it."""

    snapshot: Snapshot
    judgement: Judgement
    settled: bool = False
    """Nothing is left to be added to it, as long as no other document changes."""


class Published:
    """Judges open documents in the worker and publishes what comes back, if nobody has typed since."""

    def __init__(self, server: GradsafeServer) -> None:
        self._server = server
        self._verdicts: dict[str, Verdict] = {}
        self._shown: dict[str, frozenset[str]] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._failed: set[int] = set()
        self._changed: set[str] = set()
        self._runs: dict[str, JudgedRuns] = {}
        """The worker's own: what was last found in the order in which the cells of a notebook were run."""

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

    def verdicts(self) -> dict[str, Verdict]:
        """All verdicts that are out, by the keys of their documents."""
        return dict(self._verdicts)

    async def verdict_on(self, snapshot: Snapshot, settled: bool) -> Verdict | None:
        """The verdict on this very text, once it is out (or settled); None as soon as the text is another, or if judging it failed."""
        while self._server.texts.is_current(snapshot) and snapshot.serial not in self._failed:
            verdict = self.verdict(snapshot.uri)
            if verdict is not None and (verdict.settled or not settled):
                return verdict
            if settled:
                self._server.worker.hurry()
            arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(snapshot.key, []).append(arrival)
            await arrival
        return None

    def judge(self, uri: str) -> None:
        """The document has been opened or changed."""
        before = self._server.texts.snapshot(uri)
        snapshot = self._server.texts.refresh(uri)
        if snapshot is not None:
            if before is not None:
                self._server.runs.follow(before, snapshot)
                self._tell_waiting(before)
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
        server.pulled.forget(closed.key)
        self._verdicts.pop(closed.key, None)
        self._tell_waiting(closed)
        never_pushed = frozenset() if server.pulled.serves(closed) else frozenset({uri})
        for document in self._shown.pop(closed.key, never_pushed):
            self._publish(document, None, [])

        def forget(analysis: Analysis) -> None:
            analysis.forget(closed.file)
            self._runs.pop(closed.key, None)

        server.tell_worker(forget)
        self._judge_others_later(closed)

    def _judge(self, analysis: Analysis, snapshot: Snapshot, settle: bool) -> None:
        """In the worker."""
        server = self._server

        def is_old() -> bool:
            return not server.texts.is_current(snapshot)

        worker = server.worker
        give_way = GiveWay(
            lambda: worker.busy() or is_old(), (lambda: worker.has_checks() or is_old()) if settle else is_old
        )

        if not server.texts.is_current(snapshot):
            return
        started = time.monotonic()
        try:
            judgement = analysis.judge(snapshot.file, snapshot.text, settle, give_way)
            if snapshot.runs and judgement is not None:
                judgement = self._judge_runs(analysis, snapshot, judgement, settle, give_way)
        except Exception:
            server.on_loop(self._fail, snapshot)
            raise
        if judgement is None:
            server.statistics.interrupted += 1
        else:
            (server.statistics.settled if settle else server.statistics.quick).note(
                time.monotonic() - started
            )
            server.on_loop(self._accept, snapshot, judgement, settle)
        if judgement is None or not settle:
            self._settle_later(snapshot)

    def _judge_runs(
        self,
        analysis: Analysis,
        snapshot: Snapshot,
        judgement: Judgement,
        settle: bool,
        give_way: GiveWay,
    ) -> Judgement | None:
        """In the worker: the document's order at once, that of the runs when there is time, and until then what was found last."""
        known = self._runs.get(snapshot.key, JudgedRuns())
        if settle:
            judged = judge_runs(analysis, snapshot, give_way)
            if judged is None:
                return None
            known = self._runs[snapshot.key] = judged
        return with_runs(judgement, known if known.runs == snapshot.runs else JudgedRuns(), snapshot)

    def _accept(self, snapshot: Snapshot, judgement: Judgement, settled: bool) -> None:
        if not self._server.texts.is_current(snapshot):
            return
        before = self._verdicts.get(snapshot.key)
        is_new = before is None or before.snapshot is not snapshot
        self._verdicts[snapshot.key] = Verdict(snapshot, judgement, settled)
        if is_new or (before is not None and before.judgement != judgement):
            self.publish(snapshot.uri)
        self._tell_waiting(snapshot)
        if is_new:
            self._judge_others_later(snapshot)

    def _fail(self, snapshot: Snapshot) -> None:
        """Judging it has raised an error, which is told elsewhere: nobody is to wait for a verdict on this text."""
        self._failed = {each.serial for each in self._server.texts.snapshots() if each.serial in self._failed}
        self._failed.add(snapshot.serial)
        self._tell_waiting(snapshot)

    def _tell_waiting(self, snapshot: Snapshot) -> None:
        for arrival in self._waiting.pop(snapshot.key, ()):
            if not arrival.done():
                arrival.set_result(None)

    def _judge_others_later(self, changed: Snapshot) -> None:
        """Whoever imports ``changed`` may be judged differently now; who does not costs next to nothing."""
        if not self._changed:
            self._server.loop.call_later(OTHERS_S, self._judge_others)
        self._changed.add(changed.key)

    def _judge_others(self) -> None:
        changed, self._changed = self._changed, set()
        for other in self._server.texts.snapshots():
            if changed != {other.key}:
                self._settle_later(other)

    def _settle_later(self, snapshot: Snapshot) -> None:
        self._server.worker.later(snapshot.key, lambda analysis: self._judge(analysis, snapshot, True))

    def publish(self, uri: str) -> None:
        """Tell the client what there is to say of the document as it is now, what a traced run said of the same text included."""
        verdict = self.verdict(uri)
        if verdict is None:
            return
        snapshot = verdict.snapshot
        server = self._server
        if not server.pulled.serves(snapshot):
            self._push(snapshot, compose(server, snapshot, verdict.judgement))
            return
        server.pulled.changed(snapshot.uri)
        if not server.abilities.refreshes_diagnostics:
            traced, _ = compose_traced(server, snapshot)
            if any(traced.values()) or snapshot.key in self._shown:
                self._push(snapshot, traced)

    def _push(self, snapshot: Snapshot, by_uri: ByDocument) -> None:
        for gone in self._shown.get(snapshot.key, frozenset()) - by_uri.keys():
            self._publish(gone, None, [])
        self._shown[snapshot.key] = frozenset(by_uri)
        versions = versions_of(snapshot)
        for uri, diagnostics in by_uri.items():
            self._publish(uri, versions[uri], diagnostics)

    def _publish(self, uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=diagnostics)
        )


def register(server: GradsafeServer) -> None:
    """Follow documents and notebooks from open to close."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.published.judge(params.text_document.uri)
        server.configuration.look_again()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.published.judge(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.published.forget(params.text_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def notebook_did_open(params: types.DidOpenNotebookDocumentParams) -> None:
        server.published.judge(params.notebook_document.uri)
        server.configuration.look_again()

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def notebook_did_change(params: types.DidChangeNotebookDocumentParams) -> None:
        server.published.judge(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def notebook_did_close(params: types.DidCloseNotebookDocumentParams) -> None:
        server.published.forget(params.notebook_document.uri)
