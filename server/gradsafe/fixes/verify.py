"""A fix is proved by the analysis itself: the finding must be gone, and none may have come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from gradsafe.rules.finding import Edit, Finding, Fix, Role, Severity
from gradsafe_tracer.events import AnyPlace

Analyse = Callable[[tuple[Edit, ...]], Iterable[Finding]]
"""The findings with some edits made (with none: as it is). It must leave the workspace as it found it."""


def verify(fix: Fix, finding: Finding, analyse: Analyse) -> bool:
    """Whether the program with ``fix`` has one finding of this rule less, and no kind of finding more.

    Findings are counted by rule and file, since a fix moves places. A further write that the finding names
    itself is no news: it was hidden behind this one, and is the next to be mended.
    """
    before, after = list(analyse(())), list(analyse(fix.edits))
    hidden = {each.place for each in finding.related if each.role is Role.MODIFIED}
    hidden -= {each.primary for each in before if each.code == finding.code}
    news = [each for each in after if each.code != finding.code or each.primary not in hidden]
    earlier, later, key = _census(before), _census(news), _key(finding)
    return later[key] < earlier[key] and not later - earlier


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


def _census(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    return Counter(_key(finding) for finding in findings if finding.severity is not Severity.HINT)


def _key(finding: Finding) -> tuple[str, str]:
    return finding.code, _file_of(finding.primary)


def _file_of(place: AnyPlace) -> str:
    """The file of a span or of a place."""
    chunk = getattr(place, "chunk", None)
    return str(getattr(chunk if chunk is not None else place, "file", ""))
