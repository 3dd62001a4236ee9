"""What roots have in common, worked out once: module-level names, and the objects whose methods are judged.

Every function of a file loads the same imports, classes and constants, and every method of a class needs an object that
its ``__init__`` made; without this most of the work (and of each root's budget) went there. What is kept here is a
function of the world alone: it is computed on a path, with a machine and a budget, of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradsafe.domain.state import BLOCK, Shared, is_made_since
from gradsafe.domain.values import Value
from gradsafe.interp.world import World
from gradsafe.syntax.span import ChunkId

if TYPE_CHECKING:
    from gradsafe.domain.state import Path

ELSEWHERE = 30_000
"""Instructions that may go into what a root has in common with others: into all statements of all modules that it needs, each
counted once. Large packages of known-good code need some thousands."""

PARSING = 20
"""Finding, parsing and lowering a statement takes as long as this many instructions."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """What one module-level statement binds. ``shared`` False: running it made tensors or wrote some, so it belongs to each
    path's own log, and is run there. ``cut``: its budget ended before it did."""

    names: Mapping[str, Value]
    shared: bool
    called: frozenset[ChunkId] = frozenset()
    instructions: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Receivers:
    """Objects of a class, each with the state that its ``__init__`` left (to be forked, never run)."""

    made: tuple[tuple[Path, Value], ...]
    called: frozenset[ChunkId] = frozenset()
    instructions: int = 0


class Prelude:
    """Keeps results by key. This one is good for one world that does not change; ``project`` has one that follows edits."""

    def __init__(self) -> None:
        self.shared = Shared()
        self._kept: dict[Hashable, Any] = {}
        self._running: list[Hashable] = []
        self._partial: dict[Hashable, Any] = {}
        self._tainted: set[Hashable] = set()
        self._block = -(1 << 60)

    def remember(self, world: World, key: Hashable, compute: Callable[[World], Any]) -> Any:
        """The kept result for ``key``, else what ``compute`` makes of the world; None while that is being computed.

        What was computed while it lacked a result further out is good for this evaluation only: begun elsewhere it may come
        out otherwise.
        """
        found = self.find(world, key)
        if found is not None:
            return found
        if key in self._partial:
            self._tainted.update(self._running[1:])
            return self._partial[key]
        if key in self._running:
            self._tainted.update(self._running[self._running.index(key) + 1 :])
            return None
        self._running.append(key)
        try:
            found, keep = self.compute(world, key, compute)
            if key in self._tainted:
                self._partial[key] = found
            else:
                keep(key)
        finally:
            self._running.pop()
            self._tainted.discard(key)
            if not self._running:
                self._partial.clear()
        return found

    def find(self, world: World, key: Hashable) -> Any | None:
        """A kept result that holds."""
        return self._kept.get(key)

    def work(self, world: World) -> int:
        """What went into all results that whoever asks through ``world`` has got so far; here it is not counted."""
        return 0

    def compute(
        self, world: World, key: Hashable, compute: Callable[[World], Any]
    ) -> tuple[Any, Callable[[Hashable], None]]:
        """A new result, and how to keep it under its key."""
        found = compute(world)

        def keep(key: Hashable) -> None:
            self._kept[key] = found

        return found, keep

    def first_id(self) -> int:
        """The first of a block of object numbers that nobody else uses; negative, so that they are older than any path's own."""
        self._block += BLOCK
        return self._block

    def share(self, path: Path, own: Callable[[Hashable], bool]) -> None:
        """Let every path see what ``path`` made, but for the variables of an ``own`` owner. What it wrote into objects of others is
        not shared: nobody else is to know in which order statements were evaluated.
        """
        first = path.next_id // BLOCK * BLOCK

        def is_shared(owner: Hashable) -> bool:
            return is_made_since(owner, first) if isinstance(owner, int) else not own(owner)

        self.shared.vars.update({key: value for key, value in path.vars.flat().items() if is_shared(key[0])})
        self.shared.heap.update(
            {oid: it for oid, it in path.heap.flat().items() if is_made_since(oid, first)}
        )
