"""The interpreter's core: runs bodies of instructions on paths, forks, joins, counts.

One function per kind of instruction, found by the instruction's class; what an instruction
means to Python objects, to tensors, to modules stands in the other files of this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain.state import Path, Status
from gradsafe.domain.values import Imported, Value
from gradsafe.interp import shadow, since, told
from gradsafe.interp.prelude import Prelude
from gradsafe.interp.world import World
from gradsafe.ir.instructions import Block, Body, Instruction, LazyBody
from gradsafe.ops.table import OpTable
from gradsafe.syntax.span import ChunkId, Span

if TYPE_CHECKING:
    from gradsafe.interp.halts import Keeper

Outcomes: TypeAlias = "list[tuple[Path, Value]]"


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds of one root's analysis. Each is a cost bound, not a fact about programs.

    ``instructions``: at some 15 us each, a root ends within about half a second. An operation on tensors counts for several.
    ``paths``: paths alive at one join; ``depth``: nested calls; ``rounds``: of a loop of unknown length
    (a recurrent state with ``retain_graph`` and ``step`` breaks in the third);
    ``unrolled``: rounds of a loop of known length whose index matters; ``shadow``: instructions that all paths
    together may run after an error, ``shadows``: how many such paths go on: they must not cost a healthy one;
    ``nesting``: bodies within bodies (an ``elif`` is one in the one before), calls included: some ten Python frames each.
    """

    instructions: int = 40_000
    paths: int = 12
    depth: int = 16
    recursion: int = 3
    rounds: int = 3
    unrolled: int = 16
    shadow: int = 4_000
    shadows: int = 2
    nesting: int = 150
    narrows: bool = False
    """Fewer paths are followed the more has been spent, so that some come to the end of the root."""


LOWERING = 5
"""Parsing a statement of a module or a class takes as long as running some instructions, and there may be thousands of them."""

UNREADABLE = 20
"""The same for a statement that is broken: libcst and CPython are both asked, twice."""

STATEMENT = Budget(instructions=1_000, paths=4, depth=10)
"""For one module-level statement that a root needs: an import, a constant. Of 3,851 in four released packages four end between
1,000 and 3,000 instructions, and 101 not even there (docstrings put together, searches for installed packages)."""

DEFINITION = Budget(instructions=6_000, paths=4, depth=10)
"""The same for a class: eight instructions and more for each of its members."""


_THIRD, _TWO_THIRDS = 0.33, 0.66
"""Parts of a budget past which paths narrow."""


