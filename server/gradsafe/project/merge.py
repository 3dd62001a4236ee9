"""The findings of many roots to the findings of one file.

A finding belongs to the root that found it, and is shown where its primary place is; where nobody looks at that file, at
the call that leads there. Several roots may tell of
one defect: the surest of them is told. A function that is called in its file with better-known arguments is
not also judged by what it would do with unknown ones, unless that is an error whoever calls it. So is one that an entry
point of the program calls, in whatever file.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from gradsafe.interp.analyse import Root, RootKind
from gradsafe.project.interpret import Outcome
from gradsafe.project.settings import Settings
from gradsafe.rules.base import all_rules
from gradsafe.rules.finding import ADVICE, UNUSED, Finding, Severity
from gradsafe.syntax import suppressions
from gradsafe.syntax.span import ChunkId, Span
from gradsafe.syntax.suppressions import Suppression, Unused

_ORDER = tuple(Severity)
_CERTAIN = (Severity.ERROR, Severity.WARNING)


def merge(file: str, outcomes: Mapping[Root, Outcome], scope: Container[str]) -> list[Finding]:
    """What all roots together say of ``file``: one finding for a primary place and code, in no order of importance."""
    placed = {
        root: found
        for root, outcome in outcomes.items()
        if (found := [each for one in outcome.findings if file_of(each := in_sight(one, scope)) == file])
    }
    if not placed:
        return []  # as of most files: who calls whom need not be asked
    told: dict[tuple[str, object], tuple[tuple[int, int], Finding]] = {}
    better_known = _called_with_more(outcomes)
    plain = never_with_grad(outcomes)
    for number, (root, findings) in enumerate(placed.items()):
        for finding in findings:
            if root in plain or (root in better_known and finding.severity is not Severity.ERROR):
                continue
            key = (finding.code, finding.primary)
            rank = (_ORDER.index(finding.severity), number)
            if key not in told or rank < told[key][0]:
                told[key] = (rank, finding)
    return [finding for _, finding in told.values()]


def in_sight(finding: Finding, scope: Container[str]) -> Finding:
    """The finding as it is told to somebody who looks at the files of ``scope``: in one of these, if there is no doubt that
    something is wrong. It may be a helper's line that a run from here breaks, and nobody has opened that.
    """
    target = file_of(finding)
    if target is None or target in scope or finding.severity not in _CERTAIN:
        return finding
    calls = (call for call in reversed(finding.calls) if isinstance(call, Span))
    return replace(finding, told_at=next((call for call in calls if call.chunk.file in scope), None))


def file_of(finding: Finding) -> str | None:
    """The file of the place where it is told."""
    span = span_of(finding)
    return span.chunk.file if span is not None else None


class Calls(Protocol):
    """Which functions a root entered."""

    @property
    def called(self) -> frozenset[ChunkId]: ...
    @property
    def called_without_grad(self) -> frozenset[ChunkId]: ...


def never_with_grad(outcomes: Mapping[Root, Calls]) -> set[Root]:
    """The functions that their file calls, and only where grad is off: alone they are judged with grad on.

    A caller counts as long as it is none of them itself.
    """
    plain: set[Root] = set()
    for _ in outcomes:
        with_grad: set[ChunkId] = set()
        without: set[ChunkId] = set()
        for caller, outcome in outcomes.items():
            if caller not in plain:
                with_grad |= outcome.called - outcome.called_without_grad - {caller.scope}
                without |= outcome.called_without_grad
        found = {
            root
            for root in outcomes
            if root.kind is RootKind.FUNCTION and (root in plain or root.scope in without - with_grad)
        }
        if found == plain:
            break
        plain = found
    return plain


def _called_with_more(outcomes: Mapping[Root, Outcome]) -> set[Root]:
    """The functions that some other root of their file, or an entry point, runs in full.

    Of two that call each other neither stands for the other: dropping both would lose what they say.
    """
    callers: dict[ChunkId, list[Root]] = {}
    for caller, outcome in outcomes.items():
        if not outcome.budgets_hit:
            for scope in outcome.called:
                callers.setdefault(scope, []).append(caller)
    return {
        root
        for root in outcomes
        if any(_stands_for(each, root, outcomes) for each in callers.get(root.scope, ()))
    }


def _stands_for(caller: Root, root: Root, outcomes: Mapping[Root, Outcome]) -> bool:
    if caller == root or root.kind is not RootKind.FUNCTION:
        return False
    if caller.file != root.file and caller.kind is not RootKind.ENTRY:
        return False
    return caller.scope not in outcomes[root].called


def wanted(finding: Finding, file: str, settings: Settings) -> Finding | None:
    """The finding as the settings want it: None where its rule is off here, with another severity where one is set."""
    if not settings.wants(finding.code, file):
        return None
    severity = settings.severity.get(finding.code)
    return (
        finding if severity is None or severity is finding.severity else replace(finding, severity=severity)
    )


def suppressed(finding: Finding, given: Sequence[Suppression]) -> bool:
    """Whether a comment in the finding's file says that it is known."""
    return any(each.covers(finding.code, span_of(finding)) for each in given)


def span_of(finding: Finding) -> Span | None:
    """The place where it is told, if it is a span."""
    return finding.where if isinstance(finding.where, Span) else None


def followed(outcomes: Mapping[Root, Outcome]) -> bool:
    """Whether no root reached a bound behind which something may stand. A long loop has its few rounds whatever is spent."""
    return all(outcome.budgets_hit <= {"rounds"} for outcome in outcomes.values())


def unused(
    given: Sequence[Suppression], found: Iterable[Finding], with_advice: bool, settled: bool
) -> tuple[Unused, ...]:
    """The suppressions that no finding needed, and the codes in them that no rule has.

    What is not asked for may still be told of to somebody else. Not ``settled``: there may be findings that nobody has found,
    so only those codes are told that no rule has.
    """
    if any(each.chunk is None and UNUSED in (each.codes or ()) for each in given):
        return ()
    asleep = frozenset() if with_advice else ADVICE
    rules = {rule.code for rule in all_rules()}

    def spared(code: str | None) -> bool:
        return code in asleep or (not settled and (code is None or code in rules))

    awake = [each for each in given if UNUSED not in (each.codes or ())]
    return suppressions.unused(awake, [(finding.code, span_of(finding)) for finding in found], spared)
