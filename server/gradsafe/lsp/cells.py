"""Cells as the analysis cuts them: their numbers, their marker lines, what of them is run.

``gradsafe.syntax.cells`` is imported when the first cell is asked for, so that ``initialize`` does not wait for it.
"""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradsafe.lsp.convert import line_starts, split_lines

if TYPE_CHECKING:
    from gradsafe.lsp.documents import Snapshot
    from gradsafe.lsp.running import RunCell


class CodeCell(NamedTuple):
    """A cell of code in a ``# %%`` file; ``row`` (from 0) is that of its marker."""

    number: int
    row: int
    start: int
    end: int
    title: str


_SIGNS = ("%%", "# COMMAND -", "# Databricks", "In[", "<codecell>")
"""One of these stands in every marker."""


def code_cells(text: str) -> list[CodeCell]:
    """The marked cells of a file; what stands above the first marker is cell 0 and not among them."""
    if not any(sign in text for sign in _SIGNS):
        return []
    from gradsafe.syntax.cells import cells

    starts = line_starts(text)
    return [
        CodeCell(cell.index, bisect_right(starts, cell.start - 1) - 1, cell.start, cell.end, cell.title)
        for cell in cells(text)
        if cell.index > 0
    ]


def join_cells(sources: Sequence[str]) -> str:
    """The code cells of a notebook as one text, each under a marker line, magics replaced."""
    from gradsafe.syntax.cells import join

    return join(sources).text


def cells_to_run(snapshot: Snapshot) -> list[RunCell]:
    """The cells of a document in order; none where a file has no markers."""
    from gradsafe.lsp.running import RunCell

    if snapshot.cells:
        lines = snapshot.lines
        found = []
        for number, cell in enumerate(snapshot.cells, 1):
            python = lines[cell.first_row - 1 : cell.first_row - 1 + len(cell.lines)]
            notes = tuple(_left_out(number, cell.lines, python))
            found.append(RunCell(number, cell.uri, 1, "\n".join(python) + "\n", notes=notes))
        return found
    marked = code_cells(snapshot.text)
    if not marked:
        return []
    rows = line_starts(snapshot.text)
    above = snapshot.text[: rows[marked[0].row]]
    cells = [RunCell(0, snapshot.file, 1, above)] if above.strip() else []
    cells += [
        RunCell(each.number, snapshot.file, each.row + 2, snapshot.text[each.start : each.end])
        for each in marked
    ]
    return cells


def _left_out(number: int, written: Sequence[str], python: Sequence[str]) -> Iterator[str]:
    for row, (ours, theirs) in enumerate(zip(python, written, strict=False), 1):
        if ours != theirs:
            yield f"cell {number}, line {row}: `{theirs.strip()}` is for IPython and was left out"


def code_of(text: str) -> str:
    """What makes two texts the same code: comments and blank lines do not count."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(line.rstrip() for line in split_lines(text)).strip()
