"""Version counters as a run has seen them, at the end of the lines that moved them: ``h: v0 -> v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp.locations import spot_of

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer


def register(server: GradsafeServer) -> None:
    """``textDocument/inlayHint``; the client is told when to ask anew."""

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT, types.InlayHintOptions(resolve_provider=False))
    def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
        uri = params.text_document.uri
        snapshot = server.texts.snapshot(uri)
        kept = server.runs.kept(snapshot) if snapshot is not None else None
        if snapshot is None or kept is None or not server.options.version_hints:
            return []
        found = []
        for mark in kept.marks():
            # The end of the line, behind whatever stands there.
            place = mark.place._replace(row=mark.place.end_row, column=10**6, end_column=10**6)
            spot = spot_of(place, server.texts, snapshot)
            if spot is None or spot.uri != uri:
                continue
            line = spot.range.end.line
            if params.range.start.line <= line <= params.range.end.line:
                found.append(
                    types.InlayHint(
                        position=spot.range.end, label=mark.text, padding_left=True, tooltip=mark.detail
                    )
                )
        return found
