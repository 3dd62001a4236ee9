"""The abstract state along one path, and the log of what happened on it.

A :class:`Path` is written only by the basic block that owns it; ``fork()`` gives an
independent one in constant time, whatever the size of the heap.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from gradsafe.domain.layered import LayeredMap
from gradsafe.domain.tensors import GradMode, Node, Tensor
from gradsafe.domain.values import FunctionValue, Source, Value
from gradsafe.ir.instructions import Yield
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import Event, Raise, Write


class Status(Enum):
    """How the execution of a block left a path."""

    RUN = "run"
    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    RAISED = "raised"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One link of the persistent event log; ``length`` counts the links."""

    event: Event
    before: LogEntry | None
    length: int


@dataclass(slots=True)
class Frame:
    """The activation of one function body, module body or class body."""

    env: Hashable
    file: str
    chunk: ChunkId
    qualname: str
    stack: tuple[Span, ...]
    closure: Hashable = None
    """The environment that functions defined here close over (not a class body's own)."""
    regs: dict[int, Value] = field(default_factory=dict)
    global_names: frozenset[str] = frozenset()
    nonlocal_names: frozenset[str] = frozenset()
    collected: tuple[tuple[Value | None, Value], ...] = ()
    comprehensions: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """The comprehensions that run, the innermost last: the environment of each, and the names that are its own."""
    owner: Value | None = None
    receiver: Value | None = None
    kind: str = "module"
    """``module``, ``class`` or ``function``."""
    generator: Running | None = None
    """In the frame of a generator: who takes what it yields."""
    suspended: tuple[Frame, ...] = ()
    """In the frame of a consumer: the generators that wait at a ``yield``, the innermost loop's last."""
    hidden: Source | None = None
    """In a function that the reader does not see: the call, where all that happens inside stands for him."""
    told_depth: int = 0
    """How many such functions are entered, this one included."""

    def copy(self) -> Frame:
        running = self.generator
        if running is not None and running.consumer is not None:
            running = Running(
                running.take, running.consumer.copy(), running.is_context, running.outer_mode, running.left, running.at
            )  # fmt: skip
        return Frame(
            self.env, self.file, self.chunk, self.qualname, self.stack, self.closure, dict(self.regs), self.global_names,
            self.nonlocal_names, self.collected, self.comprehensions, self.owner, self.receiver, self.kind, running,
            tuple(frame.copy() for frame in self.suspended) if self.suspended else (), self.hidden, self.told_depth,
        )  # fmt: skip


BLOCK = 1 << 20
"""Object numbers set aside for one evaluation of what is shared: far more than its budget can use."""


