"""Runs code on command, in processes of its own, and publishes what really happened.

The event loop never waits for a run, and a run can always be ended: by the client's cancel, by the progress bar's, by
``gradsafe.cancelTrace``, on shutdown. At most one run of a document goes on at a time.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lsprotocol import types

from gradsafe.lsp import commands, consent
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.kept import Kept
from gradsafe.lsp.locations import spot_of
from gradsafe.lsp.output import Output
from gradsafe.lsp.predictions import predictions
from gradsafe.lsp.requests import Asked, request_for
from gradsafe.lsp.running import Kind, RunRequest, TracedRun
from gradsafe.lsp.sessions import Active, DocumentSession
from gradsafe_tracer.events import Place

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

BUSY = "A traced run of this document is going on already. Cancel it first."


class Runs:
    """The sessions of all documents, and the way from a command to its result."""

    def __init__(self, server: GradsafeServer) -> None:
        self._server = server
        self._sessions: dict[str, DocumentSession] = {}

    # -- what others ask ------------------------------------------------------------------

    def kept(self, snapshot: Snapshot) -> Kept | None:
        """What runs have shown of the document, as it is now."""
        session = self._sessions.get(snapshot.key)
        return session.kept if session is not None else None

    def is_running(self, snapshot: Snapshot) -> bool:
        """A run of the document goes on."""
        session = self._sessions.get(snapshot.key)
        return session is not None and session.active is not None

    def follow(self, before: Snapshot, after: Snapshot) -> None:
        """The document has been edited."""
        kept = self.kept(after)
        if kept is not None:
            kept.follow(before, after)

    def page(self, uri: str) -> str | None:
        """The timeline of the document's last run, as a page."""
        session = self._session_of(uri)
        shown = session.page if session is not None else None
        return shown.page() if shown is not None and shown.page is not None else None

    def locate(self, uri: str, place: Place) -> dict[str, Any] | None:
        """Where a place of the last runs is now; None where its text has been edited since."""
        snapshot = self._server.texts.snapshot(uri)
        kept = self.kept(snapshot) if snapshot is not None else None
        now = kept.place(place) if kept is not None else None
        spot = spot_of(now, self._server.texts, snapshot) if now is not None else None
        if spot is None:
            return None
        start, end = spot.range.start, spot.range.end
        return {
            "uri": spot.uri,
            "line": start.line,
            "character": start.character,
            "end_line": end.line,
            "end_character": end.character,
        }

    # -- ends -----------------------------------------------------------------------------

    def clear(self, uri: str) -> None:
        """Take back what runs have shown; the session keeps its variables."""
        session = self._session_of(uri)
        if session is not None:
            session.kept.clear()
            session.page = None
            self._show(uri)

    def restart(self, uri: str) -> None:
        """End the session: the next run begins with a fresh one."""
        session = self._session_of(uri)
        had = session is not None and session.end(None)
        self._say(
            "The trace session is over; the next run begins with a fresh one."
            if had
            else "There is no trace session to restart: the next run begins with a fresh one."
        )

    def closed(self, snapshot: Snapshot) -> None:
        """The document has been closed: its process is no use to anybody."""
        session = self._sessions.pop(snapshot.key, None)
        if session is not None:
            session.end(None)

    def cancel(self, uri: str | None) -> None:
        """End what runs: of one document, or all."""
        sessions = self._sessions.values() if uri is None else [self._session_of(uri)]
        for session in sessions:
            if session is not None and session.active is not None:
                session.active.cancel.set()

    def cancel_request(self, request: int | str) -> None:
        """The client has cancelled a request: perhaps one that runs."""
        for session in self._sessions.values():
            if session.active is not None and session.active.request == request:
                session.active.cancel.set()

    def close(self) -> None:
        """End all sessions, and wait until their processes are gone."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    # -- runs -----------------------------------------------------------------------------

    async def run(self, uri: str, asked: Asked) -> dict[str, Any] | None:
        """Run what is asked for; None where nothing was run, for which the user has been told why."""
        why = consent.refusal(self._server)
        snapshot = self._server.texts.snapshot(uri)
        if why is None and snapshot is None:
            why = f"{uri} is not open, so there is nothing to run."
        if why is not None or snapshot is None:
            self._refuse(why or "")
            return None
        session = self._sessions.setdefault(snapshot.key, DocumentSession(self._server.runner))
        if session.active is not None:
            self._refuse(BUSY)
            return None
        # Asked before anything counts as running: a question that nobody answers must not block the next run.
        request = await self._agreed(uri, asked, snapshot, session)
        if request is None:
            return None
        if session.active is not None:
            self._refuse(BUSY)
            return None
        request = session.named(request)
        session.active = Active(threading.Event(), self._server.protocol.msg_id)
        session.stop_waiting()
        session.kept.begin(request.cells)
        self._refresh()
        try:
            request = await self._with_predictions(request, snapshot, session.kept)
            traced = await self._follow(snapshot, request, session, session.active.cancel)
        finally:
            session.active = None
            self._refresh()
        traced = session.done(request, traced)
        session.wait_idle(asyncio.get_running_loop(), self._server.options.trace_idle)
        return self._tell(snapshot, request, traced)

    async def _agreed(
        self, uri: str, asked: Asked, snapshot: Snapshot, session: DocumentSession
    ) -> RunRequest | None:
        """The request, once it is known that cells above may run with it."""
        request = request_for(self._server, uri, asked, snapshot)
        if request.kind is not Kind.CELLS:
            return request
        target = request.cells[-1]
        missing = session.missing(request.cells, target.number)
        above = sum(cell.number > 0 for cell in missing)
        if above and not session.always:
            answer = await consent.ask_for(self._server, target.number, above)
            if answer == consent.DRY:
                return request_for(self._server, uri, Asked(Kind.DRY_RUN, target.number), snapshot)
            if answer not in (consent.RUN, consent.RUN_ALWAYS):
                return None
            session.always = answer == consent.RUN_ALWAYS
        return request.only((*missing, target))

    async def _with_predictions(self, request: RunRequest, snapshot: Snapshot, kept: Kept) -> RunRequest:
        verdict = await self._server.published.wait_for_verdict(snapshot.uri)
        if verdict is None:
            return request  # the analysis has not said anything yet, so nothing it said is right or wrong
        # Cells run here in the order of the document.
        told = [entry for entry in verdict.judgement.entries if entry not in verdict.judgement.only_as_run]
        return replace(request, predicted=tuple(predictions(told, snapshot, kept, request)))

    async def _follow(
        self, snapshot: Snapshot, request: RunRequest, session: DocumentSession, cancel: threading.Event
    ) -> TracedRun:
        """The run in a thread of its own, with a progress bar where the client has one."""
        done: Future[TracedRun] = Future()
        output = Output(self._server, snapshot.uri)

        def work() -> None:
            try:
                done.set_result(session.work(request, cancel, output.write))
            except Exception as error:
                done.set_exception(error)

        token = await self._begin_progress(what(snapshot, request), cancel)
        threading.Thread(target=work, name="gradsafe-run", daemon=True).start()
        try:
            # Shielded: a cancel must end the child first, and the thread says when it has.
            return await asyncio.shield(asyncio.wrap_future(done))
        except asyncio.CancelledError:
            cancel.set()
            raise
        finally:
            output.close()
            if token is not None:
                self._server.work_done_progress.end(token, types.WorkDoneProgressEnd())
                self._server.work_done_progress.tokens.pop(token, None)

    async def _begin_progress(self, message: str, cancel: threading.Event) -> str | None:
        if not self._server.abilities.progress:
            return None
        progress = self._server.work_done_progress
        token = f"gradsafe-run-{uuid4()}"
        await progress.create_async(token)
        begin = types.WorkDoneProgressBegin(title="Run and trace", message=message, cancellable=True)
        progress.begin(token, begin)
        progress.tokens[token].add_done_callback(lambda _: cancel.set())
        return token

    # -- what the client sees -------------------------------------------------------------

    def _tell(self, snapshot: Snapshot, request: RunRequest, traced: TracedRun) -> dict[str, Any]:
        """Diagnostics where the text still stands; the log and a message in any case."""
        server = self._server
        self._show(snapshot.uri)
        summary = f"{what(snapshot, request)}: {traced.summary}"
        told = {
            "uri": snapshot.uri,
            "cell": request.cells[-1].number if request.kind is Kind.CELLS else None,
            "kind": request.kind.value,
            "outcome": traced.outcome,
            "summary": summary,
            "report": f"== {summary}\n{traced.report}",
            "findings": len(traced.findings),
            "over": traced.over,
        }
        if server.options.shows_traces:
            server.protocol.notify("gradsafe/traced", told)
        else:
            kind = types.MessageType.Info if traced.outcome == "completed" else types.MessageType.Warning
            server.window_log_message(types.LogMessageParams(type=kind, message=str(told["report"])))
            server.window_show_message(types.ShowMessageParams(type=kind, message=summary))
        return told

    def _show(self, uri: str) -> None:
        self._server.published.publish(uri)
        self._refresh()

    def _refresh(self) -> None:
        """Lenses and hints tell of runs; the client asks for them anew where it can be asked to."""
        if self._server.abilities.refreshes_lenses:
            self._server.workspace_code_lens_refresh(None)
        if self._server.abilities.refreshes_hints:
            self._server.workspace_inlay_hint_refresh(None)

    def _session_of(self, uri: str) -> DocumentSession | None:
        snapshot = self._server.texts.snapshot(uri)
        return self._sessions.get(snapshot.key) if snapshot is not None else None

    def _refuse(self, why: str) -> None:
        message = f"gradsafe: {why}"
        self._server.window_show_message(
            types.ShowMessageParams(type=types.MessageType.Warning, message=message)
        )

    def _say(self, text: str) -> None:
        message = f"gradsafe: {text}"
        self._server.window_show_message(
            types.ShowMessageParams(type=types.MessageType.Info, message=message)
        )


def what(snapshot: Snapshot, request: RunRequest) -> str:
    """What runs, in a few words."""
    name = Path(snapshot.file).name
    if request.kind is Kind.TEST:
        return f"{name}, {request.target}"
    if request.kind is Kind.DRY_RUN:
        return f"{name}, dry run" + (f" to cell {request.cells[-1].number}" if len(request.cells) > 1 else "")
    return f"{name}, cell {request.cells[-1].number}" if request.kind is Kind.CELLS else name


def register(server: GradsafeServer) -> None:
    """The commands. The second argument of those that run a cell is its number, or a position in it."""
    runs = server.runs

    @server.command(commands.RUN_CELL)
    async def run_cell(uri: str, cell: Any) -> dict[str, Any] | None:
        return await runs.run(uri, Asked(Kind.CELLS, _cell(cell)))

    @server.command(commands.DRY_RUN)
    async def dry_run(uri: str, cell: Any) -> dict[str, Any] | None:
        return await runs.run(uri, Asked(Kind.DRY_RUN, _cell(cell)))

    @server.command(commands.RUN_FILE)
    async def run_file(uri: str, *more: Any) -> dict[str, Any] | None:
        arguments = tuple(map(str, more[0])) if more and isinstance(more[0], (list, tuple)) else None
        return await runs.run(uri, Asked(Kind.FILE, arguments=arguments))

    @server.command(commands.RUN_TEST)
    async def run_test(uri: str, test: str) -> dict[str, Any] | None:
        return await runs.run(uri, Asked(Kind.TEST, target=test))

    @server.command(commands.CANCEL)
    def cancel(*uri: str) -> None:
        runs.cancel(uri[0] if uri else None)

    @server.command(commands.RESTART)
    def restart(uri: str) -> None:
        runs.restart(uri)

    @server.command(commands.CLEAR)
    def clear(uri: str) -> None:
        runs.clear(uri)

    @server.command(commands.TIMELINE)
    async def timeline(uri: str) -> str | None:
        # Made in a thread: a long run makes a long page.
        return await asyncio.to_thread(runs.page, uri)

    @server.command(commands.LOCATE)
    def locate(uri: str, place: Any) -> dict[str, Any] | None:
        rows = (int(place[key]) for key in ("row", "column", "end_row", "end_column"))
        return runs.locate(uri, Place(str(place["file"]), *rows))


def _cell(cell: Any) -> int | types.Position:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    if isinstance(cell, dict):
        return types.Position(line=int(cell["line"]), character=int(cell["character"]))
    raise ValueError("the second argument is the number of a cell, or a position")
