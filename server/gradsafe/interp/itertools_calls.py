"""``itertools``: what its iterators give, spelled out up to a bound."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import NONE, External, TupleValue, Unknown, Value, const
from gradsafe.interp import calls, containers, generators, iteration_calls, operators, shapes
from gradsafe.interp.builtin_calls import builtin

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes


@builtin("itertools.accumulate", needs=1)
def _accumulate(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    function = call.argument(1, "func")
    found: Outcomes = []
    for each, ((items, is_open),) in iteration_calls.columns(machine, path, call.args[:1], call.source):
        initial = call.kwargs.get("initial")
        done = [initial] if initial is not None and initial != NONE else list(items[:1])
        for item in items[len(done) :] if done and initial is None else items:
            if function is None:
                made = operators.binary(machine, each, "+", done[-1], item, call.source)
            else:
                made = calls.call(machine, each, call.of(function, done[-1], item))
            each, value = made[0]
            done.append(value)
        found.append((each, iteration_calls.made(each, done, is_open)))
    return found


@builtin("itertools.chain", "itertools.chain.from_iterable")
def _chain(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    nested = isinstance(call.function, External) and call.function.name.endswith("from_iterable")
    if nested and len(call.args) != 1:
        return None
    states = iteration_calls.columns(machine, path, call.args, call.source)
    if nested:
        states = [
            state
            for each, ((items, _),) in states
            for state in iteration_calls.columns(machine, each, items, call.source)
        ]
    return [
        (
            each,
            iteration_calls.made(
                each, [item for items, _ in given for item in items], any(more for _, more in given)
            ),
        )
        for each, given in states
    ]


@builtin("itertools.product", "itertools.combinations", "itertools.permutations", "itertools.pairwise",
         "itertools.combinations_with_replacement")  # fmt: skip
def _combined(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else ""
    if not call.args and name != "product":
        return None
    size = shapes.number(call.argument(1, "r"))
    repeat = shapes.number(call.kwargs.get("repeat")) or 1
    given = call.args if name == "product" else call.args[:1]
    found: Outcomes = []
    for each, parts in iteration_calls.columns(machine, path, given, call.source):
        items = [column for column, _ in parts]
        rows: Iterable[tuple[Value, ...]]
        if name == "product":
            rows = itertools.product(*items, repeat=min(repeat, 4))
        elif name == "pairwise":
            rows = itertools.pairwise(items[0])
        elif name == "permutations" and len(call.args) == 1 and not call.kwargs:
            rows = itertools.permutations(items[0])
        elif size is None or size > 8:
            return None
        else:
            rows = getattr(itertools, name)(items[0], size)
        taken = list(itertools.islice(rows, iteration_calls.MAX_ITEMS + 1))
        is_open = any(more for _, more in parts) or len(taken) > iteration_calls.MAX_ITEMS
        found.append((each, iteration_calls.made(each, map(TupleValue, taken), is_open)))
    return found


@builtin("itertools.islice", needs=1)
def _islice(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    bounds = [shapes.number(arg) if arg != NONE else None for arg in call.args[1:]]
    known = all(bound is not None or arg == NONE for bound, arg in zip(bounds, call.args[1:], strict=True))
    found: Outcomes = []
    for each, ((items, is_open),) in iteration_calls.columns(machine, path, call.args[:1], call.source):
        if not known or not bounds:
            found.append((each, iteration_calls.made(each, items, True)))
            continue
        wanted = slice(*bounds)
        stop = wanted.stop
        if is_open and items and stop is not None:
            items = (*items, *([items[-1]] * (min(stop, iteration_calls.MAX_ITEMS) - len(items))))
        found.append((each, iteration_calls.made(each, items[wanted], is_open and stop is None)))
    return found


@builtin("itertools.tee", needs=1)
def _tee(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    number = shapes.number(call.argument(1, "n") or const(2))
    if number is None or number > 8:
        return None
    return [
        (each, TupleValue(tuple(iteration_calls.made(each, items, is_open) for _ in range(number))))
        for each, ((items, is_open),) in iteration_calls.columns(machine, path, call.args[:1], call.source)
    ]


@builtin("itertools.takewhile", "itertools.dropwhile", needs=2)
def _while_true(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """The elements before, or from, the first that fails a test; which that is has to be known."""
    takes = isinstance(call.function, External) and call.function.name.endswith("takewhile")
    found: Outcomes = []
    for each, ((items, is_open),) in iteration_calls.columns(machine, path, call.args[1:2], call.source):
        each, truths = _tests(machine, each, items, call)
        passed = len(list(itertools.takewhile(bool, truths)))
        if None in truths[: passed + 1]:
            found.append((each, Unknown(("while", call.source.place, each.new_id()))))
            continue
        more = is_open and (passed == len(items) or not takes)
        found.append((each, iteration_calls.made(each, items[:passed] if takes else items[passed:], more)))
    return found


def _tests(
    machine: Machine, path: Path, items: tuple[Value, ...], call: Call
) -> tuple[Path, list[bool | None]]:
    """The truth of ``call``'s predicate for each element; None where it is not known, or where it forks."""
    truths: list[bool | None] = []
    for item in items:
        made = calls.call(machine, path, call.of(call.args[0], item))
        path = made[0][0]
        truths.append(operators.truth(*made[0]) if len(made) == 1 else None)
    return path, truths


