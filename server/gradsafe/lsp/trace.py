"""``gradsafe.runAndTraceCell``: runs a cell in a process of its own, and publishes what really happened.

The event loop never waits for the run, and a run can always be ended: by the client's cancel, by the progress
bar's, by ``gradsafe.cancelRun``, on shutdown. The command is the consent; an untrusted workspace refuses it.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lsprotocol import types

from gradsafe.lsp.cells import code_cells, text_until
from gradsafe.lsp.code_lens import RUN_AND_TRACE
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.locations import row_column_of
from gradsafe.lsp.running import RunRequest, TracedRun
from gradsafe.report.entry import Entry

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

CANCEL_RUN = "gradsafe.cancelRun"
CLEAR_RUN = "gradsafe.clearRun"
BUSY = "A traced run is going on already. Cancel it first."
RUN, RUN_ALWAYS, DO_NOT_RUN = "Run", "Run, and do not ask again", "Cancel"


@dataclass(frozen=True)
class _Kept:
    """The findings of a run, and the text that was run."""

    snapshot: Snapshot
    findings: tuple[Entry, ...]


class Runs:
    """At most one run at a time, and the findings of the last run of each document."""

    def __init__(self, server: GradsafeServer) -> None:
        self._server = server
        self._kept: dict[str, _Kept] = {}
        self._running: threading.Event | None = None
        self._request: int | str | None = None
        self._agreed: set[str] = set()

    def findings(self, snapshot: Snapshot) -> tuple[Entry, ...]:
        """What the last run of exactly this text found."""
        kept = self._kept.get(snapshot.key)
        return kept.findings if kept is not None and kept.snapshot is snapshot else ()

    def clear(self, uri: str) -> None:
        """Take back what a run has shown."""
        snapshot = self._server.texts.snapshot(uri)
        if snapshot is not None and self._kept.pop(snapshot.key, None) is not None:
            self._server.published.publish(uri)

    def cancel_all(self) -> None:
        """End the run, if there is one."""
        if self._running is not None:
            self._running.set()

    def cancel_request(self, request: int | str) -> None:
        """The client has cancelled a request: perhaps the one that runs."""
        if request == self._request:
            self.cancel_all()

    async def run(self, uri: str, cell: int | types.Position) -> dict[str, Any] | None:
        """Run the cell after those above it; None where nothing was run, for which the user has been told why."""
        if self._server.options.trusted is False:
            self._refuse("This workspace is not trusted, so gradsafe does not run its code.")
            return None
        if self._running is not None:
            self._refuse(BUSY)
            return None
        snapshot = self._server.texts.snapshot(uri)
        if snapshot is None:
            self._refuse(f"{uri} is not open, so there is nothing to run.")
            return None
        number = _cell_number(snapshot, uri, cell, self._server)
        # Asked before anything counts as running: a question that nobody answers must not block the next run.
        if not await self._agreed_to(snapshot, number):
            return None
        if self._running is not None:
            self._refuse(BUSY)
            return None
        cancel = self._running = threading.Event()
        self._request = self._server.protocol.msg_id
        try:
            traced = await self._follow(snapshot, number, cancel)
        finally:
            self._running = self._request = None
        return self._tell(snapshot, number, traced)

    def _refuse(self, why: str) -> None:
        self._server.window_show_message(
            types.ShowMessageParams(type=types.MessageType.Warning, message=f"gradsafe: {why}")
        )

    async def _agreed_to(self, snapshot: Snapshot, number: int | None) -> bool:
        """Cells above are run again: say how many, and ask once for each document."""
        above = (number or 0) - 1
        if above < 1 or snapshot.key in self._agreed:
            return True
        cells = "the cell above it" if above == 1 else f"the {above} cells above it"
        answer = await self._server.window_show_message_request_async(
            types.ShowMessageRequestParams(
                type=types.MessageType.Info,
                message=f"Run cell {number} in a new process, after {cells}?",
                actions=[types.MessageActionItem(title=title) for title in (RUN, RUN_ALWAYS, DO_NOT_RUN)],
            )
        )
        chosen = answer.title if answer is not None else DO_NOT_RUN
        if chosen == RUN_ALWAYS:
            self._agreed.add(snapshot.key)
        return chosen in (RUN, RUN_ALWAYS)

    async def _follow(self, snapshot: Snapshot, number: int | None, cancel: threading.Event) -> TracedRun:
        """The run in a thread of its own, with a progress bar where the client has one."""
        options = self._server.options
        request = RunRequest(
            snapshot.file,
            snapshot.text if number is None else text_until(snapshot.text, number),
            snapshot.cells[:number],
            options.trace_interpreter,
            options.trace_timeout,
        )
        done: Future[TracedRun] = Future()

        def work() -> None:
            try:
                done.set_result(self._server.run_request(request, cancel))
            except Exception as error:
                done.set_exception(error)

        token = await self._begin_progress(snapshot, number, cancel)
        threading.Thread(target=work, name="gradsafe-run", daemon=True).start()
        try:
            # Shielded: a cancel must end the child first, and the thread says when it has.
            return await asyncio.shield(asyncio.wrap_future(done))
        except asyncio.CancelledError:
            cancel.set()
            raise
        finally:
            if token is not None:
                self._server.work_done_progress.end(token, types.WorkDoneProgressEnd())
                self._server.work_done_progress.tokens.pop(token, None)

    async def _begin_progress(
        self, snapshot: Snapshot, number: int | None, cancel: threading.Event
    ) -> str | None:
        if not self._server.abilities.progress:
            return None
        progress = self._server.work_done_progress
        token = f"gradsafe-run-{uuid4()}"
        await progress.create_async(token)
        begin = types.WorkDoneProgressBegin(
            title="Run and trace", message=_what(snapshot, number), cancellable=True
        )
        progress.begin(token, begin)
        progress.tokens[token].add_done_callback(lambda _: cancel.set())
        return token

    def _tell(self, snapshot: Snapshot, number: int | None, traced: TracedRun) -> dict[str, Any]:
        """Diagnostics where the text is still the one that ran; the log and a message in any case."""
        server = self._server
        if server.texts.is_current(snapshot):
            self._kept[snapshot.key] = _Kept(snapshot, traced.findings)
            server.published.publish(snapshot.uri)
        what = _what(snapshot, number)
        summary = f"{what}: {traced.summary}"
        report = f"== {summary}\n{traced.report}"
        told = {
            "uri": snapshot.uri,
            "cell": number,
            "outcome": traced.outcome,
            "summary": summary,
            "report": report,
        }
        if server.options.shows_traces:
            server.protocol.notify("gradsafe/traced", told)
        else:
            kind = types.MessageType.Info if traced.outcome == "completed" else types.MessageType.Warning
            server.window_log_message(types.LogMessageParams(type=kind, message=report))
            server.window_show_message(types.ShowMessageParams(type=kind, message=summary))
        return told


def _what(snapshot: Snapshot, number: int | None) -> str:
    name = Path(snapshot.file).name
    return name if number is None else f"{name}, cell {number}"


def _cell_number(
    snapshot: Snapshot, uri: str, cell: int | types.Position, server: GradsafeServer
) -> int | None:
    """The number of the cell that a command's second argument means; None: the whole file, which has no cells."""
    if isinstance(cell, int):
        return cell
    row, _ = row_column_of(uri, cell, snapshot, server.texts)
    cells = code_cells(snapshot.text)
    above = [each.number for each in cells if each.row < row]
    return above[-1] if above else (0 if cells else None)


def register(server: GradsafeServer) -> None:
    """The three commands."""

    @server.command(RUN_AND_TRACE)
    async def run_and_trace_cell(uri: str, cell: Any) -> dict[str, Any] | None:
        if isinstance(cell, bool) or not isinstance(cell, (int, dict)):
            raise ValueError("the second argument is the number of a cell, or a position")
        if isinstance(cell, dict):
            cell = types.Position(line=int(cell["line"]), character=int(cell["character"]))
        return await server.runs.run(uri, cell)

    @server.command(CANCEL_RUN)
    def cancel_run() -> None:
        server.runs.cancel_all()

    @server.command(CLEAR_RUN)
    def clear_run(uri: str) -> None:
        server.runs.clear(uri)
