"""Control flow: branches fork where the condition is not known, loops run a bounded number of rounds."""

from __future__ import annotations

from collections.abc import Callable

from gradsafe.domain.state import Entries, Items, Path, Status
from gradsafe.domain.tensors import GradMode
from gradsafe.domain.values import NONE, DictRef, ListRef, Manager, Unknown, Value
from gradsafe.interp import calls, containers, names, operators, shadow
from gradsafe.interp.execute import executes
from gradsafe.interp.machine import Machine, join, mark, span
from gradsafe.ir import instructions as ir
from gradsafe.ir.instructions import LazyBody

_CATCH_ALL = frozenset({"Exception", "BaseException", "RuntimeError", "?"})
_EXPECTS = ("pytest.raises", "raises", "assertRaises", "assertRaisesRegex", "suppress")


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


@executes(ir.If)
def _if(machine: Machine, path: Path, i: ir.If) -> list[Path]:
    test = path.frame.regs[i.test]
    return branch(
        machine, path, test, i.test_text, lambda p: machine.run(p, i.yes), lambda p: machine.run(p, i.no)
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
    return branch(machine, path, test, i.test_text, side(i.yes, i.yes_reg), side(i.no, i.no_reg), i.dst)


@executes(ir.For)
def _for(machine: Machine, path: Path, i: ir.For) -> list[Path]:
    results: list[Path] = []
    iterable = path.frame.regs[i.iterable]
    for start, rounds in containers.iterate(machine, path, iterable, path.here(i.at)):
        if start.status is not Status.RUN:
            results.append(start)
            continue
        results.extend(_rounds(machine, start, i, rounds))
    return results


def _rounds(machine: Machine, path: Path, i: ir.For, rounds: containers.Rounds) -> list[Path]:
    items = rounds.items
    done: list[Path] = []
    running = [path]
    if rounds.open:
        empty = path.fork()
        done.extend(machine.run(empty, i.orelse))
    elif len(items) > machine.budget.rounds + 1 and (
        len(items) > machine.budget.unrolled or not _index_matters(machine, i)
    ):
        items = (*items[: machine.budget.rounds], items[-1])
        machine.hit.add("rounds")
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
            stack.extend(machine.body(item.yes) + machine.body(item.no))
        elif isinstance(item, ir.Choose):
            uses.add(item.test)
            stack.extend((*item.yes, *item.no))
    return bool(loads & uses)


@executes(ir.While)
def _while(machine: Machine, path: Path, i: ir.While) -> list[Path]:
    done: list[Path] = []
    running = [path]
    for number in range(machine.budget.unrolled):
        following: list[Path] = []
        for current in running:
            for tested in machine.run(current, i.condition):
                if tested.status is not Status.RUN:
                    done.append(tested)
                    continue
                truth = operators.truth(tested, tested.frame.regs[i.test])
                if truth is False or (truth is None and number >= machine.budget.rounds):
                    done.extend(machine.run(tested, i.orelse))
                    continue
                if truth is None and number == 0:
                    done.extend(machine.run(tested.fork(), i.orelse))
                if machine.spent():
                    tested.blurred = True
                    done.append(tested)
                    continue
                for each in machine.run(tested, i.body):
                    _end_of_round(each, following, done)
        running = machine.limit(following)
        if not running:
            return done
    machine.hit.add("rounds")
    for current in running:
        current.blurred = True
    return done + running


_MODES = {
    "no_grad": GradMode.NO_GRAD,
    "enable_grad": GradMode.ENABLED,
    "inference": GradMode.INFERENCE,
    "unknown-grad": GradMode.UNKNOWN,
}


def enter_mode(path: Path, mode: str) -> GradMode:
    """Switch grad mode for a context manager or decorator; the mode to restore afterwards.

    ``enable_grad`` inside inference mode has no effect (measured, AUTOGRAD.md section 9.38).
    """
    before = path.grad_mode
    wanted = _MODES.get(mode)
    if wanted is not None and not (before is GradMode.INFERENCE and wanted is not GradMode.INFERENCE):
        path.grad_mode = wanted
    if mode == "no-inference" and before is GradMode.INFERENCE:
        path.grad_mode = GradMode.ENABLED
    return before


@executes(ir.With)
def _with(machine: Machine, path: Path, i: ir.With) -> list[Path]:
    manager = path.frame.regs[i.manager]
    source = path.here(i.at)
    if isinstance(manager, Manager):
        before, saving, outer = enter_mode(path, manager.mode), path.saving, path.real
        before = GradMode(manager.previous) if manager.previous else before
        path.saving = "autocast" if manager.mode == "autocast" and saving == "all" else saving
        path.frame.regs[i.target] = manager
        log = path.log
        paths = [done for start in machine.run(path, i.assign) for done in machine.run(start, i.body)]
        if manager.mode == "expects":
            paths = [shadow.as_it_was(each, outer) for each in paths]
        for each in paths:
            each.grad_mode, each.saving = before, saving
            if manager.mode == "expects" and each.status is Status.RAISED:
                each.status, each.raised, each.log = Status.RUN, None, log
        return paths
    entered = calls.call_method(machine, path, manager, "__enter__", (), source)
    paths = []
    for start, value in entered or [(path, manager)]:
        start.frame.regs[i.target] = value
        for assigned in machine.run(start, i.assign):
            for done in machine.run(assigned, i.body):
                paths.extend(_exit(machine, done, manager, i))
    return paths


def _exit(machine: Machine, path: Path, manager: Value, i: ir.With) -> list[Path]:
    if path.status is Status.RAISED:
        return [path]
    status, returned = path.status, path.returned
    path.status = Status.RUN
    none = NONE
    outcomes = calls.call_method(machine, path, manager, "__exit__", (none, none, none), path.here(i.at))
    if outcomes is None:
        path.status, path.returned = status, returned
        return [path]
    for each, _ in outcomes:
        if each.status is Status.RUN:
            each.status, each.returned = status, returned
    return [each for each, _ in outcomes]


@executes(ir.Try)
def _try(machine: Machine, path: Path, i: ir.Try) -> list[Path]:
    after: list[Path] = []
    mode, outer = path.grad_mode, path.real
    for ended in machine.run(path, i.body):
        real = shadow.as_it_was(ended, outer)
        done = real if _handler(real, i.handlers) is not None else ended
        if done.status is Status.RAISED:
            handler = _handler(done, i.handlers)
            if handler is None:
                after.append(done)
                continue
            done.status, done.raised = Status.RUN, None
            done.grad_mode = mode
            if handler.name is not None:
                names.store(done, handler.name, Unknown(("exception", span(done, i.at))))
            after.extend(machine.run(done, handler.body))
        elif done.status is Status.RUN:
            after.extend(machine.run(done, i.orelse))
        else:
            after.append(done)
    return [final for each in after for final in _finally(machine, each, i)]


def _handler(path: Path, handlers: tuple[ir.Handler, ...]) -> ir.Handler | None:
    for handler in handlers:
        simple = {name.rpartition(".")[2] for name in handler.types}
        if not simple or simple & _CATCH_ALL or path.raised in simple or path.raised is None:
            return handler
    return None


def _finally(machine: Machine, path: Path, i: ir.Try) -> list[Path]:
    if not i.final:
        return [path]
    status, returned, raised = path.status, path.returned, path.raised
    path.status = Status.RUN
    paths = machine.run(path, i.final)
    for each in paths:
        if each.status is Status.RUN:
            each.status, each.returned, each.raised = status, returned, raised
    return paths


@executes(ir.Match)
def _match(machine: Machine, path: Path, i: ir.Match) -> list[Path]:
    subject = path.frame.regs[i.subject]
    results: list[Path] = []
    running: Path | None = path
    before = mark(path)
    for number, case in enumerate(i.cases):
        if running is None:
            break
        verdict = _matches(running, subject, case)
        if verdict is False:
            continue
        taken = running
        if verdict is True:
            running = None
        else:
            taken = running.fork()
            running.decisions[("case", span(running, i.at), number)] = False
            taken.trail = (*taken.trail, f"case {case.pattern}")
        for name in case.binds:
            names.store(
                taken, name, subject if case.pattern == name else Unknown(("case", span(taken, i.at), name))
            )
        results.extend(machine.run(taken, case.body))
    if running is not None:
        results.append(running)
    return join(before, results)


def _matches(path: Path, subject: Value, case: ir.Case) -> bool | None:
    if case.irrefutable and not case.guarded:
        return True
    if case.literal is not None:
        equal = operators.constants_equal(subject, case.literal.value)
        if equal is False or (equal and not case.guarded):
            return equal
    return None


@executes(ir.Comprehension)
def _comprehension(machine: Machine, path: Path, i: ir.Comprehension) -> list[Path]:
    results: list[Path] = []
    iterable = path.frame.regs[i.iterable]
    outer = path.frame.collected
    for start, rounds in containers.iterate(machine, path, iterable, path.here(i.at)):
        if start.status is not Status.RUN:
            results.append(start)
            continue
        if i.shape != "inner":
            start.frame.collected = ()
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
    return results


def _collected(path: Path, shape: str, is_open: bool, start: Path) -> Value:
    pairs = path.frame.collected
    oid = path.new_id()
    if shape == "dict":
        rest = pairs[-1][1] if is_open and pairs else None
        path.heap[oid] = Entries(tuple((key, value) for key, value in pairs if key is not None), rest)
        return DictRef(oid)
    values = tuple(value for _, value in pairs)
    path.heap[oid] = Items(values, values[-1] if is_open and values else None, shape)
    return ListRef(oid)