def is_made_since(oid: int, next_id: int) -> bool:
    """Whether an object was made on a path since its next number was ``next_id``. What another evaluation has made and shared
    meanwhile has a negative number of another block, higher or lower, and is none of it.
    """
    return oid >= next_id and (next_id > 0 or oid // BLOCK == next_id // BLOCK)


@dataclass(slots=True)
class Shared:
    """Variables and objects that every path of an analysis sees until it writes its own: those of module-level statements."""

    vars: dict[tuple[Hashable, str], Value] = field(default_factory=dict)
    heap: dict[int, object] = field(default_factory=dict)


@dataclass(slots=True)
class Sharing:
    """Operations that may give back their operand or a copy (``to``, ``reshape``), and which counters somebody moved.

    Which of the two it was matters only to what is written: only where the operand, the result, or what may share with
    them again is written have both sides to be explored. One object for all paths of an analysis.
    """

    links: set[tuple[Span, int, int]] = field(default_factory=set)
    doubts: set[tuple[Span, int, int]] = field(default_factory=set)
    """Where a tensor may be another one than it was: that takes certainty away, so it matters only where something is certain."""
    written: set[int] = field(default_factory=set)
    logged: int = 0
    """How often anything was logged, by whichever path."""

    def matters(self, raises: bool) -> frozenset[Span]:
        """The places of the operations whose two sides can differ; ``raises``: torch surely raises on some path."""
        plain = self._near(self.links)
        return self._near(self.links | self.doubts) if raises or plain else plain

    def _near(self, links: set[tuple[Span, int, int]]) -> frozenset[Span]:
        left, reached = links, set(self.written)
        found: set[Span] = set()
        while True:
            near = {link for link in left if link[1] in reached or link[2] in reached}
            if not near:
                return frozenset(found)
            left = left - near
            for place, one, other in near:
                found.add(place)
                reached |= {one, other}


@dataclass(frozen=True, slots=True)
class Left:
    """How the body of a loop over a generator (or of a ``with``) was left while the generator waited."""

    status: Status
    returned: Value | None
    raised: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """A generator being run: ``take`` runs the consumer's body with what it yields, in the consumer's frame.

    ``outer_mode``: the grad mode of the consumer where a decorator gives the generator its own. ``at``: the ``yield``
    at which it waits.
    """

    take: Callable[[Path, Value], list[Path]]
    consumer: Frame | None
    is_context: bool = False
    outer_mode: GradMode | None = None
    left: Left | None = None
    at: Yield | None = None


class Path:
    """One explored path: variables, heap, modes, and its log.

    ``vars`` holds variables and attributes under ``(owner, name)``; ``heap`` tensors, nodes,
    containers and version counters under their oid. ``decisions`` are the sides taken at
    unknown conditions. ``blurred``: a budget cut other paths off, so nothing here is certain.

    Where torch raises, the path goes on as its own shadow (DECISIONS 16): ``shadow_from`` is the length of the log
    at that point, ``failing`` is true until it goes on, ``real`` the path as torch leaves it, for an ``except`` that catches it, ``mended`` the places of
    the writes that count as out of place from then on.
    """

    __slots__ = (
        "blurred", "decisions", "failing", "frame", "grad_mode", "heap", "log", "mended", "next_id", "raised", "real",
        "returned", "saving", "shadow_from", "sharing", "status", "trail", "vars",
    )  # fmt: skip

    def __init__(
        self,
        frame: Frame,
        variables: LayeredMap[tuple[Hashable, str], Value],
        heap: LayeredMap[int, object],
        decisions: LayeredMap[Hashable, bool],
        sharing: Sharing,
    ) -> None:
        self.vars = variables
        self.heap = heap
        self.grad_mode = GradMode.ENABLED
        self.decisions = decisions
        self.trail: tuple[str, ...] = ()
        self.log: LogEntry | None = None
        self.next_id = 1
        self.frame = frame
        self.status = Status.RUN
        self.returned: Value | None = None
        self.raised: str | None = None
        self.blurred = False
        self.saving = "all"
        self.failing = False
        self.shadow_from: int | None = None
        self.real: Path | None = None
        self.mended: frozenset[object] = frozenset()
        self.sharing = sharing

    @staticmethod
    def begin(frame: Frame, shared: Shared | None = None) -> Path:
        """A path on which nothing has been done yet, but for what it shares with others."""
        return Path(
            frame,
            LayeredMap(shared.vars if shared else None),
            LayeredMap(shared.heap if shared else None),
            LayeredMap(),
            Sharing(),
        )

    def fork(self) -> Path:
        """An independent path that has done the same."""
        decisions = self.decisions.fork()
        twin = Path(self.frame.copy(), self.vars.fork(), self.heap.fork(), decisions, self.sharing)
        twin.grad_mode = self.grad_mode
        twin.trail = self.trail
        twin.log = self.log
        twin.next_id = self.next_id
        twin.status = self.status
        twin.returned = self.returned
        twin.raised = self.raised
        twin.blurred = self.blurred
        twin.saving = self.saving
        twin.failing = self.failing
        twin.shadow_from = self.shadow_from
        twin.real = self.real
        twin.mended = self.mended
        return twin

    def new_id(self) -> int:
        oid = self.next_id
        self.next_id = oid + 1
        return oid

    def emit(self, event: Event) -> None:
        if isinstance(event, Write):
            self.sharing.written.add(event.counter)
        elif isinstance(event, Raise) and event.tensor is not None:
            self.sharing.written.add(self.tensor(event.tensor).counter)
        self.sharing.logged += 1
        before = self.log
        self.log = LogEntry(event, before, before.length + 1 if before else 1)

    def fail(self) -> None:
        """Torch raises, as the last event of the log says; what follows is the shadow's."""
        self.status, self.raised, self.failing = Status.RAISED, "RuntimeError", True
        self.begin_shadow()

    def begin_shadow(self) -> None:
        """What is logged from here on happens only once the error that was logged last is mended."""
        if self.shadow_from is None:
            self.shadow_from = self.log.length if self.log else 0

    def events(self) -> Iterator[Event]:
        """The log, oldest first."""
        links: list[Event] = []
        entry = self.log
        while entry is not None:
            links.append(entry.event)
            entry = entry.before
        return reversed(links)

    def here(self, at: tuple[int, int]) -> Source:
        """Where the instruction at ``at`` stands, and the calls that led to it."""
        frame = self.frame
        return frame.hidden or Source(Span(frame.chunk, at[0], at[1]), frame.stack)

    # The heap, typed. Reading a missing or other object is a broken invariant.

    def tensor(self, oid: int) -> Tensor:
        found = self.heap.get(oid)
        assert isinstance(found, Tensor), found
        return found

    def node(self, oid: int) -> Node:
        found = self.heap.get(oid)
        assert isinstance(found, Node), found
        return found

    def version(self, counter: int) -> int:
        found = self.heap.get(counter)
        assert isinstance(found, int), found
        return found

    def items(self, oid: int) -> Items:
        found = self.heap.get(oid)
        assert isinstance(found, Items), found
        return found

    def entries(self, oid: int) -> Entries:
        found = self.heap.get(oid)
        assert isinstance(found, Entries), found
        return found


@dataclass(frozen=True, slots=True)
class Items:
    """A list's elements. ``rest`` is a value for every further element where the length is not known."""

    known: tuple[Value, ...]
    rest: Value | None = None
    shape: str = "list"


@dataclass(frozen=True, slots=True)
class Entries:
    """A dict's entries in order. ``rest`` is a value for every key that is not known."""

    known: tuple[tuple[Value, Value], ...]
    rest: Value | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A generator that was called and not yet started."""

    function: FunctionValue
    args: tuple[Value, ...]
    kwargs: Mapping[str, Value]
    source: Source


@dataclass(frozen=True, slots=True)
class Waiting:
    """A generator that was stepped to the ``yield`` at ``at``. ``frame`` is never run itself: each step runs a copy."""

    function: FunctionValue
    frame: Frame
    at: Yield
