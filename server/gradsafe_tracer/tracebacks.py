"""Tracebacks without the tracer's own frames."""

from __future__ import annotations

import traceback
from pathlib import Path

_HERE = str(Path(__file__).parent)


def format_plain(error: BaseException) -> str:
    """The traceback as it would look without the tracer."""
    whole = traceback.TracebackException(type(error), error, error.__traceback__)
    seen = set()
    todo = [whole]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        kept = [frame for frame in one.stack if not frame.filename.startswith(_HERE)]
        one.stack = traceback.StackSummary.from_list(kept)
        todo += [part for part in (one.__cause__, one.__context__) if part is not None]
    return "".join(whole.format())
