"""``ctx.mark_dirty(x)`` of a custom Function: it says that ``x`` is written in place, which a fix may make untrue.

Torch refuses a Function that marks an input and does not return it.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.forms import callee
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import dotted, walk
from gradsafe.rules.finding import Edit
from gradsafe.syntax.span import Span


def unmarked(site: Site, name: str) -> tuple[Edit, ...] | None:
    """The edits after which nobody says that the input called ``name`` is written; None where that cannot be taken out."""
    edits: list[Edit] = []
    function = site.spot.code.chunk.qualname
    for code in site.sources.scope(site.spot.code.chunk) or ():
        if code.chunk.qualname != function:
            continue
        for line in code.body:
            for call in _marks(line, name):
                if (
                    not isinstance(line, cst.SimpleStatementLine)
                    or len(line.body) != 1
                    or len(call.args) != 1
                ):
                    return None
                start, end = code.offsets(line.body[0])
                while start > 0 and code.text[start - 1] in " \t\f":
                    start -= 1
                while end < len(code.text) and code.text[end - 1] != "\n":
                    end += 1
                edits.append(Edit(Span(code.chunk, start, end), ""))
    return tuple(edits)


def _marks(line: cst.CSTNode, name: str) -> Iterator[cst.Call]:
    for cursor in walk([line]):
        call = cursor.node
        marks = isinstance(call, cst.Call) and callee(call) == "mark_dirty"
        if isinstance(call, cst.Call) and marks and any(dotted(arg.value) == name for arg in call.args):
            yield call
