"""Where a root stood between two of its statements, so that after an edit further down it goes on from there.

States are values: the paths are forked, of what the machine has counted and met so far there are copies. Nothing of a halt refers
to the run that made it (a generator that is being run has a consumer in Python; between the statements of a root none is).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gradsafe.domain.state import Path, Sharing
from gradsafe.domain.values import Value
from gradsafe.interp.machine import Machine
from gradsafe.ir.instructions import Block
from gradsafe.syntax.span import ChunkId, Span


class Keeper(Protocol):
    """Keeps the halts of the root whose body is ``scope``."""

    scope: ChunkId

    def body(self) -> Sequence[Block]:
        """The statements. Asking for them is not to depend on all of them: a halt rests on those before it."""

    def begin(self, machine: Machine, path: Path) -> tuple[int, list[Path]]:
        """The statement with which to begin, and the paths that come to it: the first and ``path``, or those of a halt, put in place of
        what the machine has come to.
        """

    def reached(self, machine: Machine, statement: int, paths: list[Path]) -> None:
        """These paths have come to a statement."""


@dataclass(frozen=True, slots=True)
class Halt:
    """The paths that have come to a statement, never run themselves, and the machine's books at that moment."""

    paths: tuple[Path, ...]
    links: frozenset[tuple[Span, int, int]]
    doubts: frozenset[tuple[Span, int, int]]
    written: frozenset[int]
    ran: int
    ran_after_errors: int
    decorating: int
    hit: dict[str, Span]
    called: frozenset[ChunkId]
    called_with_grad: frozenset[ChunkId]
    entered: dict[int, object]
    unlikely: dict[object, bool]
    globals: dict[tuple[str, str], Value | None]
    yields: dict[int, tuple[object, bool]]

    @staticmethod
    def of(machine: Machine, paths: Sequence[Path]) -> Halt:
        """The state of a run between two statements of the root's own body."""
        sharing = paths[0].sharing
        return Halt(
            tuple(_forked(paths, sharing)), frozenset(sharing.links), frozenset(sharing.doubts), frozenset(sharing.written),
            machine.ran, machine.ran_after_errors, machine.decorating, dict(machine.hit),
            frozenset(machine.called), frozenset(machine.called_with_grad), dict(machine.entered),
            dict(machine.unlikely), dict(machine.globals), dict(machine.yields),
        )  # fmt: skip

    def resume(self, machine: Machine, path: Path) -> list[Path]:
        """The paths to go on with instead of ``path``, which is where a new run has come to the body; its machine is set to here."""
        sharing = path.sharing
        sharing.links |= self.links
        sharing.doubts |= self.doubts
        sharing.written |= self.written
        machine.ran, machine.ran_after_errors = self.ran, self.ran_after_errors
        machine.decorating = self.decorating
        machine.hit = dict(self.hit)
        machine.called |= self.called
        machine.called_with_grad |= self.called_with_grad
        machine.entered |= self.entered
        machine.unlikely |= self.unlikely
        machine.globals |= self.globals
        machine.yields |= self.yields
        return _forked(self.paths, sharing)


def _forked(paths: Sequence[Path], sharing: Sharing) -> list[Path]:
    """Independent paths in the same states; what several of them hold as torch's own (``Path.real``) they hold together again."""
    real: dict[int, Path] = {}
    twins: list[Path] = []
    for path in paths:
        twin = path.fork()
        twin.sharing = sharing
        if path.real is not None:
            if id(path.real) not in real:
                real[id(path.real)] = path.real.fork()
                real[id(path.real)].sharing = sharing
            twin.real = real[id(path.real)]
        twins.append(twin)
    return twins
