"""Programs with the places of a finding marked in them: «the write», ‹where it was saved›, ⟨the first backward⟩.

``⟪ ⟫`` marks the backward that raises, ``⟦ ⟧`` the call of an in-place module whose construction is the «primary» place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradsafe.fixes.apply import apply_edits
from gradsafe.fixes.chunk_sources import ChunkSources
from gradsafe.fixes.offer import offer
from gradsafe.rules.finding import Finding, Fix, Related, Role, Severity
from gradsafe.syntax.chunk import build
from gradsafe.syntax.span import Span
from gradsafe_tracer.events import Place

FILE = "model.py"
MARKS = {"«": "primary", "‹": "saved", "⟨": "freed", "⟦": "write", "⟪": "backward"}
ENDS = {"»": "«", "›": "‹", "⟩": "⟨", "⟧": "⟦", "⟫": "⟪"}


@dataclass(frozen=True)
class Marked:
    """A text and the finding that its marks describe."""

    text: str
    sources: ChunkSources
    finding: Finding

    def fixes(self) -> list[Fix]:
        """What the remedy that is tested offers."""
        return [fix for fix in offer(self.finding, self.sources) if fix.remedy == self.finding.remedies[0]]

    def results(self) -> list[str]:
        """The text after each of them."""
        return [self.fixed(fix) for fix in self.fixes()]

    def fixed(self, fix: Fix) -> str:
        """The text after ``fix``."""
        replacements = []
        for edit in fix.edits:
            place = self.sources.place(edit.span)
            assert place is not None
            start, end = (
                offset(self.text, place.row, place.column),
                offset(self.text, place.end_row, place.end_column),
            )
            replacements.append((start, end, edit.content))
        return apply_edits(self.text, replacements)


def offset(text: str, row: int, column: int) -> int:
    lines = [match.start() for match in re.finditer("[^\r\n]*(?:\r\n|\r|\n|$)", text)]
    return lines[row - 1] + column - 1


def read(
    text: str, remedy: str, *, code: str = "saved-tensor-modified", subject: str | None = None
) -> Marked:
    """Take the marks out of ``text`` and make a finding of them."""
    opened: dict[str, int] = {}
    places: list[tuple[str, int, int]] = []
    plain_text = ""
    for character in text:
        if character in MARKS:
            opened[character] = len(plain_text)
        elif character in ENDS:
            places.append((MARKS[ENDS[character]], opened[ENDS[character]], len(plain_text)))
        else:
            plain_text += character
    root = build(FILE, plain_text)
    sources = ChunkSources(lambda file: root if file == FILE else None)
    spans: dict[str, list[Span]] = {"primary": [], "saved": [], "freed": [], "write": [], "backward": []}
    for name, start, end in places:
        span = sources.span(Place(FILE, *row_column(plain_text, start), *row_column(plain_text, end)))
        assert span is not None, f"the mark of {name} stands in no chunk"
        spans[name].append(span)
    roles = ((Role.SAVED, "saved"), (Role.FREED, "freed"), (Role.BACKWARD, "backward"))
    finding = Finding(
        code=code,
        severity=Severity.ERROR,
        message="",
        primary=spans["primary"][0],
        related=tuple(Related(role, span, name) for role, name in roles for span in spans[name]),
        remedies=(remedy,),
        subject=subject,
        write=next(iter(spans["write"]), None),
        saved=next(iter(spans["saved"]), None),
    )
    return Marked(plain_text, sources, finding)


def row_column(text: str, at: int) -> tuple[int, int]:
    breaks = [match.end() for match in re.finditer("\r\n|\r|\n", text[:at])]
    return len(breaks) + 1, at - (breaks[-1] if breaks else 0) + 1


def plain(text: str) -> str:
    """The program without its marks."""
    return re.sub("[«»‹›⟨⟩⟦⟧⟪⟫]", "", text)
