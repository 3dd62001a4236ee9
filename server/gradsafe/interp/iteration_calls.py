"""Functions that go over iterables: ``zip``, ``map``, ``sum``, ``max``, ``sorted``, ``itertools``, ``functools.reduce``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Items, Path, Status
from gradsafe.domain.values import (
    NONE,
    TRUE,
    Const,
    External,
    Lazy,
    ListRef,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import calls, containers, coroutines, generators, operators, shapes, stand_ins, torch_ops
from gradsafe.interp.builtin_calls import builtin

if TYPE_CHECKING:
    from gradsafe.domain.values import Source
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

MAX_ITEMS = 64
"""Most elements of a sequence that is made here."""

Column = tuple[tuple[Value, ...], bool]
"""Elements, and whether there may be more of their kind."""


def columns(
    machine: Machine, path: Path, values: Iterable[Value], source: Source
) -> list[tuple[Path, list[Column]]]:
    """The elements of several iterables, per path."""
    states: list[tuple[Path, list[Column]]] = [(path, [])]
    for value in values:
        following: list[tuple[Path, list[Column]]] = []
        for each, done in states:
            for start, rounds in containers.iterate(machine, each, value, source):
                items = tuple(item(start) if callable(item) else item for item in rounds.items)
                following.append((start, [*done, (items, rounds.open)]))
        states = following
    return states


def made(path: Path, items: Iterable[Value], is_open: bool) -> Value:
    """An iterator over ``items``; ``is_open``: there may be more like the last."""
    known = tuple(itertools.islice(items, MAX_ITEMS))
    return containers.new_list(path, known, known[-1] if is_open and known else None, "generator")


@builtin("builtins.enumerate", needs=1)
def _enumerate(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    start = shapes.number(call.argument(1, "start")) or 0
    found: Outcomes = []
    for each, ((items, is_open),) in columns(machine, path, call.args[:1], call.source):
        pairs = [TupleValue((const(start + n), item)) for n, item in enumerate(items)]
        rest = None
        if is_open and pairs:
            rest = TupleValue((Unknown(("index", call.source.place, each.new_id())), items[-1]))
        found.append((each, containers.new_list(each, tuple(pairs), rest, "generator")))
    return found


@builtin("builtins.zip", "itertools.zip_longest")
def _zip(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    longest = isinstance(call.function, External) and call.function.name.endswith("longest")
    found: Outcomes = []
    for each, given in columns(machine, path, call.args, call.source):
        if longest:
            fill = call.kwargs.get("fillvalue", NONE)
            rows = list(itertools.zip_longest(*(items for items, _ in given), fillvalue=fill))
            found.append((each, made(each, map(TupleValue, rows), any(more for _, more in given))))
            continue
        # An exact column ends the whole; an open one goes on for as long as the others do.
        exact = [len(items) for items, more in given if not more]
        length = min(exact) if exact else min((len(items) for items, _ in given), default=0)
        filled = [stand_ins.rounds(each, items, items[-1], length) if items else () for items, _ in given]
        rows = list(zip(*filled, strict=False))
        found.append((each, made(each, map(TupleValue, rows), bool(given) and not exact)))
    return found


@builtin("builtins.list", "builtins.tuple", "builtins.set", "builtins.sorted", "builtins.iter", "builtins.reversed",
         "collections.deque", "builtins.frozenset", "tqdm.tqdm", "tqdm", "tqdm.auto.tqdm", "tqdm.trange",
         "rich.progress.track")  # fmt: skip
def _list(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else ""
    limit = shapes.number(call.argument(1, "maxlen")) if name == "deque" else None
    if not call.args:
        empty = containers.new_list(path, ())
        if limit is not None:
            path.vars[empty.oid, "#maxlen"] = const(limit)
        return [(path, TupleValue(()) if name == "tuple" else empty)]
    if name == "iter" and (isinstance(call.args[0], Lazy) or len(call.args) == 2):
        return [(path, call.args[0])] if len(call.args) == 1 else None
    if name in ("tqdm", "track") and isinstance(call.args[0], Lazy):
        return [(path, call.args[0])]
    if name == "trange":
        return calls.call(machine, path, replace(call, function=External("builtins.range"), kwargs={}))
    found: Outcomes = []
    for each, ((items, is_open),) in columns(machine, path, call.args[:1], call.source):
        if name == "reversed":
            items = items[::-1]
        if name == "sorted":
            found.extend(_sorted(machine, each, items, is_open, call))
            continue
        if name in ("set", "frozenset"):
            items = tuple(dict.fromkeys(items))
        if limit is not None:
            items = items[-limit:] if limit else ()
        if name == "tuple" and not is_open:
            found.append((each, TupleValue(items)))
            continue
        shape = "set" if name in ("set", "frozenset") else "list"
        made = containers.new_list(each, items, items[-1] if is_open and items else None, shape)
        if limit is not None:
            each.vars[made.oid, "#maxlen"] = const(limit)
        found.append((each, made))
    return found


def keys(
    machine: Machine, path: Path, items: tuple[Value, ...], key: Value, call: Call
) -> tuple[Path, list[int | float | str] | None]:
    """What ``key`` gives for each element, where all are comparable constants; None stands for the element.

    Tuples are told apart by their first elements, where these all differ.
    """
    values: list[Value] = []
    for item in items:
        if key == NONE:
            values.append(item)
            continue
        made = calls.call(machine, path, call.of(key, item))
        path, value = made[0]
        values.append(value if len(made) == 1 else NONE)
    firsts = [value.items[0] for value in values if isinstance(value, TupleValue) and value.items]
    if len(firsts) == len(values) == len(set(firsts)):
        values = firsts
    known = [v.value for v in values if isinstance(v, Const) and isinstance(v.value, (int, float, str))]
    if len(known) != len(values) or len({isinstance(k, str) for k in known}) > 1:
        return path, None
    return path, known


def _sorted(machine: Machine, path: Path, items: tuple[Value, ...], is_open: bool, call: Call) -> Outcomes:
    path, known = keys(machine, path, items, call.kwargs.get("key", NONE), call)
    if known is not None and not is_open:
        reverse = call.kwargs.get("reverse") == TRUE
        order = sorted(range(len(items)), key=lambda n: known[n], reverse=reverse)
        return [(path, containers.new_list(path, tuple(items[n] for n in order)))]
    stand_ins.in_doubt(path, items)  # their order depends on values
    if not is_open and not any(torch_ops.tensors_in(path, item) for item in items):
        items = tuple(Unknown(("sorted", call.source.place, number)) for number in range(len(items)))
    return [(path, containers.new_list(path, items, items[-1] if is_open and items else None))]


@builtin("builtins.sum", "math.fsum", "math.prod", needs=1)
def _sum(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``sum`` adds from the left, starting at 0: for tensors one ``add`` a step."""
    product = isinstance(call.function, External) and call.function.name == "math.prod"
    first = call.argument(1, "start") or const(1 if product else 0)
    return _folded(machine, path, call, lambda side, total, item: operators.binary(
        machine, side, "*" if product else "+", total, item, call.source), first)  # fmt: skip


