"""Programs with the places of a finding marked in them: «the write», ‹where it was saved›, ⟨the first backward⟩."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradsafe.fixes import offer
from gradsafe.rules.finding import Finding, Fix, Related, Role, Severity
from gradsafe.syntax.span import Span
from split_source import SplitSource

MARKS = {"«": "primary", "‹": "saved", "⟨": "freed", "⟦": "write"}
ENDS = {"»": "«", "›": "‹", "⟩": "⟨", "⟧": "⟦"}


@dataclass(frozen=True)
class Marked:
    """A source and the finding that its marks describe."""

    source: SplitSource
    finding: Finding

    def fixes(self) -> list[Fix]:
        return [fix for fix in offer(self.finding, self.source) if fix.remedy == self.finding.remedies[0]]

    def results(self) -> list[str]:
        return [self.source.fixed(fix) for fix in self.fixes()]


def read(
    text: str, remedy: str, *, code: str = "saved-tensor-modified", subject: str | None = None
) -> Marked:
    """Take the marks out of ``text`` and make a finding of them."""
    opened: dict[str, int] = {}
    places: list[tuple[str, int, int]] = []
    plain = ""
    for character in text:
        if character in MARKS:
            opened[character] = len(plain)
        elif character in ENDS:
            places.append((MARKS[ENDS[character]], opened[ENDS[character]], len(plain)))
        else:
            plain += character
    source = SplitSource(plain)
    spans: dict[str, list[Span]] = {"primary": [], "saved": [], "freed": [], "write": []}
    for name, start, end in places:
        span = source.at(start, end)
        assert span is not None, f"the mark of {name} crosses statements"
        spans[name].append(span)
    roles = ((Role.SAVED, "saved"), (Role.FREED, "freed"))
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
    return Marked(source, finding)


def plain(text: str) -> str:
    """The program without its marks."""
    return re.sub("[«»‹›⟨⟩⟦⟧]", "", text)
