"""From what a command asks for to a request that says all: which cells, which text, which limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp.cells import cells_to_run, is_marimo
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.locations import row_column_of
from gradsafe.lsp.running import Kind, RunCell, RunRequest

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer


@dataclass(frozen=True)
class Asked:
    """``cell``: its number, or a position in it. ``arguments`` are the program's; ``target`` is the name of a test."""

    kind: Kind
    cell: int | types.Position | None = None
    arguments: tuple[str, ...] | None = None
    target: str | None = None


def request_for(server: GradsafeServer, uri: str, asked: Asked, snapshot: Snapshot) -> RunRequest:
    """Raises ValueError where there is no such cell."""
    options = server.options
    cells = cells_to_run(snapshot)
    kind = asked.kind
    if asked.cell is not None and cells:
        number = _number(server, uri, asked.cell, snapshot, cells)
        last = next((at for at, cell in enumerate(cells) if cell.number == number), None)
        if last is None:
            raise ValueError(f"there is no cell {number} that can be run")
        cells = cells[: last + 1]
    elif kind is Kind.CELLS:
        kind = Kind.FILE  # it has no cells: it is run as a whole
    text = snapshot.text
    # The rows of one text cannot stand in marimo's order: marimo itself does that, and runs its whole notebook.
    if kind in (Kind.FILE, Kind.TEST) or not cells or (kind is Kind.DRY_RUN and is_marimo(snapshot)):
        cells = _whole(snapshot)
    elif kind is Kind.DRY_RUN and not snapshot.cells:
        rows = cells[-1].first_row - 1 + cells[-1].text.count("\n")
        text = "\n".join(snapshot.lines[:rows]) + "\n"
    return RunRequest(
        kind=kind,
        file=snapshot.file,
        text=text,
        cells=tuple(cells),
        interpreter=options.trace_interpreter,
        timeout=options.trace_timeout,
        memory=options.trace_memory,
        arguments=options.trace_arguments if asked.arguments is None else asked.arguments,
        target=asked.target,
        notebook=bool(snapshot.cells),
    )


def _whole(snapshot: Snapshot) -> list[RunCell]:
    """A file as one text under its own name; a notebook's cells as the tracer names them when it runs them all."""
    if not snapshot.cells:
        return [RunCell(0, snapshot.file, 1, snapshot.text, name=snapshot.file)]
    return [
        RunCell(cell.number, cell.document, 1, cell.text, f"{snapshot.file}#{cell.number}", cell.notes)
        for cell in cells_to_run(snapshot)
    ]


def _number(
    server: GradsafeServer,
    uri: str,
    cell: int | types.Position,
    snapshot: Snapshot,
    cells: list[RunCell],
) -> int:
    if isinstance(cell, int):
        return cell
    row, _ = row_column_of(uri, cell, snapshot, server.texts)
    if snapshot.cells:
        here = snapshot.cell_at(row)
        return next((each.number for each in cells if here and each.document == here.uri), 1)
    above = [each for each in cells if each.first_row - 1 <= row]
    return max(above, key=lambda each: each.first_row).number if above else 0
