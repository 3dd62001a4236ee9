"""Cells as the analysis cuts them: their numbers, their marker lines, what of them is run.

``gradsafe.syntax.cells`` is imported when the first cell is asked for, so that ``initialize`` does not wait for it.
"""

from __future__ import annotations

import ast
import itertools
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradsafe.lsp.convert import line_starts, split_lines

if TYPE_CHECKING:
    from gradsafe.lsp.documents import Snapshot
    from gradsafe.lsp.running import RunCell
    from gradsafe.syntax.marimo import MarimoCell


class CodeCell(NamedTuple):
    """A cell of code in a ``# %%`` file, or in one of marimo; ``row`` (from 0) is that of its marker."""

    number: int
    row: int
    start: int
    end: int
    title: str


_SIGNS = ("%%", "# COMMAND -", "# Databricks", "In[", "<codecell>")
"""One of these stands in every marker."""
_MARIMO = "marimo.App("
"""Stands in every notebook of marimo."""


def code_cells(text: str) -> list[CodeCell]:
    """The marked cells of a file in its order; what stands above the first marker is cell 0 and not among them."""
    starts = line_starts(text)
    marimo = _of_marimo(text)
    if marimo:
        return [
            CodeCell(number, _row(starts, cell.start), cell.code_start, cell.end, cell.title)
            for number, cell in marimo
            if number > 0
        ]
    if not any(sign in text for sign in _SIGNS):
        return []
    from gradsafe.syntax.cells import cells

    return [
        CodeCell(cell.index, _row(starts, cell.start - 1), cell.start, cell.end, cell.title)
        for cell in cells(text)
        if cell.index > 0
    ]


def _row(starts: list[int], offset: int) -> int:
    return bisect_right(starts, offset) - 1


def _of_marimo(text: str) -> list[tuple[int, MarimoCell]]:
    """The cells of a marimo notebook, numbered from 1; its setup is cell 0."""
    if _MARIMO not in text:
        return []
    from gradsafe.syntax.marimo import marimo_cells

    numbers = itertools.count(1)
    return [(0 if cell.kind == "setup" else next(numbers), cell) for cell in marimo_cells(text)]


def join_cells(sources: Sequence[str]) -> str:
    """The code cells of a notebook as one text, each under a marker line, magics replaced."""
    from gradsafe.syntax.cells import join

    return join(sources).text


def cells_to_run(snapshot: Snapshot) -> list[RunCell]:
    """The cells of a document in the order in which they run; none where a file has no markers."""
    from gradsafe.lsp.running import RunCell

    if snapshot.cells:
        lines = snapshot.lines
        found = []
        for number, cell in enumerate(snapshot.cells, 1):
            python = lines[cell.first_row - 1 : cell.first_row - 1 + len(cell.lines)]
            notes = tuple(_left_out(number, cell.lines, python))
            found.append(RunCell(number, cell.uri, 1, "\n".join(python) + "\n", notes=notes))
        return found
    marimo = _of_marimo(snapshot.text)
    if marimo:
        return _as_marimo_runs(snapshot, marimo)
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


def _as_marimo_runs(snapshot: Snapshot, cells: Sequence[tuple[int, MarimoCell]]) -> list[RunCell]:
    """The setup, the functions and classes of the module, then the cells that run, in marimo's order."""
    from gradsafe.lsp.running import RunCell
    from gradsafe.syntax.marimo import running_order

    first = [each for each in cells if each[1].kind == "setup"]
    defined = [each for each in cells if each[1].kind in ("function", "class_definition")]
    plain = [each for each in cells if each[1].kind == "cell" and not each[1].disabled]
    ordered = [plain[at] for at in running_order([cell.names for _, cell in plain])]
    starts = line_starts(snapshot.text)
    return [
        RunCell(number, snapshot.file, _row(starts, cell.code_start) + 1, cell.code)
        for number, cell in (*first, *defined, *ordered)
    ]


def is_marimo(snapshot: Snapshot) -> bool:
    """Whether the document is a notebook of marimo, whose cells run in an order of their own."""
    return not snapshot.cells and bool(_of_marimo(snapshot.text))


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
