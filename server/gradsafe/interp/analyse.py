"""Roots: what is interpreted, with which unknown arguments, and what comes of it.

A root is the module body or one function or method, judged alone. ``analyse_root`` is a pure
function of the world's texts, the op table and the budget.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from gradsafe.domain.state import Frame, Path, Sharing, Status
from gradsafe.domain.tensors import GradMode
from gradsafe.domain.values import (
    TRUE,
    ClassValue,
    FunctionValue,
    Instance,
    Source,
    Unknown,
    Value,
)
from gradsafe.interp import alone, autograd, calls, classes, module_methods, modules, names
from gradsafe.interp import checkpointing as _checkpointing  # noqa: F401
from gradsafe.interp import container_calls as _container_calls  # noqa: F401
from gradsafe.interp import contexts as _contexts  # noqa: F401
from gradsafe.interp import control as _control  # noqa: F401  registers its instructions
from gradsafe.interp import decorator_calls as _decorator_calls  # noqa: F401
from gradsafe.interp import exceptions as _exceptions  # noqa: F401
from gradsafe.interp import execute as _execute  # noqa: F401
from gradsafe.interp import functional as _functional  # noqa: F401
from gradsafe.interp import iteration_calls as _iteration_calls  # noqa: F401  registers functions
from gradsafe.interp import itertools_calls as _itertools_calls  # noqa: F401
from gradsafe.interp import legacy as _legacy  # noqa: F401
from gradsafe.interp import operator_calls as _operator_calls  # noqa: F401
from gradsafe.interp import parametrizations as _parametrizations  # noqa: F401
from gradsafe.interp import patterns as _patterns  # noqa: F401
from gradsafe.interp import putting as _putting  # noqa: F401
from gradsafe.interp import sparse as _sparse  # noqa: F401
from gradsafe.interp import transformed as _transformed  # noqa: F401
from gradsafe.interp.bases import mro
from gradsafe.interp.halts import Keeper
from gradsafe.interp.machine import Budget, Machine
from gradsafe.interp.prelude import Prelude, Receivers
from gradsafe.interp.watch import Sight, Watcher
from gradsafe.interp.world import World
from gradsafe.ops.table import OpTable
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import Event, Raise


class RootKind(Enum):
    """What a root is: a file's module body, a function judged with unknown arguments, or one of these by which the program is started."""

    MODULE = "module"
    FUNCTION = "function"
    ENTRY = "entry"


BUDGETS = {
    RootKind.MODULE: Budget(narrows=True),
    # There are many functions in a file, and with unknown arguments most of their conditions are open.
    RootKind.FUNCTION: Budget(instructions=6_000, paths=8, depth=10, shadow=800, narrows=True),
    RootKind.ENTRY: Budget(narrows=True),
}
BRIEF = {
    RootKind.MODULE: Budget(instructions=5_000, paths=4, depth=8, shadow=0, narrows=True),
    RootKind.FUNCTION: Budget(instructions=1_000, paths=4, depth=6, shadow=0, narrows=True),
    RootKind.ENTRY: Budget(instructions=5_000, paths=4, depth=8, shadow=0, narrows=True),
}
"""Where the file's budget is nearly used up (``project.allowance``)."""


