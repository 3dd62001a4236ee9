"""Marimo notebooks: Python files whose functions are cells, and the order in which marimo runs them.

``@app.cell`` stands above each cell; its parameters are the names that it takes from other cells, and its ``return`` at the end
names those that it gives them. Marimo writes all of that itself when it saves a notebook, so the form is always the same:
what does not have it is left out.
"""

from __future__ import annotations

import ast
import heapq
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradsafe.syntax.scan import Line, scan

_APP = re.compile(r"^(?P<app>\w+)[ \t]*=[ \t]*marimo\.App\(", re.MULTILINE)


class Names(NamedTuple):
    """The names that a cell takes from others, and those that it gives them."""

    takes: tuple[str, ...]
    gives: tuple[str, ...]


def running_order(cells: Sequence[Names]) -> list[int]:
    """The cells (by their places in the file) in the order in which marimo runs them.

    A cell runs after those that give what it takes; of two that may run, the one that stands first (``topological_sort`` in
    marimo's ``_runtime/dataflow``). Cells that wait for each other do not run.
    """
    givers: dict[str, int] = {}
    for at, cell in enumerate(cells):
        for name in cell.gives:
            givers.setdefault(name, at)
    waits = [{givers[name] for name in cell.takes if name in givers} - {at} for at, cell in enumerate(cells)]
    ready = [at for at, before in enumerate(waits) if not before]
    order: list[int] = []
    while ready:
        at = heapq.heappop(ready)
        order.append(at)
        for other, before in enumerate(waits):
            if at in before:
                before.discard(at)
                if not before:
                    heapq.heappush(ready, other)
    return order


@dataclass(frozen=True, slots=True)
class MarimoCell:
    """A cell: ``text[start:end]``, from its decorator (or ``with app.setup``) on.

    ``code`` is what of it runs, from the offset ``code_start`` on, as statements of a module: row by row, and column by column,
    the text of the file.
    """

    kind: str
    """``setup`` (runs before all others), ``cell``, ``function`` or ``class_definition``."""
    title: str
    start: int
    end: int
    code_start: int
    code: str
    names: Names
    disabled: bool = False


def marimo_cells(text: str) -> tuple[MarimoCell, ...]:
    """The cells of a notebook in the order of the file; none where the text is no such notebook."""
    app = _APP.search(text)
    if app is None:
        return ()
    return tuple(_cells(text, app["app"]))


class _Row(NamedTuple):
    """One logical line of the file."""

    start: int
    end: int
    line: Line


def _cells(text: str, app: str) -> Iterator[MarimoCell]:
    decorator = re.compile(rf"@{app}\.(?P<kind>cell|function|class_definition)\b")
    setup = re.compile(rf"with[ \t]+{app}\.setup\b")
    rows = list(_rows(text))
    at = 0
    while at < len(rows):
        begin = at
        found = decorator.match(text, rows[at].start)
        kind = found["kind"] if found else "setup" if setup.match(text, rows[at].start) else None
        at += 1
        if kind is None:
            continue
        head = begin
        while kind != "setup" and rows[head].line.word == "@" and head + 1 < len(rows):
            head += 1
        at = head + 1
        while at < len(rows) and rows[at].line.column > 0:
            at += 1
        if at > head + 1:
            yield _cell(text, kind, rows[begin:head], rows[head], rows[head + 1 : at])


def _rows(text: str) -> Iterator[_Row]:
    at = 0
    for line in scan(text).lines:
        start = at + line.lead
        at = start + line.size
        if line.size:
            yield _Row(start, at, line)


def _cell(text: str, kind: str, decorators: Sequence[_Row], head: _Row, body: Sequence[_Row]) -> MarimoCell:
    start = decorators[0].start if decorators else head.start
    last = body[-1]
    header, ending = text[head.start : head.end], text[last.start : last.end]
    above = text[start : head.start]
    match = re.match(r"(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", header)
    title = match.group(1).strip("_") if match else ""
    returns = kind == "cell" and last.line.word == "return"
    names = (
        Names(_parameters(header), _returned(ending) if returns else ()) if kind == "cell" else Names((), ())
    )
    if kind in ("function", "class_definition"):
        code, names = text[head.start : last.end], Names((), (match.group(1),) if match else ())
    else:
        end = last.start if returns else last.end
        tail = _same_rows(ending, "pass") if returns else ""
        code = _same_rows(header, "if 1:") + text[head.end : end] + tail
    disabled = re.search(r"\bdisabled[ \t]*=[ \t]*True\b", above) is not None
    return MarimoCell(kind, title, start, last.end, head.start, code, names, disabled)


def _same_rows(text: str, instead: str) -> str:
    """``instead`` in the place of some rows, and no row less."""
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    return indent + instead + "".join(re.findall(r"\r\n?|\n", text))


def _parameters(header: str) -> tuple[str, ...]:
    function = _parsed(f"{header.rstrip()} pass")
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ()
    return tuple(
        each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    )


def _returned(text: str) -> tuple[str, ...]:
    function = _parsed(f"def _():\n {text.strip()}")
    statement = function.body[0] if isinstance(function, ast.FunctionDef) else None
    value = statement.value if isinstance(statement, ast.Return) else None
    items = value.elts if isinstance(value, ast.Tuple) else []
    return tuple(each.id for each in items if isinstance(each, ast.Name))


def _parsed(text: str) -> ast.stmt | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return tree.body[0] if tree.body else None
