"""``gradsafe trace``: runs a program in a child process under the tracer and judges what really happened."""

from gradsafe.trace.page import timeline_data, to_html
from gradsafe.trace.predicted import Comparison, compare, files_that_ran
from gradsafe.trace.render import render_text, summary
from gradsafe.trace.result import TraceException, TraceProblem, TraceRequest, TraceResult
from gradsafe.trace.run import run_trace
from gradsafe.trace.shape import entries, exit_code, to_json

__all__ = [
    "Comparison",
    "TraceException",
    "TraceProblem",
    "TraceRequest",
    "TraceResult",
    "compare",
    "entries",
    "exit_code",
    "files_that_ran",
    "render_text",
    "run_trace",
    "summary",
    "timeline_data",
    "to_html",
    "to_json",
]
