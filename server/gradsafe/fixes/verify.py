"""A fix is proved by the analysis itself: the finding must be gone, and none may have come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from gradsafe.rules.finding import Edit, Finding, Fix, Role
from gradsafe_tracer.events import AnyPlace

LineOf = Callable[[AnyPlace], str]
"""The text of the line on which a place of the unedited sources begins."""


class Sighting(NamedTuple):
    """What is left of a finding when lines move: its rule, its file, the text of its line."""

    code: str
    file: str
    line: str


Analyse = Callable[[tuple[Edit, ...]], Iterable[Sighting]]
"""The findings with some edits made (with none: as it is). It must not change the workspace."""


def verify(fix: Fix, finding: Finding, analyse: Analyse, line_of: LineOf) -> bool:
    """Whether the finding is gone with ``fix`` and none has come.

    A write that the finding names as a further one is no news: it was hidden behind this one.
    """
    hidden = [each.place for each in finding.related if each.role is Role.MODIFIED]
    known = [Sighting(finding.code, file_of(place), line_of(place).strip()) for place in hidden]
    mine = Sighting(finding.code, file_of(finding.primary), line_of(finding.primary).strip())
    return holds(mine, known, analyse(()), analyse(fix.edits))


def holds(
    mine: Sighting, known: Iterable[Sighting], before: Iterable[Sighting], after: Iterable[Sighting]
) -> bool:
    """The same on sightings: ``mine`` is one fewer, and nothing is there that was neither there before nor ``known``."""
    earlier, later = Counter(before), Counter(after)
    return later[mine] < earlier[mine] and not later - (earlier + Counter(known))


def can_be_preferred(fix: Fix) -> bool:
    """Whether a fix may be marked as the one to take, once it is verified: suppressing is no cure."""
    return fix.safe and fix.remedy != "suppress"


def prefer(fixes: Iterable[Fix], verified: Callable[[Fix], bool]) -> tuple[Fix, ...]:
    """The fixes with the first that is both safe and verified marked as preferred."""
    marked: list[Fix] = []
    found = False
    for fix in fixes:
        wins = not found and can_be_preferred(fix) and verified(fix)
        found = found or wins
        marked.append(replace(fix, preferred=wins))
    return tuple(marked)


def file_of(place: AnyPlace) -> str:
    """The file of a span or of a place."""
    chunk = getattr(place, "chunk", None)
    return str(getattr(chunk if chunk is not None else place, "file", ""))
