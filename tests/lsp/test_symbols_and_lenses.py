"""Cells as document symbols; what a backward reads as a lens."""

from __future__ import annotations

from pathlib import Path

import attrs
from lsprotocol import types
from session import REAL, Session, capabilities, connected, spread
from test_notebooks import FORMS, open_notebook
from test_trace import lenses, titles

CELLS = "import torch\n# %% Data 漢😀\na = 1\n\n# %% [markdown] About\n# text\n# %%\nb = 2\n"
PROGRAM = """\
import torch

w = torch.randn(3, requires_grad=True)
for _ in range(2):
    (w * w).exp().sum().backward()


def step(x: torch.Tensor, flag):
    y = x.exp()
    if flag:
        y = y * y
    loss = y.sum()
    loss.backward()
"""


def hierarchical() -> types.ClientCapabilities:
    client = capabilities()
    assert client.text_document is not None
    ability = types.DocumentSymbolClientCapabilities(hierarchical_document_symbol_support=True)
    return attrs.evolve(client, text_document=attrs.evolve(client.text_document, document_symbol=ability))


async def symbols(session: Session, uri: str) -> list[object]:
    params = types.DocumentSymbolParams(types.TextDocumentIdentifier(uri))
    return list(await session.client.text_document_document_symbol_async(params) or ())


async def test_cells_are_symbols(uri: str) -> None:
    async with connected(client_capabilities=hierarchical()) as session:
        session.open(uri, CELLS)
        first, last = await symbols(session, uri)
        assert isinstance(first, types.DocumentSymbol)
        assert (first.name, first.range, first.selection_range) == (
            "Cell 1: Data 漢😀",
            spread((1, 0), (5, 6)),
            spread((1, 0), (1, 13)),
        )
        assert isinstance(last, types.DocumentSymbol)
        assert (last.name, last.range) == ("Cell 2", spread((6, 0), (8, 0)))
        session.change(uri, 2, "a = 1\n")
        assert await symbols(session, uri) == []


async def test_the_marks_of_databricks_are_cells(uri: str) -> None:
    text = (
        "# Databricks notebook source\nimport torch\n\n# COMMAND ----------\n\n# MAGIC %md About\n\n"
        "# COMMAND ----------\n\nx = torch.ones(3)\n"
    )
    async with connected(client_capabilities=hierarchical()) as session:
        session.open(uri, text)
        found = await symbols(session, uri)
        rows = [each.range.start.line for each in found if isinstance(each, types.DocumentSymbol)]
        runs = [
            lens.range.start.line
            for lens in await lenses(session, uri)
            if lens.command is not None and lens.command.title == "Run and trace"
        ]
        assert rows == runs
        assert len(rows) == 2, "the cell of Markdown is none"


async def test_a_client_without_a_tree_gets_a_list(session: Session, uri: str) -> None:
    session.open(uri, CELLS)
    found = await symbols(session, uri)
    assert [each.name for each in found if isinstance(each, types.SymbolInformation)] == [
        "Cell 1: Data 漢😀",
        "Cell 2",
    ]


async def test_the_cells_of_a_notebook_are_documents(session: Session) -> None:
    first = FORMS[0].format(0)
    open_notebook(session, {first: "a = 1"})
    assert await symbols(session, first) == []


async def test_a_backward_says_what_it_reads(tmp_path: Path) -> None:
    uri = (tmp_path / "model.py").as_uri()
    async with connected(REAL, options={"trusted": False}, root=tmp_path) as session:
        session.open(uri, PROGRAM)
        await session.diagnostics(uri, 1)
        assert titles(await lenses(session, uri)) == [
            (4, "reads 3 saved tensors"),
            (12, "reads 1 to 3 saved tensors"),
        ]
        session.change(uri, 2, PROGRAM.replace("    loss = y.sum()", "    loss = y.add_(1).sum()"))
        assert await session.diagnostics(uri, 2)
        assert titles(await lenses(session, uri))[1] == (12, "reads 1 to 3 saved tensors, 1 changed since")


async def test_lenses_can_be_turned_off(uri: str) -> None:
    async with connected(options={"codeLens": False}) as session:
        session.open(uri, "loss.backward()\n")
        assert await lenses(session, uri) == []
