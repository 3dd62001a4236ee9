"""Control flow: branches fork where the condition is not known, loops run a bounded number of rounds."""

from __future__ import annotations

from collections.abc import Callable

from gradsafe.domain.state import Entries, Items, Path, Status
from gradsafe.domain.values import (
    DictRef,
    Instance,
    Lazy,
    ListRef,
    Unknown,
    Value,
)
from gradsafe.interp import containers, generators, names, operators
from gradsafe.interp.execute import executes
from gradsafe.interp.joining import join, mark
from gradsafe.interp.machine import Machine, span
from gradsafe.ir import instructions as ir
from gradsafe.ir.instructions import LazyBody


def branch(
    machine: Machine, path: Path, test: Value, text: str, yes: Callable[[Path], list[Path]], no: Callable[[Path], list[Path]],
    result: int | None = None,
) -> list[Path]:  # fmt: skip
    """Run the side that ``test`` selects; both, forked and joined afterwards, where it is not known.

    ``result`` is the register in which a side leaves its value, where it has one.
    """
    truth = operators.truth(path, test)
    if truth is not None:
        return yes(path) if truth else no(path)
    before = mark(path)
    paths: list[Path] = []
    token, negated = operators.condition_token(test)
    for side, taken in machine.fork_on(path, token, text):
        paths.extend(yes(side) if taken != negated else no(side))
    return join(before, paths, result)


def decide(
    machine: Machine, path: Path, test: Value, at: tuple[int, int], text: str, yes: Callable[[Path], list[Path]],
    no: Callable[[Path], list[Path]], result: int | None = None,
) -> list[Path]:  # fmt: skip
    """:func:`branch` on the truth of a value, which an object's class may compute."""
    if not isinstance(test, Instance):
        return branch(machine, path, test, text, yes, no, result)
    paths: list[Path] = []
    for each, asked in operators.asked(machine, path, test, path.here(at)):
        if each.status is Status.RUN:
            paths.extend(branch(machine, each, asked, text, yes, no, result))
        else:
            paths.append(each)
    return paths


@executes(ir.If)
def _if(machine: Machine, path: Path, i: ir.If) -> list[Path]:
    test = path.frame.regs[i.test]
    return decide(
        machine, path, test, i.at, i.test_text, lambda p: machine.run(p, i.yes), lambda p: machine.run(p, i.no)
    )  # fmt: skip


@executes(ir.Choose)
def _choose(machine: Machine, path: Path, i: ir.Choose) -> list[Path]:
    def side(body: LazyBody, reg: int) -> Callable[[Path], list[Path]]:
        def run(current: Path) -> list[Path]:
            paths = machine.run(current, body)
            for each in paths:
                each.frame.regs[i.dst] = each.frame.regs.get(reg, Unknown(("choose", span(each, i.at))))
            return paths

        return run

    test = path.frame.regs[i.test]
    yes, no = side(i.yes, i.yes_reg), side(i.no, i.no_reg)
    return decide(machine, path, test, i.at, i.test_text, yes, no, i.dst)


@executes(ir.For)
def _for(machine: Machine, path: Path, i: ir.For) -> list[Path]:
    results: list[Path] = []
    iterable = path.frame.regs[i.iterable]
    if isinstance(iterable, Lazy) and generators.pending(path, iterable) is not None:
        return _in_step(machine, path, i, iterable)
    for start, rounds in containers.iterate(machine, path, iterable, path.here(i.at)):
        if start.status is not Status.RUN:
            results.append(start)
            continue
        results.extend(_rounds(machine, start, i, rounds))
    return results


def _in_step(machine: Machine, path: Path, i: ir.For, iterable: Lazy) -> list[Path]:
    """A loop over a generator: its body runs at each ``yield``, the ``else`` when the generator ends."""

    def take(each: Path, item: Value) -> list[Path]:
        each.frame.regs[i.target] = item
        return [done for assigned in machine.run(each, i.assign) for done in machine.run(assigned, i.body)]

    done: list[Path] = []
    for each in generators.drive(machine, path, iterable, take):
        if each.status is Status.BREAK:
            each.status = Status.RUN
            done.append(each)
        elif each.status is Status.RUN:
            done.extend(machine.run(each, i.orelse))
        else:
            done.append(each)
    return done


def _rounds(machine: Machine, path: Path, i: ir.For, rounds: containers.Rounds) -> list[Path]:
    items = rounds.items
    done: list[Path] = []
    running = [path]
    if rounds.open:
        if rounds.may_be_none:
            empty = path.fork()
            done.extend(machine.run(empty, i.orelse))
        if len(items) > machine.budget.rounds + 1 and not _index_matters(machine, i):
            items = items[: machine.budget.rounds + 1]
    elif len(items) > machine.budget.rounds + 1 and (
        len(items) > machine.budget.unrolled or not _index_matters(machine, i)
    ):
        items = (*items[: machine.budget.rounds], items[-1])
        machine.note("rounds", span(path, i.at))
    for item in items:
        following: list[Path] = []
        for current in running:
            if machine.spent():
                current.blurred = True
                done.append(current)
                continue
            current.frame.regs[i.target] = item if not callable(item) else item(current)
            after: list[Path] = []
            for assigned in machine.run(current, i.assign):
                after.extend(machine.run(assigned, i.body))
            for each in after:
                _end_of_round(each, following, done)
        running = machine.limit(following)
    for current in running:
        done.extend(machine.run(current, i.orelse))
    return done


