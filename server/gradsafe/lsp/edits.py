"""Edits of the analysis: applied to texts (to verify a fix), and as workspace edits for the client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lsprotocol import types

from gradsafe.lsp.analysis import PlacedEdit
from gradsafe.lsp.convert import line_starts
from gradsafe.lsp.documents import OpenTexts, Snapshot
from gradsafe.lsp.locations import spot_of


def apply_edits(texts: Mapping[str, str], edits: Iterable[PlacedEdit]) -> dict[str, str]:
    """The files that ``edits`` touch, with their new texts. Edits never overlap."""
    fixed: dict[str, str] = {}
    ordered = sorted(edits, key=lambda edit: (edit.place.row, edit.place.column), reverse=True)
    for edit in ordered:
        place = edit.place
        text = fixed.get(place.file, texts[place.file])
        starts = line_starts(text)
        start = starts[place.row - 1] + place.column - 1
        end = starts[place.end_row - 1] + place.end_column - 1
        fixed[place.file] = text[:start] + edit.content + text[end:]
    return fixed


def workspace_edit(
    edits: Iterable[PlacedEdit], texts: OpenTexts, judged: Snapshot, versioned: bool
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
