"""From observations of one overload to lines: the coarsest conditions under which all its calls behave alike.

A small decision tree. It splits only where the calls disagree, and only on what can be read off the source.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from gradsafe.ops.merge import merge_returns
from gradsafe.ops.notation import Condition, Return, Save, Write
from tools.op_table.probe import Observation

DEEPEST = 5
"""Conditions of a line at most; what still differs below gets a ``?``."""

TELLING = frozenset({"n", "ord", "p", "output_size", "beta"})
"""Numbers that choose another formula: a power, the order of a norm, pooling down to one cell."""
CHOICES = frozenset({-math.inf, -2, -1, 1, 2, 3, math.inf})
"""The values of such a number that are worth a line."""


@dataclass(frozen=True)
class Seen:
    """An observation, and what the source tells of each argument: condition subject -> value (kind under ``is``)."""

    observation: Observation
    literals: Mapping[str, object]
    kinds: Mapping[str, str]
    numbers: Mapping[str, object]


@dataclass(frozen=True)
class Leaf:
    """The calls that fit some conditions, and what they do."""

    conditions: tuple[Condition, ...]
    returns: Return
    saves: tuple[Save, ...]
    writes: tuple[Write, ...]

    def behaviour(self) -> tuple[object, ...]:
        return (self.returns, self.saves, self.writes)


def leaves(seen: Sequence[Seen], declared: tuple[Save, ...] | None = None) -> list[Leaf]:
    """The lines of one overload; ``declared`` are its saves where a formula tells them."""
    return _grow(list(seen), (), declared)


def _grow(
    seen: list[Seen], conditions: tuple[Condition, ...], declared: tuple[Save, ...] | None
) -> list[Leaf]:
    doubts = _doubts(seen, declared)
    if doubts and len(conditions) < DEEPEST:
        best: tuple[int, int, Condition] | None = None
        for rank, condition in enumerate(_splits(seen)):
            yes, no = _divide(seen, condition)
            if yes and no:
                left = _doubts(yes, declared) + _doubts(no, declared)
                if best is None or (left, rank) < best[:2]:
                    best = (left, rank, condition)
        if best is not None and best[0] < doubts:
            condition = best[2]
            yes, no = _divide(seen, condition)
            other = replace(condition, test={"==": "!=", "is": "not", "<": ">="}[condition.test])
            return [
                *_grow(yes, (*conditions, condition), declared),
                *_grow(no, (*conditions, other), declared),
            ]
    return [Leaf(conditions, _returns(seen), _saves(seen) if declared is None else declared, _writes(seen))]


def _doubts(seen: Sequence[Seen], declared: tuple[Save, ...] | None) -> int:
    """How many calls contradict the line that would be written for them."""
    if declared is not None:
        returns, writes = _returns(seen), _writes(seen)
        return sum(s.observation.returns != returns or _loose(s, writes) for s in seen)
    returns, saves, writes = _returns(seen), _saves(seen), _writes(seen)
    uncertain = {save.what for save in saves if not save.certain}
    return sum(
        len(uncertain & set(_possible(s))) + (not _agree(s.observation.returns, returns)) + _loose(s, writes)
        for s in seen
    )


def _loose(seen: Seen, writes: Sequence[Write]) -> bool:
    return any(not write.certain for write in writes) and bool(seen)


def _agree(observed: Return, merged: Return) -> bool:
    return observed == merged


def _possible(seen: Seen) -> Iterator[str]:
    yield from seen.observation.labels
    yield from {what for saved in seen.observation.saved.values() for what in saved}
    yield from ("result", "result0", "result1", "result2", "result3")


def _divide(seen: Sequence[Seen], condition: Condition) -> tuple[list[Seen], list[Seen]]:
    yes: list[Seen] = []
    no: list[Seen] = []
    for item in seen:
        (yes if _holds(item, condition) else no).append(item)
    return yes, no


def _holds(seen: Seen, condition: Condition) -> bool:
    if condition.test == "is":
        return seen.kinds.get(condition.param) == condition.literal
    facts = seen.numbers if "." in condition.param else seen.literals
    missing = object()
    found = facts.get(condition.param, missing)
    if condition.test == "<":
        return type(found) in (int, float) and bool(found < condition.literal)  # type: ignore[operator]
    same_type = isinstance(found, bool) == isinstance(condition.literal, bool)
    return same_type and bool(found == condition.literal)


def _splits(seen: Sequence[Seen]) -> Iterator[Condition]:
    """Conditions to try, the most telling first: flags, None, strings, kinds, small numbers, dimensions."""
    found: dict[str, Condition] = {}
    for item in seen:
        for param, value in item.literals.items():
            if type(value) in (int, float) and value != 0 and not (param in TELLING and value in CHOICES):
                # What sets a number apart, if anything, is that it is zero.
                continue
            if param in TELLING and isinstance(value, (int, float)) and value < 0:
                found.setdefault(f"{param}<0", Condition(param, "<", 0))
            found.setdefault(f"{param}={value!r}", Condition(param, "==", value))
        for param, kind in item.kinds.items():
            found.setdefault(f"{param} is {kind}", Condition(param, "is", kind))
        for param, value in item.numbers.items():
            found.setdefault(f"{param}={value!r}", Condition(param, "==", value))
    yield from sorted(found.values(), key=lambda condition: (_rank(condition), str(condition)))


def _rank(condition: Condition) -> float:
    if "." in condition.param:
        return 5 if condition.param.endswith(".ndim") else 6
    if condition.test == "is":
        return 3
    order: Sequence[type] = (bool, type(None), str)
    plain = next((rank for rank, kind in enumerate(order) if isinstance(condition.literal, kind)), 4)
    return plain if plain < 4 or condition.literal == 0 else 4.5


def _returns(seen: Iterable[Seen]) -> Return:
    return reduce(merge_returns, (item.observation.returns for item in seen))


def _writes(seen: Sequence[Seen]) -> tuple[Write, ...]:
    merged: dict[str, Write] = {}
    for item in seen:
        for write in item.observation.writes:
            old = merged.setdefault(write.what, write)
            if old.bumps != write.bumps:
                merged[write.what] = replace(old, bumps=max(old.bumps, write.bumps), certain=False)
    return tuple(
        write if all(_writes_it(item, write.what) for item in seen) else replace(write, certain=False)
        for write in merged.values()
    )


def _writes_it(seen: Seen, what: str) -> bool:
    """Writes it, or the call has no such operand."""
    observation = seen.observation
    return what not in observation.labels or any(write.what == what for write in observation.writes)


def _saves(seen: Sequence[Seen]) -> tuple[Save, ...]:
    labels = dict.fromkeys(
        what for s in seen for saved in s.observation.saved.values() for what in sorted(saved)
    )
    return tuple(_save(label, [s.observation for s in seen]) for label in sorted(labels))


def _save(label: str, observations: Sequence[Observation]) -> Save:
    """When is ``label`` saved: the operands of which any one that requires grad is enough."""
    having = [o for o in observations if label.startswith("result") or label in o.labels]
    everyone = {
        name
        for o in having
        for name in o.differentiable
        if name not in o.silent and frozenset({name}) in o.saved
    }
    needs = {
        name
        for o in having
        for name in o.differentiable
        if label in o.saved.get(frozenset({name}), frozenset())
    }
    certain = all(
        (label in saved) == bool(pattern & needs) for o in having for pattern, saved in o.saved.items()
    )
    return Save(label, () if needs >= everyone or not needs else tuple(sorted(needs)), certain)
