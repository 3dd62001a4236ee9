"""One root to its findings: the interpreter and the rules, behind the one function that the session calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gradsafe.interp.analyse import Root, RootResult, Trail
from gradsafe.interp.watch import Watcher
from gradsafe.interp.world import World
from gradsafe.project.allowance import Allowance
from gradsafe.project.process import prepare
from gradsafe.project.recording import Recorder
from gradsafe.rules.finding import Finding
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import BackwardStart, Free, Read, Save


@dataclass(frozen=True, slots=True)
class BackwardReads:
    """How many saved tensors a backward call at ``place`` unpacks on some path, and how many of them have changed since."""

    place: Span
    read: int
    changed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a root: its findings, what they cost, where its budgets ended, which functions it entered."""

    findings: tuple[Finding, ...]
    instructions: int = 0
    limits: tuple[tuple[str, Span], ...] = ()
    called: frozenset[ChunkId] = frozenset()
    called_without_grad: frozenset[ChunkId] = frozenset()
    backwards: frozenset[BackwardReads] = frozenset()
    broken: int = 0
    """On how many paths Python itself refuses (an attribute that is not there, an operand of the wrong type), or torch does for other reasons than a write."""

    @property
    def budgets_hit(self) -> frozenset[str]:
        """The names of the budgets that were hit."""
        return frozenset(budget for budget, _ in self.limits)


_REFUSALS = ("AttributeError", "TypeError", "IndexError")

Interpret = Callable[[World, Root, Allowance], Outcome]
"""Must be a function of the root, of what it may spend and of what it asks the world; raises nothing but the world's ``GivenUp``."""


def unspent(root: Root) -> Outcome:
    """Of a root that is not run, because its file's budget is used up."""
    return Outcome((), limits=(("file", Span(root.scope, 0, 0)),))


def rerun(world: World, root: Root, allowance: Allowance, watch: Watcher | None) -> RootResult:
    """Run ``root`` with the newest op table. Raises RecursionError for code that is nested deeper than Python allows."""
    from gradsafe.interp.analyse import BRIEF, BUDGETS, analyse_root
    from gradsafe.ops.table import load

    recorder = world if isinstance(world, Recorder) else None
    prelude = recorder.prelude if recorder is not None else None
    keeper = recorder.keeper if recorder is not None else None
    prepare()
    budgets = BUDGETS if allowance is Allowance.FULL else BRIEF
    return analyse_root(world, root, load(), budgets[root.kind], prelude, watch, keeper)


def interpret(world: World, root: Root, allowance: Allowance = Allowance.FULL) -> Outcome:
    """Interpret ``root`` and judge its log."""
    from gradsafe.rules.certainty.judge import findings_of

    try:
        result = rerun(world, root, allowance, None)
    except RecursionError:  # a bound like any other: nothing is said of this root
        return Outcome((), limits=(("recursion", Span(root.scope, 0, 0)),))
    return Outcome(
        tuple(findings_of(result)),
        result.instructions,
        result.limits,
        result.called,
        result.called_without_grad,
        frozenset(each for trail in result.trails for each in _backwards(trail)),
        sum(_is_broken(trail) for trail in result.trails),
    )


def _is_broken(trail: Trail) -> bool:
    return trail.raised in _REFUSALS or (trail.refused and trail.shadow_from is None)


def _backwards(trail: Trail) -> Iterator[BackwardReads]:
    places: dict[int, Span] = {}
    saves: dict[int, Save] = {}
    reads: dict[int, list[bool]] = {}
    freed, used_up, returned = set[int](), set[int](), set[int]()
    for event in trail.events[: trail.shadow_from]:
        if isinstance(event, Save):
            saves[event.save] = event
        elif isinstance(event, Free):
            freed.add(event.node)
        elif isinstance(event, Read):
            saved = saves.get(event.save)
            changed = event.found not in (None, saved.version if saved is not None else None)
            reads.setdefault(event.backward, []).append(changed)
            if saved is not None and saved.node in freed:
                used_up.add(event.backward)
        elif isinstance(event, BackwardStart) and isinstance(event.place, Span):
            places[event.backward] = event.place
            if event.operation == "return":
                returned.add(event.backward)
    for backward, place in places.items():
        if backward in used_up & returned:
            continue  # what the function itself has run backward through nobody will again
        read = reads.get(backward, [])
        yield BackwardReads(place, len(read), sum(read))
