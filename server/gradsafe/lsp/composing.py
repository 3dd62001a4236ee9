"""The verdict on a text, and what a run has shown of it, as the client's diagnostics: for whoever pushes or pulls them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types

from gradsafe.lsp.analysis import Judgement, Remark
from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.locations import Spot, spot_of
from gradsafe.lsp.telling import where
from gradsafe.report.entry import Entry
from gradsafe.rules.finding import Severity

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

SOURCE = "gradsafe"
TRACE_SOURCE = "gradsafe trace"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
    Severity.HINT: types.DiagnosticSeverity.Hint,
}

ByDocument = dict[str, list[types.Diagnostic]]
"""The diagnostics of a document under its URI; of a notebook, those of each cell under the cell's."""


def versions_of(snapshot: Snapshot) -> dict[str, int | None]:
    """The documents of a snapshot: itself, or its cells."""
    return {cell.uri: cell.version for cell in snapshot.cells} or {snapshot.uri: snapshot.version}


def compose(server: GradsafeServer, snapshot: Snapshot, judgement: Judgement) -> ByDocument:
    """All there is to say of the snapshot; what a run has shown needs no prediction beside it."""
    found, happened = compose_traced(server, snapshot)
    for entry in judgement.entries:
        note = judgement.notes.get(entry)
        told = entry if note is None else replace(entry, message=f"{entry.message} ({note})")
        _add(server, found, told, snapshot, SOURCE, happened)
    for remark in judgement.remarks:
        spot = spot_of(remark.place, server.texts, snapshot)
        if spot is not None and spot.uri in found:
            found[spot.uri].append(diagnostic_of_remark(server, remark, spot.range))
    return found


def compose_traced(
    server: GradsafeServer, snapshot: Snapshot
) -> tuple[ByDocument, set[tuple[str, str, int]]]:
    """What runs have shown of the snapshot, and which finding that was in which line of which document."""
    found: ByDocument = {uri: [] for uri in versions_of(snapshot)}
    kept = server.runs.kept(snapshot)
    happened: set[tuple[str, str, int]] = set()
    for entry in kept.findings() if kept is not None else ():
        where = _add(server, found, entry, snapshot, TRACE_SOURCE)
        if where is not None:
            happened.add((entry.code, *where))
    return found, happened


def _add(
    server: GradsafeServer,
    found: ByDocument,
    entry: Entry,
    snapshot: Snapshot,
    source: str,
    happened: Container[tuple[str, str, int]] = (),
) -> tuple[str, int] | None:
    """Where the entry was added, or would have been."""
    spot = spot_of(entry.place, server.texts, snapshot)
    if spot is None or spot.uri not in found:
        return None
    line = spot.range.start.line
    if (entry.code, spot.uri, line) not in happened:
        found[spot.uri].append(diagnostic_of(server, entry, spot, snapshot, source))
    return spot.uri, line


def diagnostic_of(
    server: GradsafeServer, entry: Entry, at: Spot, snapshot: Snapshot, source: str
) -> types.Diagnostic:
    """The finding in the client's terms; the story goes into the message where the client cannot show related places."""
    abilities = server.abilities
    related: list[types.DiagnosticRelatedInformation] = []
    story = [entry.message]
    for place in entry.related:
        spot = spot_of(place.place, server.texts, snapshot)
        if spot is not None:
            location = types.Location(uri=spot.uri, range=spot.range)
            related.append(types.DiagnosticRelatedInformation(location=location, message=place.message))
            story.append(f"{where(place.place, snapshot, at.uri)}: {place.message}")
    link = types.CodeDescription(href=entry.url) if entry.url and abilities.code_description else None
    return types.Diagnostic(
        range=at.range,
        message=entry.message if abilities.related_information else "\n".join(story),
        severity=_SEVERITIES[entry.severity],
        code=entry.code,
        code_description=link,
        source=source,
        related_information=related if related and abilities.related_information else None,
        # The same for the same text: whoever pulls is told that nothing has changed.
        data={"code": entry.code} if abilities.diagnostic_data else None,
    )


def diagnostic_of_remark(server: GradsafeServer, remark: Remark, range: types.Range) -> types.Diagnostic:
    """A remark in the client's terms: what is unnecessary is faded where the client can, what was skipped is told."""
    tags = (
        [types.DiagnosticTag.Unnecessary] if remark.unnecessary and server.abilities.diagnostic_tags else None
    )
    link = (
        types.CodeDescription(href=remark.url) if remark.url and server.abilities.code_description else None
    )
    return types.Diagnostic(
        range=range,
        message=remark.message,
        severity=_SEVERITIES[remark.severity],
        code=remark.code,
        code_description=link,
        source=SOURCE,
        tags=tags,
    )
