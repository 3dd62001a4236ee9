"""Cells: ``# %%`` markers in a Python file (and those of nbconvert and Databricks), and the code cells of a notebook as one text.

Cells of code count from 1; code before the first marker is cell 0. A notebook's text is that of its code cells,
each under a ``# %%`` line, so a notebook and a marked file are cut in the same way. IPython's own syntax is replaced
by Python of the same length, so that no offset moves.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gradsafe.syntax.lexer import LINES
from gradsafe.syntax.scan import Scan, scan

MARKER = "# %%\n"
_MARKER = re.compile(
    r"^#[ \t]*(?:%%+|In\[[ \d]*\]:?|<codecell>)(?P<rest>[^\r\n]*)(?:\r\n?|\n|\Z)", re.MULTILINE
)
"""Those of Spyder, VS Code and Jupytext; of ``jupyter nbconvert --to script``; of old IPython."""
_DATABRICKS = "# Databricks notebook source"
_COMMAND = re.compile(
    rf"^(?:{_DATABRICKS}|# COMMAND -+)[ \t]*(?:\r\n?|\n|\Z)(?=(?:# DBTITLE \d+,(?P<rest>[^\r\n]*))?)",
    re.MULTILINE,
)
"""A file that begins with that line has no other markers."""
_NO_CODE = re.compile(r"(?:# (?:DBTITLE|MAGIC)\b[^\r\n]*(?:\r\n?|\n|\Z)|[ \t]*(?:\r\n?|\n))+\Z")
"""What Databricks keeps of a cell in another language: a comment."""
_KIND = re.compile(r"\[(?P<kind>markdown|md|raw|code)\]", re.IGNORECASE)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "memit"})
_TIMED = re.compile(r"([ \t]*)%time (?=[ \t]*\S)")
_LINE_MAGIC = re.compile(r"([ \t]*)(?=%[A-Za-z]|!|\?)")
_ASSIGNED = re.compile(r"([ \t]*[\w.,\[\] \t]+=[ \t]*)(?=%[A-Za-z]|!(?!=))")
_HELP = re.compile(r"([ \t]*)(?=[\w.*]+\?{1,2}[ \t]*$)")


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell number ``index`` of a text: its code is ``text[start:end]``, without the marker line."""

    index: int
    title: str
    start: int
    end: int


def cells(text: str | Scan) -> tuple[Cell, ...]:
    """The cells of a Python text, markdown left out. Without any marker the whole text is cell 0.

    A marker is a comment in column 0: what looks like one inside a string or inside brackets is none.
    """
    scanned = text if isinstance(text, Scan) else scan(text)
    marker = _COMMAND if scanned.text.startswith(_DATABRICKS) else _MARKER
    marks = [match for match in marker.finditer(scanned.text) if _between_statements(scanned, match.start())]
    found: list[Cell] = []
    end = marks[0].start() if marks else len(scanned.text)
    if end or not marks:
        found.append(Cell(0, "", 0, end))
    index = 0
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(scanned.text)
        if not _is_code(mark, end):
            continue
        index += 1
        title = _KIND.sub("", mark["rest"] or "").strip()
        found.append(Cell(index, title, mark.end(), end))
    return tuple(found)


def _is_code(mark: re.Match[str], end: int) -> bool:
    """Whether the cell under a marker is to be run."""
    if mark.re is _COMMAND:
        return _NO_CODE.match(mark.string, mark.end(), end) is None
    kind = _KIND.search(mark["rest"])
    return kind is None or kind["kind"].lower() == "code"


def _between_statements(scanned: Scan, offset: int) -> bool:
    at = 0
    for line in scanned.lines:
        if offset < at + line.lead:
            return True
        at += line.lead + line.size
        if offset < at:
            return False
    return True


@dataclass(frozen=True)
class NotebookText:
    """The code cells of a notebook as one text; ``starts[i]`` is where the source of its ``i``-th code cell begins.

    ``numbers[i]`` is that cell's place among all cells of the notebook, markdown included, from 0.
    """

    text: str
    starts: tuple[int, ...]
    numbers: tuple[int, ...]

    def cell_at(self, offset: int) -> tuple[int, int]:
        """The code cell (from 1) that holds an offset of ``text``, and the offset in its source; (0, offset) before."""
        index = bisect_right(self.starts, offset) - 1
        return (index + 1, offset - self.starts[index]) if index >= 0 else (0, offset)


class NotANotebook(ValueError):
    """The text is no notebook in the format that this program reads."""


def join(sources: Sequence[str], numbers: Sequence[int] | None = None) -> NotebookText:
    """The sources of code cells as one text, magics replaced."""
    parts: list[str] = []
    starts: list[int] = []
    at = 0
    for source in sources:
        starts.append(at + len(MARKER))
        parts.append(f"{MARKER}{without_magics(source)}\n")
        at += len(parts[-1])
    return NotebookText("".join(parts), tuple(starts), tuple(numbers or range(len(sources))))


def notebook(text: str) -> NotebookText:
    """The code cells of an ``.ipynb`` file's text (version 4 of the format).

    Raises NotANotebook for anything else, with a message that says what is wrong.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotANotebook(f"not a notebook: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise NotANotebook("not a notebook of format 4: it has no list of cells")
    sources, numbers = [], []
    for number, cell in enumerate(data["cells"]):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            sources.append(_source(cell.get("source", "")))
            numbers.append(number)
    return join(sources, numbers)


def _source(value: Any) -> str:
    """A cell's source is a string or a list of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=512)
def without_magics(source: str) -> str:
    """One cell's source with magics, shell lines and help made Python of the same length that does nothing we know of.

    ``_`` stands for what they yield: in IPython the last output, to the analysis an unknown. ``%time`` runs its
    statement, and goes on doing so.
    """
    if not any(sign in source for sign in "%!?") or _is_python(source):
        return source
    lines = LINES.findall(source)
    cell_magic = _CELL_MAGIC.match(lines[0])
    if cell_magic is not None:
        if cell_magic.group(1) not in _PYTHON_CELL_MAGICS:
            return "".join(map(_comment, lines))
        lines[0] = _comment(lines[0])
    found: list[str] = []
    goes_on = False
    for line in lines:
        plain = _comment(line) if goes_on else _plain(line)
        goes_on = plain != line and line.rstrip("\r\n").endswith("\\")
        found.append(plain)
    return "".join(found)


def _is_python(source: str) -> bool:
    """A ``%`` at the start of a line may be an operator: only text that is no Python can hold magics."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _comment(line: str) -> str:
    return "#" + line[1:] if line.strip() else line


def _plain(line: str) -> str:
    body = line.rstrip("\r\n")
    timed = _TIMED.match(body)
    if timed is not None:
        return f"{timed.group(1)}if 1:{line[timed.end() - 1 :]}"
    for pattern in (_LINE_MAGIC, _ASSIGNED, _HELP):
        match = pattern.match(body)
        if match is not None:
            before, rest = match.group(1), body[match.end() + 1 :]
            return before + "_" + ("#" + rest[1:] if rest else "") + line[len(body) :]
    return line
