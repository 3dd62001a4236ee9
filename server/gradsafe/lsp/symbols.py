"""Document symbols: the cells of a ``# %%`` file, by their titles. Functions and classes other servers know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.capabilities import get_capability

from gradsafe.lsp.cells import code_cells
from gradsafe.lsp.convert import column_to_units
from gradsafe.lsp.documents import Snapshot

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer


def register(server: GradsafeServer) -> None:
    """``textDocument/documentSymbol``."""

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolOptions(label="gradsafe cells"))
    def document_symbol(
        params: types.DocumentSymbolParams,
    ) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
        uri = params.text_document.uri
        snapshot = server.texts.snapshot(uri)
        if snapshot is None or snapshot.cells:
            return []
        found = list(_symbols(snapshot, server.texts.encoding))
        path = "text_document.document_symbol.hierarchical_document_symbol_support"
        if get_capability(server.client_capabilities, path):
            return found
        return [
            types.SymbolInformation(types.Location(uri, each.range), each.name, each.kind) for each in found
        ]


def _symbols(snapshot: Snapshot, encoding: str) -> Iterator[types.DocumentSymbol]:
    cells = code_cells(snapshot.text)
    ends = [*(cell.row for cell in cells), len(snapshot.lines)][1:]
    for cell, end in zip(cells, ends, strict=True):
        marker = snapshot.lines[cell.row]
        start = types.Position(cell.row, 0)
        last = snapshot.lines[end - 1]
        yield types.DocumentSymbol(
            name=f"Cell {cell.number}: {cell.title}" if cell.title else f"Cell {cell.number}",
            kind=types.SymbolKind.Module,
            range=types.Range(start, types.Position(end - 1, column_to_units(last, len(last), encoding))),
            selection_range=types.Range(
                start, types.Position(cell.row, column_to_units(marker, len(marker), encoding))
            ),
        )
