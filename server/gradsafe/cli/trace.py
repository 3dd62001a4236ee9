"""``gradsafe trace``: run a program under the tracer."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gradsafe.cli.check import write_utf8
from gradsafe.cli.failure import Failure
from gradsafe_tracer.timeline import lost, refusal

FAILED = "failed"


def run(arguments: argparse.Namespace) -> int:
    """The program's own output goes to standard error where standard output is JSON, so that it stays JSON."""
    from gradsafe.trace import TraceRequest, exit_code, render_text, run_trace, to_html, to_json

    refused = refusal(arguments.html) if arguments.html is not None else None
    if refused is not None:
        raise Failure(f"{refused}.")
    request = TraceRequest(
        file=arguments.file,
        cell=arguments.cell,
        arguments=tuple(arguments.arguments),
        python=arguments.python,
        timeout=arguments.timeout,
    )
    as_json = arguments.output_format == "json"
    result = run_trace(request, on_output=_to_stderr if as_json else _pass_on)
    if result.outcome == FAILED:
        problem = result.problem
        raise Failure(
            f"{problem.message.rstrip('.')}. {problem.remedy}" if problem is not None else "nothing was run"
        )
    if as_json:
        write_utf8(to_json(result))
    else:
        from rich.console import Console

        render_text(result, request, console=Console(highlight=False))
    if arguments.html is not None:
        _write_page(arguments.html, to_html(result, request))
    return exit_code(result)


def _write_page(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{lost(path, error)}.") from None


def _pass_on(stream: str, text: str) -> None:
    out = sys.stderr if stream == "stderr" else sys.stdout
    out.write(text)
    out.flush()


def _to_stderr(stream: str, text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
