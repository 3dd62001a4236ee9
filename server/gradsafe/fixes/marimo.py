"""Edits that marimo would refuse: each name of its notebooks is bound by one cell only.

The parameters of a cell are names that other cells bind, so ``h = h.add(1)`` in a cell that takes ``h`` ends the whole notebook with
"MultipleDefinitionError". Names that begin with an underscore are the cell's own.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable

import libcst as cst

from gradsafe.fixes.apply import apply_edits
from gradsafe.fixes.sources import Code, Sources
from gradsafe.rules.finding import Edit
from gradsafe.syntax.span import ChunkId, Span

_CELL = re.compile(r"^@\w+\.cell\b", re.MULTILINE)


def binds_what_a_cell_takes(edits: Iterable[Edit], sources: Sources) -> bool:
    """Whether with the edits a cell binds a name that it takes from another one."""
    by_chunk: defaultdict[ChunkId, list[tuple[int, int, str]]] = defaultdict(list)
    for edit in edits:
        if isinstance(edit.span, Span):
            by_chunk[edit.span.chunk].append((edit.span.start, edit.span.end, edit.content))
    for chunk, made in by_chunk.items():
        scope, code = sources.scope(chunk), sources.code(chunk)
        taken = _taken(scope[0]) if scope else frozenset()
        if taken and code is not None and taken & _bound(apply_edits(code.text, made)):
            return True
    return False


def _taken(header: Code) -> frozenset[str]:
    """The names that a cell takes; none where this is no cell."""
    function = header.body[0] if header.body else None
    if not isinstance(function, cst.FunctionDef) or not _CELL.search(header.text):
        return frozenset()
    return frozenset(each.name.value for each in function.params.params)


def _bound(text: str) -> frozenset[str]:
    try:
        tree = ast.parse(f"if 1:\n{text}")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()  # a header without its body, say: whatever does not parse is refused elsewhere
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return frozenset(node.id for node in stored if isinstance(node.ctx, ast.Store))
