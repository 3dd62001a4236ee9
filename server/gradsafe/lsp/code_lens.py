"""*Run and trace* above each ``# %%`` cell, and above each notebook cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

RUN_AND_TRACE = "gradsafe.runAndTraceCell"
_CELL = re.compile(r"#\s*%%(?P<title>.*)")


def cell_rows(lines: list[str]) -> list[tuple[int, int]]:
    """(number, row) of each code cell; cells count from 1, rows from 0."""
    rows: list[tuple[int, int]] = []
    number = 0
    for row, line in enumerate(lines):
        match = _CELL.match(line)
        if match is not None:
            number += 1
            if "[markdown]" not in match.group("title"):
                rows.append((number, row))
    return rows


def register(server: GradsafeServer) -> None:
    """``textDocument/codeLens``."""

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        # Where code must not be run, a lens that only refuses is noise.
        if not server.options.code_lens or server.options.trusted is False:
            return []
        uri = params.text_document.uri
        snapshot = server.texts.snapshot(uri)
        if snapshot is None:
            return []
        if not snapshot.cells:
            return [_lens(uri, number, row) for number, row in cell_rows(snapshot.lines)]
        return [_lens(uri, number, 0) for number, cell in enumerate(snapshot.cells, 1) if cell.uri == uri]


def _lens(uri: str, number: int, row: int) -> types.CodeLens:
    here = types.Position(line=row, character=0)
    return types.CodeLens(
        range=types.Range(start=here, end=here),
        command=types.Command(title="Run and trace", command=RUN_AND_TRACE, arguments=[uri, number]),
    )