class Machine:
    """One root's interpretation: what it may ask of the world, its budget, and what it has used."""

    def __init__(
        self, world: World, table: OpTable, budget: Budget | None = None, prelude: Prelude | None = None
    ) -> None:
        self.outside = world
        self.world: World = told.WithTold(world)
        self.table = table
        self.prelude = prelude or Prelude()
        self.forking: frozenset[Span] | None = None
        """Where both sides of an operation that may share memory are explored; None: everywhere."""
        self.globals: dict[tuple[str, str], Value | None] = {}
        self.importing: set[Imported] = set()
        self.executing: str | None = None
        """The file whose own statements are the root: of its names only those are bound that were executed."""
        self.budget = budget or Budget()
        self._whole = self.budget
        self.more: Callable[[], bool] | None = None
        """Asked where the budget is used up: a call that has one of its own may get more (``interp.bounded``)."""
        self.ran = 0
        self.ran_after_errors = 0
        self.making = False
        """An object is being made: calls into other files are bounded (``interp.bounded``)."""
        self.loading = False
        """The same for a module's own statements."""
        self.decorating = 0
        """Of what ran: in decorators."""
        self.nesting = 0
        self.execute = EXECUTE
        self.hit: dict[str, Span] = {}
        self.called: set[ChunkId] = set()
        self.called_with_grad: set[ChunkId] = set()
        self.entered: dict[int, object] = {}
        """By the identity of their code (kept alive here): the functions that were entered."""
        self.keeper: Keeper | None = None
        """Keeps where the root stood between the statements of its body, the first time that it is run."""
        self.unlikely: dict[object, bool] = {}
        """Sides of unknown conditions that contradict a parameter's default: nothing is certain there."""
        self.yields: dict[int, tuple[object, bool]] = {}
        """By the identity of a function's code (kept alive here): whether it is a generator."""

    def note(self, budget: str, place: Span) -> None:
        """A budget was hit; the first place is told."""
        self.hit.setdefault(budget, place)

    def spent(self) -> bool:
        """True once the instruction budget is used up; every loop and call then ends early."""
        return self.ran > self.budget.instructions and (self.more is None or not self.more())

    def body(self, body: LazyBody) -> Body:
        return self.world.body(body) if isinstance(body, ChunkId) else body

    def run(self, path: Path, body: LazyBody) -> list[Path]:
        """Run ``body`` from ``path``; the resulting paths, each with its status."""
        if self.nesting >= self.budget.nesting:
            self.note("nesting", Span(path.frame.chunk, 0, 0))
            path.blurred, path.status = True, Status.RETURN
            return [path]
        paths = [path]
        once = isinstance(body, ChunkId) and (not body.qualname or path.frame.kind == "class")
        lowering = LOWERING if once else 0
        keeper = None
        if self.keeper is not None and self.keeper.scope == body:
            keeper, self.keeper = self.keeper, None
        first, blocks = 0, self.body(body) if keeper is None else keeper.body()
        if keeper is not None:
            first, paths = keeper.begin(self, path)
        self.nesting += 1
        for statement, block in enumerate(blocks) if not first else _from(blocks, first):
            if not _runs(paths):
                break
            self.outside.pause()
            if keeper is not None:
                keeper.reached(self, statement, paths)
            self.ran += lowering
            chunk = block.chunk or path.frame.chunk
            after: list[Path] = []
            for current in paths:
                if current.status is Status.RUN:
                    after.extend(self._run_block(current, chunk, block.instructions))
                else:
                    after.append(current)
            paths = self.limit(after)
        self.nesting -= 1
        return paths

    def _run_block(self, path: Path, chunk: ChunkId, instructions: tuple[Instruction, ...]) -> list[Path]:
        outer = path.frame.chunk
        execute = self.execute
        todo: list[tuple[Path, int]] = [(path, 0)]
        done: list[Path] = []
        count = len(instructions)
        while todo:
            current, index = todo.pop()
            current.frame.chunk = chunk
            if current.shadow_from is not None and not self._may_go_on(count - index):
                if index < count:
                    self.note("shadow", span(current, instructions[index].at))
                current.status, current.raised = Status.RAISED, "RuntimeError"
                done.append(current)
                continue
            is_split = False
            while index < count:
                if self.ran > self.budget.instructions and self.spent():
                    self.note("instructions", span(current, instructions[index].at))
                    current.blurred = True
                    current.status = Status.RETURN
                    break
                instruction = instructions[index]
                index += 1
                self.ran += 1
                forks = execute[type(instruction)](self, current, instruction)
                if forks is None:
                    if current.failing:
                        shadow.go_on(current, instruction)
                    if current.status is not Status.RUN:
                        break
                elif len(forks) == 1 and forks[0] is current and current.status is Status.RUN:
                    continue
                else:
                    for fork in reversed(self.limit(forks)):
                        if fork.failing:
                            shadow.go_on(fork, instruction)
                        if fork.status is Status.RUN:
                            todo.append((fork, index))
                        else:
                            done.append(fork)
                    is_split = True
                    break
            if not is_split:
                done.append(current)
        for finished in done:
            finished.frame.chunk = outer
        return done

    def limit(self, paths: list[Path]) -> list[Path]:
        """At most ``budget.paths`` running paths; where some are dropped the rest is certain of nothing.

        Paths that ended in an error are put aside with their log, so they cost nothing further.
        """
        if len(paths) < 2 or len(paths) <= (most := self._breadth()):
            return paths
        paths = self._limit_shadows(paths)
        running = [path for path in paths if path.status is not Status.RAISED]
        if len(running) <= most:
            return paths
        self.note("paths", Span(running[0].frame.chunk, 0, 0))
        raised = [path for path in paths if path.status is Status.RAISED]
        step = len(running) / most
        kept = [running[int(index * step)] for index in range(most)]
        for path in kept:
            path.blurred = True
        return kept + raised

    def _breadth(self) -> int:
        """How many paths go on: what stands at the end of a function counts more than one more combination of its flags."""
        most, spent = self.budget.paths, self.ran / self._whole.instructions
        if not self._whole.narrows or spent < _THIRD:
            return most
        return max(2, most // 4) if spent < _TWO_THIRDS else 1

    def _limit_shadows(self, paths: list[Path]) -> list[Path]:
        """Of many paths only a few go on after an error; the others end there."""
        going = [p for p in paths if p.shadow_from is not None and p.status is not Status.RAISED]
        for path in going[self.budget.shadows :]:
            path.status, path.raised = Status.RAISED, "RuntimeError"
        return paths

    def _may_go_on(self, instructions: int) -> bool:
        """Counts what is about to run after an error."""
        self.ran_after_errors += instructions
        return self.ran_after_errors <= self.budget.shadow

    def fork_on(self, path: Path, token: object, text: str) -> list[tuple[Path, bool]]:
        """Both sides of an unknown condition, or the one that was taken before for the same value."""
        taken = path.decisions.get(token)
        since.note(path, token, taken is None)
        if taken is not None:
            return [(path, taken)]
        if self.spent():
            path.blurred = True
            return [(path, True)]
        other = path.fork()
        path.decisions[token] = True
        other.decisions[token] = False
        unlikely = self.unlikely.get(token)
        if unlikely is not None:
            (path if unlikely else other).blurred = True
        elif is_ignorance(token):
            path.blurred = other.blurred = True
        path.trail = (*path.trail, text)
        other.trail = (*other.trail, f"not ({text})")
        return [(path, True), (other, False)]


def _runs(paths: list[Path]) -> bool:
    """Does one of them go on? Mostly there is but one."""
    if len(paths) == 1:
        return paths[0].status is Status.RUN
    return any(each.status is Status.RUN for each in paths)


def _from(blocks: Sequence[Block], first: int) -> Iterator[tuple[int, Block]]:
    """Those before the first are not even lowered."""
    return ((number, blocks[number]) for number in range(first, len(blocks)))


def is_ignorance(token: object, depth: int = 6) -> bool:
    """Is the value unknown only because something is not modelled? Then Python takes one side and we do not know which."""
    if not isinstance(token, tuple) or not depth or not token:
        return False
    if token[0] == "ignorance":
        return True
    return any(isinstance(part, tuple) and is_ignorance(part, depth - 1) for part in token)


Executor: TypeAlias = "Callable[[Machine, Path, Instruction], list[Path] | None]"
EXECUTE: dict[type, Executor] = {}
"""What each instruction does: filled by ``interp.execute``; returns None where the path just goes on."""


def span(path: Path, at: tuple[int, int]) -> Span:
    return Span(path.frame.chunk, at[0], at[1])
