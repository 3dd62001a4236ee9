"""``gradsafe trace``: run a program under the tracer."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from gradsafe.cli.check import write_utf8
from gradsafe.cli.failure import Failure
from gradsafe.cli.opening import open_paths, widened
from gradsafe.judging.judge import wanted
from gradsafe.rules.finding import UNUSED
from gradsafe_tracer.timeline import lost, refusal, write_page

if TYPE_CHECKING:
    from gradsafe.trace import Comparison, TraceRequest, TraceResult

FAILED = "failed"


def run(arguments: argparse.Namespace) -> int:
    """The program's own output goes to standard error where standard output is JSON, so that it stays JSON."""
    from gradsafe.trace import entries, exit_code, render_text, run_trace, to_html, to_json

    refused = refusal(arguments.html) if arguments.html is not None else None
    if refused is not None:
        raise Failure(f"{refused}.")
    request = _request(arguments)
    as_json = arguments.output_format == "json"
    result = run_trace(request, on_output=_to_stderr if as_json else _pass_on)
    if result.outcome == FAILED:
        problem = result.problem
        raise Failure(
            f"{problem.message.rstrip('.')}. {problem.remedy}" if problem is not None else "nothing was run"
        )
    comparison = _compared(result, request)
    if as_json:
        listed = comparison.listed(entries(result)) if comparison is not None else None
        write_utf8(to_json(result, listed))
    else:
        from rich.console import Console

        render_text(result, request, console=Console(highlight=False), comparison=comparison)
    if arguments.html is not None:
        _write(arguments.html, to_html(result, request, comparison))
    return exit_code(result)


def _request(arguments: argparse.Namespace) -> TraceRequest:
    from gradsafe.trace import TraceRequest

    file, _, test = (arguments.pytest or arguments.file or "").partition("::")
    return TraceRequest(
        file=file if arguments.pytest is not None else arguments.file or "",
        cell=arguments.cell,
        arguments=tuple(arguments.arguments),
        python=arguments.python,
        timeout=arguments.timeout,
        light=arguments.light,
        module=arguments.module,
        pytest=test if arguments.pytest is not None else None,
        dry_run=arguments.dry_run,
    )


def _compared(result: TraceResult, request: TraceRequest) -> Comparison | None:
    """With what the static analysis says of the files that ran; None where it cannot be asked, whatever the reason."""
    from gradsafe.trace import compare, files_that_ran

    if request.module is not None or not request.file.endswith(".py"):
        return None
    try:
        opened, ran = open_paths([request.file]), files_that_ran(result)
        imported = opened.judge.imports(request.file)
        opened = widened(opened, (file for file in imported if os.path.realpath(file) in ran))
        found = [entry for file in opened.files for entry in opened.judge.check(file).entries]
        predicted = wanted(found, None, frozenset({UNUSED}))  # no run bears out what is said of a comment
    except Exception:  # the run is what was asked for
        return None
    return compare(result, request, predicted)


def _write(path: str, text: str) -> None:
    try:
        write_page(path, text)
    except OSError as error:
        raise Failure(f"{lost(path, error)}.") from None


def _pass_on(stream: str, text: str) -> None:
    out = sys.stderr if stream == "stderr" else sys.stdout
    out.write(text)
    out.flush()


def _to_stderr(stream: str, text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
