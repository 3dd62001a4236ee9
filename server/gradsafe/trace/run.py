"""Starts the tracer in the chosen interpreter and reads what it leaves: events, and last of all the result."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradsafe.rules.certainty.judge import judge_log
from gradsafe.trace import problems
from gradsafe.trace.bootstrap import LOST, OLD_PYTHON, environment, start
from gradsafe.trace.child import Ended, run_child
from gradsafe.trace.crashes import crash_place, is_no_library, signal_name
from gradsafe.trace.result import (
    CANCELLED,
    COMPLETED,
    FAILED,
    RAISED,
    TIMEOUT,
    TraceException,
    TraceProblem,
    TraceRequest,
    TraceResult,
)
from gradsafe.trace.streams import OnOutput
from gradsafe_tracer.events import Event, Place, from_json

LAST_WORDS = 1.0
"""How long after its time limit the child may take to write what it saw, before it is ended."""


def run_trace(
    request: TraceRequest, *, on_output: OnOutput | None = None, cancel: threading.Event | None = None
) -> TraceResult:
    """Runs the program to its end (or ``request.timeout``, or ``cancel``) and judges its events. Never raises."""
    python = request.python or sys.executable
    problem = problems.before_start(request, python)
    if problem is not None:
        return TraceResult(FAILED, problem=problem)
    try:
        with tempfile.TemporaryDirectory(prefix="gradsafe-trace-", ignore_cleanup_errors=True) as work:
            return _run_in(Path(work), request, python, on_output, cancel)
    except OSError as error:
        return TraceResult(FAILED, problem=problems.no_room(error))


def _run_in(
    work: Path,
    request: TraceRequest,
    python: str,
    on_output: OnOutput | None,
    cancel: threading.Event | None,
) -> TraceResult:
    log = work / "events.jsonl"
    log.touch()
    command, ours = _command(request, python, log, work), environment()
    try:
        ended = run_child(
            command,
            ours,
            folder=request.folder,
            timeout=None if request.timeout is None else request.timeout + LAST_WORDS,
            cancel=cancel,
            on_output=on_output,
        )
    except OSError as error:
        return TraceResult(FAILED, problem=problems.cannot_start(python, error))
    events, result = read_log(log)
    crash = crash_place(log.with_name(log.name + ".crash"), is_no_library)
    told = judged(outcome_of(request, python, ended, result, crash), events)
    notes = (*result.get("notes", ()), *map(problems.trouble, result.get("troubles", ())))
    texts = result.get("texts") or {}
    return replace(
        told,
        notes=notes,
        output=ended.output.get("stdout", ""),
        texts=tuple(texts.items()),
        stopped=bool(result.get("stopped")),
    )


def _command(request: TraceRequest, python: str, log: Path, work: Path) -> list[str]:
    command = [*start(python, "code = main()"), "--events", str(log)]
    if request.cell is not None:
        command += ["--cell", str(request.cell)]
    if request.timeout is not None:
        command += ["--deadline", str(time.time() + request.timeout)]
    if request.memory is not None:
        command += ["--memory", str(request.memory)]
    if request.light:
        command.append("--light")
    if request.text is not None:
        source = work / "source"
        source.write_text(request.text, encoding="utf-8", newline="")
        command += ["--source", str(source)]
    if request.dry_run:
        command.append("--dry-run")
    if request.pytest is not None:
        test = "::".join(filter(None, (request.file, request.pytest)))
        return [*command, "-m", "pytest", *request.arguments, test]
    if request.module is not None:
        return [*command, "-m", request.module, *request.arguments]
    return [*command, "--", request.file, *request.arguments]


def read_log(log: Path) -> tuple[tuple[Event, ...], dict[str, Any]]:
    """The events and the result line; a log that was cut off ends where it was cut."""
    events: list[Event] = []
    result: dict[str, Any] = {}
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                if line.startswith('{"kind": "result"'):
                    result = json.loads(line)
                elif line.strip():
                    events.append(from_json(line))
            except ValueError:
                break
    return tuple(events), result


def outcome_of(
    request: TraceRequest, python: str, ended: Ended, result: dict[str, Any], crash: Place | None = None
) -> TraceResult:
    """How it ended, without its events; ``crash`` is the line at which native code broke it."""
    if ended.cancelled:
        return TraceResult(CANCELLED)
    if ended.timed_out or result.get("outcome") == TIMEOUT:
        return TraceResult(TIMEOUT, problem=problems.timed_out(request))
    if result.get("outcome") == "memory":
        return TraceResult(RAISED, problem=problems.too_much_memory(request))
    if result.get("outcome") == "problem":
        return TraceResult(FAILED, problem=problems.told(request, python, result))
    if not result:
        return _without_report(request, python, ended, crash)
    found = result.get("exception")
    exception = (
        TraceException(found["type"], found["message"], found.get("row"), found.get("file"))
        if found
        else None
    )
    died = signal_name(ended.status) is not None
    problem = problems.died(ended.status, crash) if died else problems.cut_short(result)
    return TraceResult(str(result["outcome"]), exception, problem=problem)


def _without_report(request: TraceRequest, python: str, ended: Ended, crash: Place | None) -> TraceResult:
    if ended.status == OLD_PYTHON:
        return TraceResult(FAILED, problem=problems.old_python(python))
    name = signal_name(ended.status)
    if name is not None:
        row, file = (None, None) if crash is None else (crash.row, crash.file)
        exception = TraceException(name, f"the program was ended by {name}", row, file)
        return TraceResult(RAISED, exception, problem=problems.died(ended.status, crash))
    error = ended.output.get("stderr", "")
    if ended.status == LOST:
        last = error.strip().rpartition("\n")[2].removeprefix("gradsafe: ")
        return TraceResult(COMPLETED, problem=problems.cut_short({"log_error": last}))
    if "gradsafe_tracer" in error and ended.status == 1:
        return TraceResult(FAILED, problem=problems.tracer_failed(python, error))
    return TraceResult(COMPLETED, problem=problems.left_early(request, ended.status))


def judged(result: TraceResult, events: tuple[Event, ...]) -> TraceResult:
    """``result`` with what the rules say of its events."""
    try:
        findings = tuple(judge_log(events))
    except Exception as error:  # a rule that fails must not cost the user the events
        problem = TraceProblem("rules", f"the rules failed on this run: {error!r}", "Please report it.")
        return replace(result, events=events, problem=result.problem or problem)
    return replace(result, events=events, findings=findings)
