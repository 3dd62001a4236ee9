"""``gradsafe trace``: run a program under the tracer."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from gradsafe.cli.check import write_utf8
from gradsafe.cli.failure import Failure

FAILED = "failed"


def run(arguments: argparse.Namespace) -> int:
    """The program's own output goes to standard error where standard output is JSON, so that it stays JSON."""
    from gradsafe.trace import TraceRequest, exit_code, render_text, run_trace, to_html, to_json

    _check_page(arguments.html)
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


def _check_page(path: str | None) -> None:
    """Said before the run, which may take hours: where its report could not be written."""
    if path is None:
        return
    if Path(path).is_dir():
        raise Failure(f"{path} is a folder. Give --html the name of a file, as in --html report.html.")
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise Failure(f"{path}: the folder {folder} does not exist. Make it, or give --html another place.")
    if not os.access(path if Path(path).exists() else folder, os.W_OK):
        raise Failure(f"{path} cannot be written: no permission. Give --html another place.")


def _write_page(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or str(error)
        raise Failure(
            f"the report cannot be written to {path}: {why}. The findings stand above; free some space "
            "or give --html another place, and run it again."
        ) from None


def _pass_on(stream: str, text: str) -> None:
    out = sys.stderr if stream == "stderr" else sys.stdout
    out.write(text)
    out.flush()


def _to_stderr(stream: str, text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
