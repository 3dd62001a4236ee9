"""Version counters at the end of the lines that move them: as a run has seen them, and on wish as they are predicted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp.analysis import Analysis
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.locations import row_column_of, spot_of
from gradsafe.lsp.running import VersionMark

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer


def register(server: GradsafeServer) -> None:
    """``textDocument/inlayHint``; the client is told when to ask anew."""

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT, types.InlayHintOptions(resolve_provider=False))
    async def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
        uri = params.text_document.uri
        snapshot = server.texts.snapshot(uri)
        if snapshot is None:
            return []
        kept = server.runs.kept(snapshot) if server.options.version_hints else None
        seen = list(_placed(server, kept.marks() if kept is not None else (), snapshot, params))
        known = {hint.position.line for hint in seen}
        predicted = await _predicted(server, params) if server.options.static_hints else ()
        # A line that has run needs no prediction.
        return [*seen, *(hint for hint in predicted if hint.position.line not in known)]


async def _predicted(server: GradsafeServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    uri = params.text_document.uri
    verdict = await server.published.wait_for_verdict(uri)
    if verdict is None:
        return []
    snapshot = verdict.snapshot
    rows = [
        row_column_of(uri, at, snapshot, server.texts)[0] for at in (params.range.start, params.range.end)
    ]

    def ask(analysis: Analysis) -> Sequence[VersionMark]:
        return analysis.hints(snapshot.file, (rows[0], rows[1])) if server.texts.is_current(snapshot) else ()

    marks = await asyncio.wrap_future(server.worker.ask(ask))
    return list(_placed(server, marks, snapshot, params)) if server.texts.is_current(snapshot) else []


def _placed(
    server: GradsafeServer, marks: Iterable[VersionMark], snapshot: Snapshot, params: types.InlayHintParams
) -> Iterator[types.InlayHint]:
    """The marks as hints at the ends of their lines, behind whatever stands there; those of other places left out."""
    for mark in marks:
        place = mark.place._replace(row=mark.place.end_row, column=10**6, end_column=10**6)
        spot = spot_of(place, server.texts, snapshot)
        if spot is None or spot.uri != params.text_document.uri:
            continue
        if params.range.start.line <= spot.range.end.line <= params.range.end.line:
            yield types.InlayHint(
                position=spot.range.end, label=mark.text, padding_left=True, tooltip=mark.detail
            )