def _folded(
    machine: Machine,
    path: Path,
    call: Call,
    step: Callable[[Path, Value, Value], Outcomes],
    first: Value | None,
) -> Outcomes:
    result: Outcomes = []
    for each, ((items, is_open),) in columns(
        machine, path, call.args[-1:] if first is None else call.args[:1], call.source
    ):
        total, rest = (first, items) if first is not None else (items[0] if items else NONE, items[1:])
        totals: Outcomes = [(each, total)]
        if is_open and not items:
            totals = [(each, Unknown(("total", call.source.place, each.new_id())))]
        for item in rest:
            totals = [outcome for side, so_far in totals for outcome in step(side, so_far, item)]
        result.extend(totals)
    return result


@builtin("functools.reduce")
def _reduce(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) < 2:
        return None

    def step(side: Path, total: Value, item: Value) -> Outcomes:
        return calls.call(machine, side, call.of(call.args[0], total, item))

    initial = call.argument(2, "initial")
    return _folded(machine, path, replace(call, args=call.args[1:2]), step, initial)


@builtin("builtins.any", "builtins.all", needs=1)
def _any(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    is_any = isinstance(call.function, External) and call.function.name.endswith("any")
    first = torch_ops.resolve(path, call.args[0])
    if isinstance(first, TensorRef):
        return [(path, Unknown(("value", "any", first.oid, path.new_id())))]
    found: Outcomes = []
    for each, ((items, is_open),) in columns(machine, path, call.args[:1], call.source):
        truths = [operators.truth(each, item) for item in items]
        if is_any in truths:
            found.append((each, const(is_any)))
        elif None in truths or is_open:
            found.append(
                (each, operators.unknown(each, ("any", is_any, tuple(map(operators.token_of, items)))))
            )
        else:
            found.append((each, const(not is_any)))
    return found


_NUMBERS: dict[str, Callable[..., object]] = {
    "abs": abs, "float": float, "int": int, "round": round, "bool": bool, "pow": pow, "divmod": divmod,
}  # fmt: skip


@builtin("builtins.max", "builtins.min", needs=1)
def _extreme(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else "max"
    first = torch_ops.resolve(path, call.args[0])
    if isinstance(first, TensorRef) and len(call.args) == 1:
        return torch_ops.apply(machine, path, f"Tensor.{name}", [first], {}, call.source)
    if len(call.args) > 1:
        states: list[tuple[Path, list[Column]]] = [
            (path, [(tuple(torch_ops.resolve(path, arg) for arg in call.args), False)])
        ]
    else:
        states = columns(machine, path, call.args[:1], call.source)
    found: Outcomes = []
    for each, ((items, is_open),) in states:
        each, known = keys(machine, each, items, call.kwargs.get("key", NONE), call)
        if known and not is_open:
            pick = max if name == "max" else min
            best = pick(range(len(known)), key=lambda n: known[n])
            found.append((each, items[best]))
        elif any(isinstance(item, TensorRef) for item in items):
            stand_ins.in_doubt(each, items)
            found.append((each, items[0]))  # it is one of them: the first stands for all
        elif not items and "default" in call.kwargs and not is_open:
            found.append((each, call.kwargs["default"]))
        else:
            found.append(
                (each, operators.unknown(each, ("int", name, tuple(map(operators.token_of, items)))))
            )
    return found


@builtin(*(f"builtins.{name}" for name in _NUMBERS))
def _number(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else ""
    values = [torch_ops.resolve(path, value) for value in call.args]
    if not values:
        return [(path, const({"float": 0.0, "bool": False}.get(name, 0)))]
    if name == "abs" and isinstance(values[0], TensorRef):
        return torch_ops.apply(machine, path, "Tensor.abs", values, {}, call.source)
    if name == "pow" and isinstance(values[0], TensorRef) and len(values) == 2:
        return operators.binary(machine, path, "**", values[0], values[1], call.source)
    if name == "bool":
        return _bool(machine, path, values[0], call)
    if name == "pow":
        return operators.binary(machine, path, "**", values[0], values[-1], call.source)
    numbers = [value.value for value in values if isinstance(value, Const)]
    if len(numbers) == len(values) and all(isinstance(n, (int, float, str)) for n in numbers):
        try:
            result = _NUMBERS[name](*(n if not isinstance(n, str) else n[:32] for n in numbers))
            whole = tuple(map(const, result)) if isinstance(result, tuple) else ()
            return [(path, TupleValue(whole) if whole else const(result))]
        except (TypeError, ArithmeticError):
            pass
        except ValueError:
            path.status, path.raised = Status.RAISED, "ValueError"
            return [(path, NONE)]
    tokens = tuple(value.token if isinstance(value, Unknown) else value for value in values)
    return [(path, operators.unknown(path, ("int", name, tokens, path.new_id() if name == "float" else 0)))]


def _bool(machine: Machine, path: Path, value: Value, call: Call) -> Outcomes:
    found: Outcomes = []
    for each, asked in operators.asked(machine, path, value, call.source):
        truth = operators.truth(each, asked)
        found.append((each, const(truth) if truth is not None else asked))
    return found


@builtin("builtins.next")
def _next(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """The next element, which is taken out of an iterator made here; the default, or StopIteration, at its end."""
    if not call.args:
        return None
    default = call.args[1] if len(call.args) > 1 else None
    generator = call.args[0]
    stepped = coroutines.step(machine, path, generator, NONE) if isinstance(generator, Lazy) else None
    if stepped is not None:
        return _or_default(stepped, default)
    if coroutines.is_sent_to(machine, path, generator):
        path.blurred = True  # what it does from here on hangs on what it will be sent
        return calls.unknown_result(path, call)
    found: Outcomes = []
    for each, value in generators.force(machine, path, call.args[0]):
        if isinstance(value, ListRef):
            found.append((each, _taken(each, value, default)))
            continue
        outcomes = calls.call_method(machine, each, value, "__next__", (), call.source)
        if outcomes is not None:
            found.extend(_or_default(outcomes, default))
            continue
        for start, rounds in containers.iterate(machine, each, value, call.source):
            first = rounds.items[0] if rounds.items else None
            unknown = Unknown(("next", call.source.place, start.new_id()))
            item = unknown if first is None else first(start) if callable(first) else first
            found.append((start, item))
    return found


def _or_default(outcomes: Outcomes, default: Value | None) -> Outcomes:
    found: Outcomes = []
    for each, value in outcomes:
        if default is not None and each.status is Status.RAISED and each.raised == "StopIteration":
            each.status, each.raised, value = Status.RUN, None, default
        found.append((each, value))
    return found


def _taken(path: Path, value: ListRef, default: Value | None) -> Value:
    items = path.items(value.oid)
    if items.known:
        generators.step_mode(path, value.oid)
        path.heap[value.oid] = Items(items.known[1:], items.rest, items.shape)
        return items.known[0]
    if items.rest is not None:
        return stand_ins.like(path, items.rest) or stand_ins.one_of(path, (items.rest,), items.rest, True)
    if default is not None:
        return default
    path.status, path.raised = Status.RAISED, "StopIteration"
    return NONE


@builtin("builtins.map", "builtins.filter", "itertools.starmap", "itertools.filterfalse")
def _map(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) < 2:
        return None
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else "map"
    found: Outcomes = []
    for each, given in columns(machine, path, call.args[1:], call.source):
        rows = list(zip(*(items for items, _ in given), strict=False))
        if name == "starmap":
            rows = [containers.elements(each, row[0]) for row in rows]
        states: list[tuple[Path, tuple[Value, ...]]] = [(each, ())]
        for row in rows:
            states = [
                after for side, done in states for after in _mapped(machine, side, done, row, name, call)
            ]
        is_open = all(more for _, more in given)
        found.extend((side, made(side, done, is_open)) for side, done in states)
    return found


def _mapped(
    machine: Machine, path: Path, done: tuple[Value, ...], row: tuple[Value, ...], name: str, call: Call
) -> list[tuple[Path, tuple[Value, ...]]]:
    if path.status is not Status.RUN:
        return [(path, done)]
    if name in ("map", "starmap"):
        made = calls.call(machine, path, call.of(call.args[0], *row))
        return [(after, (*done, value)) for after, value in made]
    tests: Outcomes = [(path, row[0])]
    if call.args[0] != NONE:
        tests = calls.call(machine, path, call.of(call.args[0], *row))
    found: list[tuple[Path, tuple[Value, ...]]] = []
    for each, test in tests:
        truth = operators.truth(each, test)
        sides = [(each, truth)]
        if truth is None:
            token, negated = operators.condition_token(test)
            sides = [
                (s, taken != negated) for s, taken in machine.fork_on(each, token, "the element is kept")
            ]
        wanted = name != "filterfalse"
        found.extend((side, (*done, row[0]) if keep == wanted else done) for side, keep in sides)
    return found
