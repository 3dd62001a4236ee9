"""Tracebacks without the tracer's own frames."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Optional

_HERE = str(Path(__file__).parents[1])
_PACKAGE = __name__.partition(".")[0] + "."


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


def hide_ours() -> None:
    """Our frames carry pytest's mark for those that it leaves out of tracebacks."""
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGE):
            vars(module)["__tracebackhide__"] = True


def without_ours(step: Optional[TracebackType]) -> Optional[TracebackType]:
    """A traceback whose steps through the tracer are left out."""
    kept = []
    while step is not None:
        if not step.tb_frame.f_code.co_filename.startswith(_HERE):
            kept.append(step)
        step = step.tb_next
    chain: Optional[TracebackType] = None
    for one in reversed(kept):
        chain = TracebackType(chain, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return chain
