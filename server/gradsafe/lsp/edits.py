"""Edits of the analysis as workspace edits for the client."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from gradsafe.lsp.documents import OpenTexts, Snapshot
from gradsafe.lsp.locations import spot_of
from gradsafe.report.entry import EntryEdit


def workspace_edit(
    edits: Iterable[EntryEdit], texts: OpenTexts, judged: Snapshot, versioned: bool
) -> types.WorkspaceEdit | None:
    """``edits`` for the client; None where one of them is in no text that the client knows."""
    by_document: dict[tuple[str, int | None], list[types.TextEdit]] = {}
    for edit in edits:
        spot = spot_of(edit.place, texts, judged)
        if spot is None:
            return None
        change = types.TextEdit(range=spot.range, new_text=edit.content)
        by_document.setdefault((spot.uri, spot.version), []).append(change)
    if not versioned:
        return types.WorkspaceEdit(changes={uri: changes for (uri, _), changes in by_document.items()})
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                text_document=types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version),
                edits=changes,
            )
            for (uri, version), changes in by_document.items()
        ]
    )
