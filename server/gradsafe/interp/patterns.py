"""``match``: patterns against values, in three answers: it matches, it does not, it is not known."""

from __future__ import annotations

from dataclasses import dataclass, field

from gradsafe.domain.state import Path
from gradsafe.domain.values import (
    Const,
    DictRef,
    External,
    Instance,
    ListRef,
    Source,
    TupleValue,
    Unknown,
    Value,
)
from gradsafe.interp import (
    builtin_calls,
    classes,
    comparisons,
    containers,
    data_classes,
    names,
    operators,
    torch_ops,
)
from gradsafe.interp.execute import executes
from gradsafe.interp.joining import join, mark
from gradsafe.interp.machine import Machine, span
from gradsafe.ir import instructions as ir

_MATCHES_ITSELF = frozenset(
    {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
)
"""Classes whose one positional pattern is the subject itself (the language reference, "Class Patterns")."""


@dataclass(slots=True)
class _Attempt:
    """One pattern tried on one subject: what it would bind."""

    machine: Machine
    path: Path
    source: Source
    binds: dict[str, Value] = field(default_factory=dict)


@executes(ir.Match)
def _match(machine: Machine, path: Path, i: ir.Match) -> list[Path]:
    before = mark(path)
    results: list[Path] = []
    running = [(path, path.frame.regs[i.subject])]
    for case in i.cases:
        following: list[tuple[Path, Value]] = []
        for current, subject in running:
            for side, matches in _sides(machine, current, subject, case):
                if not matches:
                    following.append((side, subject))
                else:
                    results.extend(machine.run(side, case.body))
        running = following
    return join(before, [*results, *(side for side, _ in running)])


def _sides(machine: Machine, path: Path, subject: Value, case: ir.Case) -> list[tuple[Path, bool]]:
    attempt = _Attempt(machine, path, path.here(_at(case)))
    verdict = _matches(attempt, case.pattern, subject) if case.pattern is not None else None
    if verdict is False:
        return [(path, False)]
    token = ("case", operators.token_of(subject), case.text)
    sides = [(path, True)] if verdict else machine.fork_on(path, token, f"case {case.text}")
    found: list[tuple[Path, bool]] = []
    for side, taken in sides:
        if not taken:
            found.append((side, False))
            continue
        for name in case.binds:
            unknown = Unknown(("case", span(side, _at(case)), name))
            names.store(side, name, attempt.binds.get(name, unknown))
        found.extend(_guarded(machine, side, case))
    return found


def _at(case: ir.Case) -> tuple[int, int]:
    return (0, len(case.text))


def _guarded(machine: Machine, path: Path, case: ir.Case) -> list[tuple[Path, bool]]:
    if case.guard_reg is None:
        return [(path, True)]
    found: list[tuple[Path, bool]] = []
    for side in machine.run(path, case.guard):
        if case.guard_reg not in side.frame.regs:  # it ended within the guard
            found.append((side, True))
            continue
        test = side.frame.regs[case.guard_reg]
        truth = operators.truth(side, test)
        if truth is not None:
            found.append((side, truth))
            continue
        token, negated = operators.condition_token(test)
        found.extend((each, taken != negated) for each, taken in machine.fork_on(side, token, case.text))
    return found


def _matches(attempt: _Attempt, pattern: ir.Pattern, subject: Value) -> bool | None:
    if isinstance(pattern, ir.PatternCapture):
        verdict = _matches(attempt, pattern.pattern, subject) if pattern.pattern is not None else True
        if verdict is not False and pattern.name is not None:
            attempt.binds[pattern.name] = subject
        return verdict
    if isinstance(pattern, ir.PatternValue):
        return _equal(attempt, pattern, subject)
    if isinstance(pattern, ir.PatternOr):
        return _any(attempt, pattern, subject)
    if isinstance(pattern, ir.PatternSequence):
        return _sequence(attempt, pattern, subject)
    if isinstance(pattern, ir.PatternMapping):
        return _mapping(attempt, pattern, subject)
    return _class(attempt, pattern, subject)


def _value(attempt: _Attempt, pattern: ir.PatternValue) -> Value:
    """The value of a dotted name or literal; such an expression never forks."""
    path = attempt.machine.run(attempt.path, pattern.body)[0]
    return path.frame.regs.get(pattern.reg, Unknown(("pattern", attempt.source.place)))


def _equal(attempt: _Attempt, pattern: ir.PatternValue, subject: Value) -> bool | None:
    wanted = _value(attempt, pattern)
    if isinstance(wanted, Const) and isinstance(subject, (ListRef, TupleValue, DictRef)):
        return False
    compared = comparisons.compare(attempt.machine, attempt.path, "==", subject, wanted, attempt.source)
    return operators.truth(compared[0][0], compared[0][1]) if len(compared) == 1 else None


def _any(attempt: _Attempt, pattern: ir.PatternOr, subject: Value) -> bool | None:
    verdicts = []
    for each in pattern.items:
        verdict = _matches(attempt, each, subject)
        if verdict:
            return True
        verdicts.append(verdict)
    return None if None in verdicts else False


def _all(attempt: _Attempt, pairs: list[tuple[ir.Pattern, Value]]) -> bool | None:
    verdicts = []
    for pattern, value in pairs:
        verdict = _matches(attempt, pattern, value)
        if verdict is False:
            return False
        verdicts.append(verdict)
    return None if None in verdicts else True


def _sequence(attempt: _Attempt, pattern: ir.PatternSequence, subject: Value) -> bool | None:
    path, items = attempt.path, pattern.items
    if isinstance(subject, Unknown):
        _all(attempt, [(each, Unknown(("item", subject.token, n))) for n, each in enumerate(items)])
        return None
    if not isinstance(subject, (ListRef, TupleValue)):
        return False
    known, rest = containers.elements(path, subject), containers.rest_of(path, subject)
    if rest is not None:
        _all(attempt, [(each, known[n] if n < len(known) else rest) for n, each in enumerate(items)])
        return None
    if pattern.star is None:
        return _all(attempt, list(zip(items, known, strict=True))) if len(items) == len(known) else False
    after = len(items) - pattern.star - 1
    if len(known) < len(items) - 1:
        return False
    middle = containers.new_list(path, known[pattern.star : len(known) - after])
    values = (*known[: pattern.star], middle, *known[len(known) - after :])
    return _all(attempt, list(zip(items, values, strict=True)))


def _mapping(attempt: _Attempt, pattern: ir.PatternMapping, subject: Value) -> bool | None:
    path = attempt.path
    if not isinstance(subject, DictRef):
        if isinstance(subject, Unknown):
            _all(
                attempt, [(each, Unknown(("item", subject.token, n))) for n, each in enumerate(pattern.items)]
            )
            return None
        return None if isinstance(subject, Instance) else False
    entries = path.entries(subject.oid)
    held = dict(entries.known)
    keys = [_value(attempt, key) for key in pattern.keys]
    if any(key not in held for key in keys):
        return False if entries.rest is None and all(isinstance(key, Const) for key in keys) else None
    if pattern.rest is not None:
        left = tuple(pair for pair in entries.known if pair[0] not in keys)
        attempt.binds[pattern.rest] = containers.new_dict(path, left, entries.rest)
    return _all(attempt, [(each, held[key]) for each, key in zip(pattern.items, keys, strict=True)])


def _class(attempt: _Attempt, pattern: ir.PatternClass, subject: Value) -> bool | None:
    subject = torch_ops.resolve(attempt.path, subject)
    cls = _value(attempt, pattern.cls)
    verdict = builtin_calls.is_instance(subject, cls)
    if verdict is False:
        return False
    if isinstance(cls, External) and cls.name.rpartition(".")[2] in _MATCHES_ITSELF:
        inner = _all(attempt, [(each, subject) for each in pattern.items[:1]])
        return inner if verdict or inner is False else None
    fields = data_classes.match_arguments(attempt.path, cls)
    pairs = list(zip(fields, pattern.items, strict=False)) + list(pattern.named)
    inner = _all(attempt, [(each, _attribute(attempt, subject, name)) for name, each in pairs])
    if inner is False:
        return False
    return True if verdict and inner and len(fields) >= len(pattern.items) else None


def _attribute(attempt: _Attempt, subject: Value, name: str) -> Value:
    return classes.get_attribute(attempt.machine, attempt.path, subject, name, attempt.source)[0][1]
