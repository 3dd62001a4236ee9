"""Hover on a diagnostic: what PyTorch will say, and the rule's page."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp.analysis import Analysis
from gradsafe.lsp.locations import row_column_of, spot_of
from gradsafe.report.entry import Entry

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer


def register(server: GradsafeServer) -> None:
    """``textDocument/hover``."""
    pages: dict[str, str | None] = {}

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        verdict = await server.published.wait_for_verdict(uri)
        if verdict is None:
            return None
        at = row_column_of(uri, params.position, verdict.snapshot, server.texts)
        found = [entry for entry in verdict.judgement.entries if _covers(entry, at)]
        spot = spot_of(found[0].place, server.texts, verdict.snapshot) if found else None
        if spot is None or spot.uri != uri:
            return None
        for code in {entry.code for entry in found} - pages.keys():
            # Asked for once: a hover should not wait for an analysis that is going on.
            pages[code] = await asyncio.wrap_future(server.worker.ask(partial(_page, code)))
        parts = [_story(entry, pages[entry.code]) for entry in found]
        return types.Hover(contents=_markup(server, "\n\n---\n\n".join(parts)), range=spot.range)


def _page(code: str, analysis: Analysis) -> str | None:
    return analysis.page(code)


def _covers(entry: Entry, at: tuple[int, int]) -> bool:
    place = entry.place
    return (place.row, place.column) <= at <= (place.end_row, place.end_column)


def _story(entry: Entry, page: str | None) -> str:
    """One finding in Markdown. Its related places are left to the diagnostic, which every editor shows beside this."""
    name = f"[{entry.code}]({entry.url})" if entry.url else entry.code
    parts = [f"**gradsafe** {name}", entry.message]
    if entry.runtime_message:
        parts.append(f"PyTorch will raise:\n\n```text\n{entry.runtime_message}\n```")
    if page:
        parts.append(f"---\n\n{page.strip()}")
    return "\n\n".join(parts)


def _markup(server: GradsafeServer, text: str) -> types.MarkupContent:
    kind = types.MarkupKind.Markdown if server.abilities.markdown_hover else types.MarkupKind.PlainText
    return types.MarkupContent(kind=kind, value=text)
