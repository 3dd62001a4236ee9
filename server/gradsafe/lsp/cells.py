"""Cells as the analysis cuts them: their numbers, their marker lines, the text up to one of them.

``gradsafe.syntax.cells`` is imported when the first cell is asked for, so that ``initialize`` does not wait for it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from gradsafe.lsp.convert import line_starts


class CodeCell(NamedTuple):
    """A cell of code in a ``# %%`` file; ``row`` (from 0) is that of its marker."""

    number: int
    row: int
    end: int


def code_cells(text: str) -> list[CodeCell]:
    """The marked cells of a file; what stands above the first marker is cell 0 and not among them."""
    if "%%" not in text:
        return []
    from gradsafe.syntax.cells import cells

    starts = line_starts(text)
    return [
        CodeCell(cell.index, bisect_right(starts, cell.start - 1) - 1, cell.end)
        for cell in cells(text)
        if cell.index > 0
    ]


def join_cells(sources: Sequence[str]) -> str:
    """The code cells of a notebook as one text, each under a marker line, magics replaced."""
    from gradsafe.syntax.cells import join

    return join(sources).text


def text_until(text: str, number: int) -> str:
    """``text`` to the end of cell ``number``; all of it where there is no such cell."""
    from gradsafe.syntax.cells import cells

    return next((text[: cell.end] for cell in cells(text) if cell.index == number), text)
