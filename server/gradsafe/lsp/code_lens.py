"""*Run and trace* above each ``# %%`` cell, and above each notebook cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp.cells import code_cells

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

RUN_AND_TRACE = "gradsafe.runAndTraceCell"


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
            return [_lens(uri, number, row) for number, row, _ in code_cells(snapshot.text)]
        return [_lens(uri, number, 0) for number, cell in enumerate(snapshot.cells, 1) if cell.uri == uri]


def _lens(uri: str, number: int, row: int) -> types.CodeLens:
    here = types.Position(line=row, character=0)
    return types.CodeLens(
        range=types.Range(start=here, end=here),
        command=types.Command(title="Run and trace", command=RUN_AND_TRACE, arguments=[uri, number]),
    )
