"""``%load_ext gradsafe_tracer``: errors of autograd explain themselves, and ``%%trace_inplace`` traces a cell.

IPython is imported only where it runs already.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any, Callable, List, Optional

from . import postmortem
from .care.harmless import harmless
from .context import Report, running_session, trace


def load_ipython_extension(shell: Any) -> None:
    """Called by ``%load_ext gradsafe_tracer``."""
    unload_ipython_extension(shell)
    extension = _Extension(shell)
    shell._gradsafe = extension
    shell.register_magic_function(extension.trace_cell, "cell", "trace_inplace")
    shell.register_magic_function(extension.last, "line", "trace_inplace_last")
    shell.events.register("post_run_cell", extension.after_cell)


def unload_ipython_extension(shell: Any) -> None:
    """Called by ``%unload_ext gradsafe_tracer``."""
    extension = getattr(shell, "_gradsafe", None)
    if extension is not None:
        shell.events.unregister("post_run_cell", extension.after_cell)
        extension.uninstall()
        for kind, name in (("cell", "trace_inplace"), ("line", "trace_inplace_last")):
            shell.magics_manager.magics[kind].pop(name, None)
        del shell._gradsafe


class _Extension:
    """What is loaded into one shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._last: Optional[Report] = None
        self.uninstall: Callable[[], None] = postmortem.install()

    def trace_cell(self, line: str, cell: str) -> None:
        """Runs the cell and tells who saved, who modified, who failed.

        %%trace_inplace [--light] [--html FILE]
        """
        from IPython.display import display

        options = _options(line)
        with trace(light=options.light) as report:
            # A row in the magic's place, so that rows are those that the reader sees.
            above = "" if cell.startswith("%%") else "# %%trace_inplace\n"
            ran = self._shell.run_cell(above + cell, store_history=False)
        error = ran.error_before_exec or ran.error_in_exec
        report.outcome = "completed" if error is None else f"raised {type(error).__name__}"
        self._last = report
        display(report)
        if options.html is not None:
            _write(report, options.html)

    def last(self, line: str) -> Optional[Report]:
        """The report of the last traced cell: its ``findings``, ``events``, ``html(path)``."""
        if self._last is None:
            print("no cell was traced yet: begin one with %%trace_inplace", file=sys.stderr)
        return self._last

    @harmless
    def after_cell(self, result: Any) -> None:
        """IPython has shown the traceback by itself; what it did not show is added below."""
        error = getattr(result, "error_in_exec", None)
        if error is None or _shown(error) or running_session() is not None:
            return
        text = postmortem.explain(error)
        if text:
            sys.stderr.write(text)


def _shown(error: BaseException) -> bool:
    return bool(getattr(error, "__notes__", None)) and _shows_notes()


def _shows_notes() -> bool:
    """IPython prints the notes of an error from 8.14 on (its pull request 14039)."""
    import IPython

    return tuple(IPython.version_info[:2]) >= (8, 14)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        from IPython.core.error import UsageError

        raise UsageError(f"{message}\n{self.format_usage()}")


def _options(line: str) -> Any:
    parser = _Parser(prog="%%trace_inplace", add_help=False)
    parser.add_argument("--light", action="store_true", help="loud errors only, at less cost")
    parser.add_argument("--html", metavar="FILE", default=None, help="write the report as one page, too")
    arguments: List[str] = shlex.split(line)
    return parser.parse_args(arguments)


def _write(report: Report, path: str) -> None:
    try:
        report.html(path)
    except OSError as error:
        print(f"gradsafe: the report cannot be written to {path}: {error.strerror}", file=sys.stderr)