def _end_of_round(path: Path, following: list[Path], done: list[Path]) -> None:
    if path.status is Status.BREAK:
        path.status = Status.RUN
        done.append(path)
    elif path.status in (Status.RUN, Status.CONTINUE):
        path.status = Status.RUN
        following.append(path)
    else:
        done.append(path)


def _index_matters(machine: Machine, i: ir.For) -> bool:
    """True if the loop's target is used as a subscript or in a condition: then the exact rounds matter."""
    targets = {
        store.name for block in i.assign for store in block.instructions if isinstance(store, ir.Store)
    }
    loads: set[int] = set()
    stack: list[object] = list(machine.body(i.body))
    uses: set[int] = set()
    while stack:
        item = stack.pop()
        if isinstance(item, ir.Block):
            stack.extend(item.instructions)
        elif isinstance(item, tuple):
            stack.extend(item)
        elif isinstance(item, ir.Load) and item.name in targets:
            loads.add(item.dst)
        elif isinstance(item, (ir.Item, ir.SetItem)):
            uses.add(item.index)
        elif isinstance(item, (ir.Compare, ir.Binary)):
            uses.update((item.left, item.right))
        elif isinstance(item, ir.If):
            uses.add(item.test)
            stack.extend((*machine.body(item.yes), *machine.body(item.no)))
        elif isinstance(item, ir.Choose):
            uses.add(item.test)
            stack.extend((*item.yes, *item.no))
    return bool(loads & uses)


@executes(ir.While)
def _while(machine: Machine, path: Path, i: ir.While) -> list[Path]:
    """Runs for as long as the test is known to hold; one that is not known, or a round that forks, ends it early."""
    done: list[Path] = []
    running = [path]
    decided = True
    for number in range(machine.budget.unrolled):
        if number > machine.budget.rounds and not decided:
            break
        following: list[Path] = []
        for current in running:
            for tested in machine.run(current, i.condition):
                _round_of_while(machine, i, tested, number, following, done)
        decided = decided and len(following) == 1 and not done
        running = machine.limit(following)
        if not running:
            return done
    return done + _endless(machine, i, running, done, decided)


def _round_of_while(
    machine: Machine, i: ir.While, path: Path, number: int, following: list[Path], done: list[Path]
) -> None:
    if path.status is not Status.RUN:
        done.append(path)
        return
    for tested, asked in operators.asked(machine, path, path.frame.regs[i.test], path.here(i.at)):
        truth = operators.truth(tested, asked)
        if truth is False or (truth is None and number >= machine.budget.rounds):
            done.extend(machine.run(tested, i.orelse))
            continue
        if truth is None:
            token, negated = operators.condition_token(asked)
            if number == 0:
                out = tested.fork()
                out.decisions[token] = negated
                out.trail = (*out.trail, f"not ({i.test_text})")
                done.extend(machine.run(out, i.orelse))
        if machine.spent():
            tested.blurred = True
            done.append(tested)
            continue
        for each in machine.run(tested, i.body):
            _end_of_round(each, following, done)


def _endless(
    machine: Machine, i: ir.While, running: list[Path], done: list[Path], decided: bool
) -> list[Path]:
    """What becomes of paths that would go round once more: where others left the loop these add nothing."""
    if done and not decided:
        return []
    machine.note("rounds", span(running[0], i.at))
    for current in running:
        current.blurred = True
    return running


@executes(ir.Comprehension)
def _comprehension(machine: Machine, path: Path, i: ir.Comprehension) -> list[Path]:
    results: list[Path] = []
    iterable = path.frame.regs[i.iterable]
    outer, around = path.frame.collected, path.frame.comprehensions
    for start, rounds in containers.iterate(machine, path, iterable, path.here(i.at)):
        if start.status is not Status.RUN:
            results.append(start)
            continue
        if i.shape != "inner":
            start.frame.collected = ()
            names.enter_comprehension(start, i.own)
        running = [start]
        items = (
            rounds.items
            if len(rounds.items) <= machine.budget.unrolled
            else rounds.items[: machine.budget.unrolled]
        )
        is_open = rounds.open or len(items) < len(rounds.items)
        for item in items:
            following: list[Path] = []
            for current in running:
                current.frame.regs[i.target] = item if not callable(item) else item(current)
                following.extend(machine.run(current, i.body))
            running = machine.limit([p for p in following if p.status is Status.RUN])
            results.extend(p for p in following if p.status is not Status.RUN)
        for current in running:
            if i.shape != "inner":
                current.frame.regs[i.dst] = _collected(current, i.shape, is_open, path)
                current.frame.collected = outer
            results.append(current)
    for each in results:
        each.frame.comprehensions = around
    return results


def _collected(path: Path, shape: str, is_open: bool, start: Path) -> Value:
    pairs = path.frame.collected
    oid = path.new_id()
    if shape == "dict":
        rest = pairs[-1][1] if is_open and pairs else None
        path.heap[oid] = Entries(tuple((key, value) for key, value in pairs if key is not None), rest)
        return DictRef(oid)
    values = tuple(value for _, value in pairs)
    values = tuple(dict.fromkeys(values)) if shape == "set" else values
    path.heap[oid] = Items(values, values[-1] if is_open and values else None, shape)
    return ListRef(oid)
