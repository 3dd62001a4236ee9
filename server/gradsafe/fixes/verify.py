"""A fix is proved by the analysis itself: the finding must be gone, and none may have come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from gradsafe.rules.finding import Edit, Finding, Fix, Severity

Analyse = Callable[[tuple[Edit, ...]], Iterable[Finding]]
"""The findings of the workspace with some edits made (with none: as it is). It must not change the workspace."""


def verify(fix: Fix, finding: Finding, analyse: Analyse) -> bool:
    """Whether the program with ``fix`` has one finding like ``finding`` less, and no kind of finding more.

    Findings are counted by code and file rather than matched by place: a fix moves places.
    """
    before, after = _census(analyse(())), _census(analyse(fix.edits))
    if after is None or before is None:
        return False
    key = _key(finding)
    return after[key] < before[key] and all(after[each] <= before[each] for each in after)


def prefer(fixes: Iterable[Fix], verified: Callable[[Fix], bool]) -> tuple[Fix, ...]:
    """The fixes with the first that is both safe and verified marked as preferred.

    Suppressing is no cure and is never preferred.
    """
    marked: list[Fix] = []
    for fix in fixes:
        open_yet = not any(each.preferred for each in marked)
        wins = open_yet and fix.safe and fix.remedy != "suppress" and verified(fix)
        marked.append(replace(fix, preferred=wins))
    return tuple(marked)


def _census(findings: Iterable[Finding]) -> Counter[tuple[str, str]] | None:
    return Counter(_key(finding) for finding in findings if finding.severity is not Severity.HINT)


def _key(finding: Finding) -> tuple[str, str]:
    """A span's chunk and a place both begin with the file."""
    place = finding.primary
    first = place[0] if isinstance(place, tuple) else ""
    return finding.code, first[0] if isinstance(first, tuple) else str(first)
