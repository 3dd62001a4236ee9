"""Marimo's cells in the editor: outline, lenses, and a run in marimo's order."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from session import REAL, connected
from test_symbols_and_lenses import hierarchical, symbols
from test_trace import RUN, lenses
from test_traced_run import Document

from gradsafe.lsp.cells import cells_to_run

NOTEBOOK = """\
import marimo

app = marimo.App()

with app.setup:
    import torch


@app.cell
def _(h):
    loss = h.sum()
    return (loss,)


@app.cell
def _(w):
    h = w.exp()
    return (h,)


@app.cell
def write(h):
    h.add_(1)
    return


@app.cell
def _(loss):
    loss.backward()
    return


@app.cell
def make():
    w = torch.randn(3, requires_grad=True)
    return (w,)


if __name__ == "__main__":
    app.run()
"""


async def test_cells_are_symbols_and_have_lenses(tmp_path: Path) -> None:
    uri = (tmp_path / "notebook.py").as_uri()
    async with connected(client_capabilities=hierarchical()) as session:
        session.open(uri, NOTEBOOK)
        found = [each for each in await symbols(session, uri) if isinstance(each, types.DocumentSymbol)]
        assert [(each.name, each.range.start.line) for each in found] == [
            ("Cell 1", 8), ("Cell 2", 14), ("Cell 3: write", 20), ("Cell 4", 26), ("Cell 5: make", 32),
        ]  # fmt: skip
        runs = [
            (each.range.start.line, (each.command.arguments or [])[1])
            for each in await lenses(session, uri)
            if each.command is not None and each.command.command == RUN
        ]
        assert sorted(runs) == [(8, 1), (14, 2), (20, 3), (26, 4), (32, 5)]


async def test_a_finding_is_shown_across_cells(tmp_path: Path) -> None:
    uri = (tmp_path / "notebook.py").as_uri()
    async with connected(REAL, root=tmp_path) as session:
        session.open(uri, NOTEBOOK)
        await session.until(lambda: session.published and len(session.published[-1].diagnostics) == 1)
        [found] = session.published[-1].diagnostics
        assert (found.code, found.range.start.line) == ("saved-tensor-modified", 22)
        assert [each.location.range.start.line for each in found.related_information or ()] == [16, 28]


async def test_what_runs_before_a_cell_is_what_marimo_runs_before_it(tmp_path: Path) -> None:
    uri = (tmp_path / "notebook.py").as_uri()
    async with connected() as session:
        session.open(uri, NOTEBOOK)
        result = await session.command(RUN, uri, 1)
        assert "ran cells (0, 5, 2, 1)" in result["report"]
        # A position in a cell means that cell, wherever it stands.
        result = await session.command(RUN, uri, {"line": 22, "character": 4})
        assert "ran cells (3,)" in result["report"]
        assert "2 cells before it" in session.asked[-1]
        assert len(session.shown) == 2


@pytest.mark.torch
def test_a_run_finds_the_lines_of_the_file(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    document = Document(tmp_path / "notebook.py", NOTEBOOK)
    assert [cell.number for cell in cells_to_run(document.snapshot)] == [0, 5, 2, 1, 3, 4]
    assert document.run(0, 5, 2, 1).outcome == "completed"
    assert document.run(3).outcome == "completed"
    traced = document.run(4)
    assert traced.summary == "raised RuntimeError at line 29, 1 finding (1 not predicted)"
    [entry] = document.session.kept.findings()
    assert (entry.place.row, [each.place.row for each in entry.related]) == (23, [17, 29])
    document.close()
