"""Logs to findings: each failure is explained by its rule, the paths together decide how certain it is.

*error*: every explored path that runs this write after this save raises. *warning*: some do; or torch
is silent and the gradient wrong; or the graph that a function returns is broken already.
*information*: it depends on a caller that is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gradsafe.interp.analyse import RootKind, RootResult
from gradsafe.rules.base import rule_for
from gradsafe.rules.certainty.doubt import qualified
from gradsafe.rules.certainty.feasible import may_exclude_each_other
from gradsafe.rules.finding import Finding, Related, Role, Severity
from gradsafe.rules.story import Log, Story, stories
from gradsafe.syntax.span import Span
from gradsafe_tracer.events import Alias, AnyPlace, BackwardStart, Create, Event, Raise, Save, Write

_ORDER = [Severity.ERROR, Severity.WARNING, Severity.INFORMATION, Severity.HINT]


_UP_TO_THE_CALLER = frozenset({"leaf", "leaf-view", "multi-output-view", "no-grad-view"})
"""Errors at the operation that need a tensor which requires grad: where an argument decides that, only a caller can tell."""


@dataclass(frozen=True, slots=True)
class _Sighting:
    finding: Finding
    story: Story


def judge_log(events: Sequence[Event]) -> list[Finding]:
    """The findings of a real run's log: what happened is certain."""
    return judge([Log(events)])


def findings_of(result: RootResult) -> list[Finding]:
    """The findings of an interpreted root."""
    logs = [
        Log(trail.events, trail.conditions, trail.blurred, trail.shadow_from, trail.choices)
        for trail in result.trails
    ]
    return judge(logs, result.root.names[-1:] == ("forward",), alone=result.root.kind is not RootKind.MODULE)


def judge(logs: Sequence[Log], is_forward: bool = False, alone: bool = False) -> list[Finding]:
    """The findings of a root's explored paths, one per (primary place, code).

    ``is_forward``: the root is the forward of a module, so its result is meant to be differentiated; ``alone``: it is a
    function judged without its callers.
    """
    groups: dict[tuple[str, AnyPlace], list[_Sighting]] = {}
    for log in logs:
        first: Finding | None = None
        for story in stories(log):
            rule = rule_for(story.event.reason)
            finding = rule.explain(story) if rule is not None else None
            if rule is None or finding is None:
                continue
            if rule.silent:
                finding = replace(finding, severity=_at_most(finding.severity, Severity.WARNING))
            if story.shadowed:
                if first is not None and _touch(first.primary, finding.primary):
                    continue  # `h[1:] += x` writes twice: whoever mends the first error looks at the line anyway
                finding = _after(first, finding)
            elif isinstance(story.event, Raise) and story.event.certain:
                first = finding
            groups.setdefault((finding.code, finding.primary), []).append(_Sighting(finding, story))
    found = [_merge(sightings, logs, is_forward, alone) for sightings in groups.values()]
    return sorted(found, key=lambda finding: (_ORDER.index(finding.severity), finding.code))


def _calls(sighting: _Sighting) -> tuple[AnyPlace, ...]:
    """Through which the run came to the line to change; of a declaration, to what was declared."""
    finding, story = sighting.finding, sighting.story
    for place in (finding.primary, finding.write):
        for event in story.log.happened:
            if event.place == place:
                return event.stack
    return story.event.stack


def _touch(one: AnyPlace, other: AnyPlace) -> bool:
    """Is one of these places within the other? (Rows of a real run have no ends to compare.)"""
    if isinstance(one, Span) and isinstance(other, Span):
        return one.chunk == other.chunk and one.start < other.end and other.start < one.end
    return one == other


def _after(first: Finding | None, finding: Finding) -> Finding:
    """The finding as it is told where another error comes before it: torch will show it only then."""
    if first is None:
        return finding
    related = Related(
        Role.FIRST, first.primary, "torch raises here first; the finding shows once this is mended"
    )
    return replace(
        finding,
        message=f"{finding.message} (torch shows this once an earlier error is mended)",
        related=(*finding.related, related),
    )


def _merge(sightings: list[_Sighting], logs: Sequence[Log], is_forward: bool, alone: bool) -> Finding:
    """One finding for all sightings: the most certain story, with the severity that all paths allow."""
    severity = min((_severity(s, is_forward, alone) for s in sightings), key=_ORDER.index)
    best = min(sightings, key=lambda s: (_ORDER.index(_severity(s, is_forward, alone)), s.story.index))
    silent = _silent_paths(best, sightings, logs)
    in_doubt = severity is Severity.ERROR and may_exclude_each_other(_raising(sightings), logs)
    if severity is Severity.ERROR and (silent or in_doubt):
        severity = Severity.WARNING
    finding = replace(best.finding, calls=_calls(best))
    if severity is Severity.ERROR:
        return finding
    return replace(qualified(finding, best.story, silent, in_doubt), severity=severity)


def _severity(sighting: _Sighting, is_forward: bool, alone: bool) -> Severity:
    story, event = sighting.story, sighting.story.event
    severity = sighting.finding.severity
    if story.returned:
        if event.certain:
            return _at_most(severity, Severity.WARNING)
        whole = story.save is not None and story.save.role == "result" and is_forward
        return Severity.WARNING if whole else Severity.INFORMATION
    if alone and not event.certain and event.reason in _UP_TO_THE_CALLER and _hangs_on_an_argument(story):
        return Severity.INFORMATION
    if not event.certain or story.log.blurred or story.shadowed:
        return _at_most(severity, Severity.WARNING)
    return severity


def _hangs_on_an_argument(story: Story) -> bool:
    """Whether it is not known of the written tensor, or of what it is a view of, if it requires grad."""
    tensor = story.event.tensor
    for event in reversed(story.log.events):
        if isinstance(event, Alias) and event.tensor == tensor:
            tensor = event.base
        elif isinstance(event, Create) and event.tensor == tensor:
            return event.requires_grad is None
    return False


def _at_most(severity: Severity, bound: Severity) -> Severity:
    return max(severity, bound, key=_ORDER.index)


def _silent_paths(best: _Sighting, sightings: list[_Sighting], logs: Sequence[Log]) -> list[Log]:
    """The paths that run the write after the save and do not raise."""
    raising = {id(log) for log in _raising(sightings)}
    return [log for log in logs if id(log) not in raising and _runs(log, best)]


def _raising(sightings: Iterable[_Sighting]) -> list[Log]:
    return [each.story.log for each in sightings if each.story.event.certain and not each.story.shadowed]


def _runs(log: Log, best: _Sighting) -> bool:
    """Does this path run the failing operation, or the write after the save?"""
    story = best.story
    event, save = story.event, story.save
    if isinstance(event, Raise) and event.reason == "version" and save is not None:
        places = {write.place for write in story.writes()}
        return _writes_after_save(log.happened, save, places)
    if isinstance(event, Raise) and event.reason == "freed":
        starts = (e for e in log.happened if isinstance(e, BackwardStart))
        return sum(1 for start in starts if start.place == event.place) > 1
    return any(e.place == event.place and isinstance(e, (Write, Raise)) for e in log.happened)


def _writes_after_save(events: Iterable[Event], saved: Save, writes: set[AnyPlace]) -> bool:
    """Does a path run one of the writes after the operation saved something there? Perhaps on another tensor (a clone)."""
    seen = False
    for event in events:
        if isinstance(event, Save) and event.place == saved.place and event.operation == saved.operation:
            seen = True
        elif seen and isinstance(event, Write) and event.place in writes:
            return True
    return False
