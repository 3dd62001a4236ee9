"""Hover on a tensor or an operation: what autograd's books say of it; on a finding: what PyTorch will say, and its page."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp.analysis import Analysis, Explained
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.locations import row_column_of, spot_of
from gradsafe.lsp.telling import markdown
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
        snapshot = verdict.snapshot
        at = row_column_of(uri, params.position, snapshot, server.texts)
        found = [entry for entry in verdict.judgement.entries if _covers(entry, at)]
        for code in {entry.code for entry in found} - pages.keys():
            # Asked for once: a hover should not wait for an analysis that is going on.
            pages[code] = await asyncio.wrap_future(server.worker.ask(partial(_page, code)))
        explained = await _explained(server, snapshot, at) if server.options.tensor_hover else None
        parts = [markdown(explained.word, explained.told, snapshot, uri)] if explained is not None else []
        notes = verdict.judgement.notes
        parts += [_story(entry, notes.get(entry), pages[entry.code]) for entry in found]
        place = found[0].place if found else explained.place if explained is not None else None
        spot = spot_of(place, server.texts, snapshot) if place is not None else None
        if spot is None or spot.uri != uri:
            return None
        return types.Hover(contents=_markup(server, "\n\n---\n\n".join(parts)), range=spot.range)


async def _explained(server: GradsafeServer, snapshot: Snapshot, at: tuple[int, int]) -> Explained | None:
    """What is known of the word there; None where somebody has typed since."""

    def look(analysis: Analysis) -> Explained | None:
        return analysis.look(snapshot.file, *at) if server.texts.is_current(snapshot) else None

    return await asyncio.wrap_future(server.worker.ask(look))


def _page(code: str, analysis: Analysis) -> str | None:
    return analysis.page(code)


def _covers(entry: Entry, at: tuple[int, int]) -> bool:
    place = entry.place
    return (place.row, place.column) <= at <= (place.end_row, place.end_column)


def _story(entry: Entry, note: str | None, page: str | None) -> str:
    """One finding in Markdown. Its related places are left to the diagnostic, which every editor shows beside this."""
    name = f"[{entry.code}]({entry.url})" if entry.url else entry.code
    parts = [f"**gradsafe** {name}", entry.message if note is None else f"{entry.message} ({note})"]
    if entry.runtime_message:
        parts.append(f"PyTorch will raise:\n\n```text\n{entry.runtime_message}\n```")
    if page:
        parts.append(f"---\n\n{page.strip()}")
    return "\n\n".join(parts)


def _markup(server: GradsafeServer, text: str) -> types.MarkupContent:
    kind = types.MarkupKind.Markdown if server.abilities.markdown_hover else types.MarkupKind.PlainText
    return types.MarkupContent(kind=kind, value=text)