@dataclass(frozen=True, slots=True)
class Root:
    """``scope`` is the chunk whose body runs; ``path`` names the classes and functions around and including it."""

    kind: RootKind
    file: str
    scope: ChunkId
    names: tuple[str, ...] = ()
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        """By what differs between the roots of a file, worked out once: with each keystroke all of them are looked up a dozen times."""
        object.__setattr__(self, "_hash", hash((self.file, self.names)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Trail:
    """One explored path: its events in order, the conditions it took, and whether a budget blurred it.

    ``shadow_from``: how many of the events torch lets happen; what follows is told as if the first error were mended.
    ``raised``: the exception that ended it, where it is known. ``refused``: by torch, and no write is to blame.
    """

    events: tuple[Event, ...]
    conditions: tuple[str, ...]
    blurred: bool
    shadow_from: int | None = None
    raised: str | None = None
    refused: bool = False
    choices: Mapping[Hashable, bool] = field(default_factory=dict)
    """The sides that it took, by the names of the conditions."""


@dataclass(frozen=True, slots=True)
class RootResult:
    """All explored paths of a root, and what exploring them took.

    ``called``: chunks of functions that were entered; ``limits``: where which budget was hit first.
    """

    root: Root
    trails: tuple[Trail, ...]
    instructions: int
    called: frozenset[ChunkId]
    called_without_grad: frozenset[ChunkId] = frozenset()
    """Those of ``called`` that were entered in no_grad or inference mode only."""
    limits: tuple[tuple[str, Span], ...] = ()
    sights: tuple[Sight, ...] = ()
    """Of a root that was watched: what was seen."""

    @property
    def budgets_hit(self) -> frozenset[str]:
        """The names of the budgets that were hit."""
        return frozenset(budget for budget, _ in self.limits)


def analyse_root(
    world: World,
    root: Root,
    table: OpTable,
    budget: Budget | None = None,
    prelude: Prelude | None = None,
    watch: Watcher | None = None,
    keeper: Keeper | None = None,
) -> RootResult:
    """Interpret one root; never raises on any program (:class:`~gradsafe.interp.world.GivenUp` is the world's). What the prelude keeps changes the time, never the result.

    ``watch`` changes neither, but for the time: it notes what its instructions find. Nor does ``keeper``, which knows where the
    root stood when it was run last.
    """
    machine = Machine(world, table, budget or BUDGETS[root.kind], prelude)
    machine.keeper = keeper
    machine.forking = frozenset()
    _begin(machine, watch)
    paths, sharing = _run(machine, root)
    forking = sharing.matters(any(_surely_raises(path) for path in paths))
    if forking:
        # Something is written whose memory may be another tensor's: once more, with both sides of those operations.
        machine = Machine(world, table, budget or BUDGETS[root.kind], machine.prelude)
        machine.forking = forking
        _begin(machine, watch)
        paths, _ = _run(machine, root)
    trails = tuple(map(_trail, paths))
    plain = frozenset(machine.called - machine.called_with_grad)
    limits = tuple(machine.hit.items())
    sights = watch.finish(paths) if watch is not None else ()
    return RootResult(root, trails, machine.ran, frozenset(machine.called), plain, limits, sights)


def _surely_raises(path: Path) -> bool:
    return any(isinstance(event, Raise) and event.certain for event in path.events())


def _trail(path: Path) -> Trail:
    raised = path.raised if path.status is Status.RAISED else None
    refused = raised == "RuntimeError" and autograd.REFUSED in path.vars
    choices = path.decisions.flat()
    return Trail(tuple(path.events()), path.trail, path.blurred, path.shadow_from, raised, refused, choices)


def _begin(machine: Machine, watch: Watcher | None) -> None:
    if watch is not None:
        watch.begin()
        machine.execute = watch.executors(machine.execute)


def _run(machine: Machine, root: Root) -> tuple[list[Path], Sharing]:
    sharing = Sharing()
    run = _run_module if root.kind is RootKind.MODULE else _run_function
    return run(machine, root, sharing), sharing


def _start(machine: Machine, root: Root, sharing: Sharing | None = None) -> Path:
    env = names.module_env(root.file)
    facts = machine.world.module(root.file)
    chunk = facts.root if facts is not None else root.scope
    path = Path.begin(Frame(env, root.file, chunk, "", ()), machine.prelude.shared)
    path.sharing = sharing or path.sharing
    return path


def _run_module(machine: Machine, root: Root, sharing: Sharing) -> list[Path]:
    path = _start(machine, root, sharing)
    env = names.module_env(root.file)
    path.vars[env, "#main"] = TRUE
    machine.executing = root.file
    machine.loading = True
    here = Source(Span(root.scope, 0, 0), ())
    return alone.with_uncalled(machine, machine.run(path, root.scope), env, here)


def _run_function(machine: Machine, root: Root, sharing: Sharing) -> list[Path]:
    here = Source(Span(root.scope, 0, 0), ())
    returned = root.kind is not RootKind.ENTRY  # nobody differentiates what a program's start returns
    if len(root.names) == 1:
        path = _start(machine, root, sharing)
        function = names.load_global(machine, path, root.file, root.names[0])
        return alone.call(machine, path, function, here, returned)
    results: list[Path] = []
    machine.making = root.names[-1] == "__init__"
    for kept, owner in _receivers(machine, root):
        path = kept.fork()
        path.sharing = sharing
        function = _member(machine, path, owner, root.names[-1], here)
        results.extend(alone.call(machine, path, function, here, returned))
    return results


def _receivers(machine: Machine, root: Root) -> tuple[tuple[Path, Value], ...]:
    """The objects whose method the root is: made once for all methods of the class, on a budget of its own."""

    def compute(world: World) -> Receivers:
        inner = Machine(world, machine.table, BUDGETS[RootKind.FUNCTION], machine.prelude)
        inner.forking = frozenset()
        inner.making = True
        path = _start(inner, root)
        here = Source(Span(path.frame.chunk, 0, 0), ())
        states: list[tuple[Path, Value]] = [(path, names.load_global(inner, path, root.file, root.names[0]))]
        for name in root.names[1:-1]:
            states = [
                (after, _member(inner, after, value, name, here))
                for state, value in states
                for after, value in _as_receiver(inner, state, value, here)
            ]
        made = [each for state, value in states for each in _as_receiver(inner, state, value, here)]
        for each, receiver in made:
            each.log = None
            if isinstance(receiver, Instance) and modules.is_module(classes.class_of(receiver)):
                module_methods.set_training(each, receiver, Unknown(("training", receiver.oid)))
        return Receivers(tuple(made), frozenset(inner.called), inner.ran)

    found = machine.prelude.remember(machine.outside, ("receivers", root.file, root.names[:-1]), compute)
    if not isinstance(found, Receivers):
        return ()
    machine.called |= found.called
    machine.called_with_grad |= found.called
    return found.made


def _as_receiver(machine: Machine, path: Path, value: Value, here: Source) -> list[tuple[Path, Value]]:
    """A class is instantiated with unknown arguments; one path of its ``__init__`` stands for the object."""
    if not isinstance(value, ClassValue):
        return [(path, value)]
    found = classes.find_member(path, mro(value), "__init__")
    args: tuple[Value, ...] = ()
    if found is not None and isinstance(found[0], FunctionValue):
        args = alone.unknown_arguments(found[0])[1:]
    made = classes.instantiate(machine, path, value, calls.Call(value, args, {}, here))
    running = [(each, obj) for each, obj in made if each.status is Status.RUN]
    return running[:2] or [(path, Instance(path.new_id(), value))]


def _member(machine: Machine, path: Path, value: Value, name: str, here: Source) -> Value:
    if isinstance(value, Instance):
        found = classes.find_member(path, classes.class_of(value), name)
        if found is not None and isinstance(found[0], FunctionValue):
            owner = found[1] if isinstance(found[1], ClassValue) else None
            member = replace(found[0], owner=owner)
            if modules.is_subclass(classes.class_of(value), "torch.autograd.Function"):
                path.grad_mode = (
                    GradMode.NO_GRAD
                )  # forward and backward of a custom Function run without grad
            path.vars[("root",), "self"] = value
            return member
    return Unknown(("member", name))
