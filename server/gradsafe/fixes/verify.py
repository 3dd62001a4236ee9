"""A fix is proved by the analysis itself: the finding must be gone, and none may have come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from gradsafe.fixes.forms import MODULE_FLAG
from gradsafe.fixes.sources import Sources
from gradsafe.fixes.without import without_operation
from gradsafe.rules.finding import ADVICE, SUPPRESSING, Edit, Finding, Fix, Role, Severity
from gradsafe_tracer.events import AnyPlace

MERGES_BACKWARDS = frozenset({"sum-losses"})
"""Remedies after which one call of backward runs through what two did before."""

_ORDER = tuple(Severity)

Analyse = Callable[[tuple[Edit, ...]], Iterable[Finding]]
"""The findings with some edits made (with none: as it is). It must leave the workspace as it found it."""


@dataclass(frozen=True)
class Ran:
    """How far a program gets: how many calls of backward read something that was saved, on how many paths Python refuses."""

    backwards: int = 0
    broken: int = 0

    def gets_as_far_as(self, other: Ran, merged: int = 0) -> bool:
        """Where no backward finds what one did before, torch raises that nothing requires grad, or never gets there.

        ``merged``: so many of its calls have been made one with another on purpose.
        """
        return self.backwards + merged >= other.backwards and self.broken <= other.broken


def verify(
    fix: Fix, finding: Finding, analyse: Analyse, sources: Sources | None = None,
    ran: Callable[[], Ran] = lambda: Ran(),
) -> bool:  # fmt: skip
    """Whether the program with ``fix`` has one finding of this rule less, and no kind of finding more.

    Findings are counted by rule and file, since a fix moves places. What was only hidden behind the finding is
    no news, but the next to be mended: a further write that the finding names itself, and (where ``sources`` are
    given) whatever is found without the operation that it blames. ``ran`` tells how far what was analysed last gets: a fix
    that takes a graph away (a detached tensor, ``zeros_like``) or calls what is not there mends nothing.
    """
    before, ran_before = list(analyse(())), ran()
    after, ran_after = list(analyse(fix.edits)), ran()
    if not ran_after.gets_as_far_as(ran_before, merged=fix.remedy in MERGES_BACKWARDS):
        return False
    if _is_still_there(fix, finding, before, after):
        return False
    named = {(finding.code, each.place) for each in finding.related if each.role is Role.MODIFIED}
    if fix.remedy == "inplace-false":
        # Of modules that a loop runs one after the other, the next may have written what this one saves all along.
        named |= {(each.code, each.primary) for each in after if each.operation in MODULE_FLAG}
    if _is_mended(finding, before, after, named):
        return True
    removed = without_operation(finding, sources) if sources is not None and finding.runtime_message else ()
    if not removed:
        return False
    hidden = {(each.code, each.primary) for each in analyse(removed)}
    return _is_mended(finding, before, after, named | hidden)


def _is_still_there(fix: Fix, finding: Finding, before: list[Finding], after: list[Finding]) -> bool:
    """Whether the statement that the finding is about fails as before, for another reason that it had all along.

    Where the fix edits it, its name says nothing: an equal statement further down may be called so now. Of two backwards that
    were made one, any error is one of the statement that they were made.
    """
    found = {
        (each.code, each.primary)
        for each in after
        if _ORDER.index(each.severity) <= _ORDER.index(finding.severity)
    }
    if fix.remedy in MERGES_BACKWARDS:
        errors = {(each.code, each.primary) for each in after if each.severity is Severity.ERROR}
        return any(
            code == finding.code for code, _ in errors - {(each.code, each.primary) for each in before}
        )
    chunk = getattr(finding.primary, "chunk", None)
    is_edited = chunk is None or any(getattr(edit.span, "chunk", None) == chunk for edit in fix.edits)
    return not is_edited and (finding.code, finding.primary) in found


def _is_mended(
    finding: Finding, before: list[Finding], after: list[Finding], hidden: set[tuple[str, AnyPlace]]
) -> bool:
    known = hidden - {(each.code, each.primary) for each in before}
    rest = [each for each in after if (each.code, each.primary) not in known]
    earlier, later, key = _census(before), _census(rest), _key(finding)
    if finding.code in ADVICE:
        return not later - earlier
    # One fewer may be another one: a fix that takes the next defect away and leaves this one is none.
    alike = sum(_is_alike(finding, each) for each in rest) < sum(_is_alike(finding, each) for each in before)
    return alike and later[key] < earlier[key] and not later - earlier


def _is_alike(finding: Finding, other: Finding) -> bool:
    """Whether both tell of the same write, as far as that can be said of two texts."""
    return (_key(finding), finding.operation, finding.subject) == (
        _key(other),
        other.operation,
        other.subject,
    )


def can_be_preferred(fix: Fix) -> bool:
    """Whether a fix may be marked as the one to take, once it is verified: suppressing is no cure."""
    return fix.safe and fix.remedy not in SUPPRESSING


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
    told = (each for each in findings if each.severity is not Severity.HINT and each.code not in ADVICE)
    return Counter(map(_key, told))


def _key(finding: Finding) -> tuple[str, str]:
    return finding.code, _file_of(finding.primary)


def _file_of(place: AnyPlace) -> str:
    """The file of a span or of a place."""
    chunk = getattr(place, "chunk", None)
    return str(getattr(chunk if chunk is not None else place, "file", ""))