@builtin("itertools.compress", needs=2)
def _compress(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    found: Outcomes = []
    for each, (data, selectors) in iteration_calls.columns(machine, path, call.args[:2], call.source):
        truths = [operators.truth(each, selector) for selector in selectors[0]]
        if None in truths or data[1] or selectors[1]:
            found.append((each, Unknown(("compressed", call.source.place, each.new_id()))))
        else:
            kept = [item for item, truth in zip(data[0], truths, strict=False) if truth]
            found.append((each, iteration_calls.made(each, kept, False)))
    return found


@builtin("itertools.groupby", needs=1)
def _groupby(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """Runs of elements with one key, where all keys are known."""
    function = call.argument(1, "key") or NONE
    found: Outcomes = []
    for each, ((items, is_open),) in iteration_calls.columns(machine, path, call.args[:1], call.source):
        each, keys = iteration_calls.keys(machine, each, items, function, call)
        if keys is None or is_open:
            found.append((each, Unknown(("grouped", call.source.place, each.new_id()))))
            continue
        pairs = itertools.groupby(zip(keys, items, strict=True), key=lambda pair: pair[0])
        groups = [
            TupleValue((const(key), iteration_calls.made(each, [item for _, item in run], False)))
            for key, run in pairs
        ]
        found.append((each, iteration_calls.made(each, groups, False)))
    return found


@builtin("itertools.count", "itertools.cycle", "itertools.repeat")
def _endless(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else ""
    first = call.args[0] if call.args else const(0)
    if name == "repeat":
        times = shapes.number(call.argument(1, "times"))
        return [
            (
                path,
                iteration_calls.made(
                    path,
                    [first] * min(times if times is not None else 4, iteration_calls.MAX_ITEMS),
                    times is None,
                ),
            )
        ]
    if name == "cycle":
        if not call.args:
            return None
        states = iteration_calls.columns(machine, path, call.args[:1], call.source)
        return [
            (
                each,
                iteration_calls.made(
                    each, [*items] * (iteration_calls.MAX_ITEMS // 4 // max(len(items), 1) or 1), True
                ),
            )
            for each, ((items, _),) in states
        ]
    start, step = shapes.number(first), shapes.number(call.argument(1, "step"))
    if start is None:
        return None
    numbers = tuple(const(start + n * (step if step is not None else 1)) for n in range(generators.AHEAD))
    rest = Unknown(("index", call.source.place, path.new_id()))
    return [(path, containers.new_list(path, numbers, rest, "generator"))]
