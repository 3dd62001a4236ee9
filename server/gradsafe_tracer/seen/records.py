"""What the running program leaves behind, kept as small as it can be and turned into events at the end.

Notes hold no tensor: a record that did would keep the program's memory alive. ``t`` orders them.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

from .places import Where


class SaveNote:
    """One operand that an operation keeps for backward. What is rarely known stands as a default of the class."""

    counter = 0
    storage = 0
    number = 0
    node = 0
    tensor = 0
    role: Optional[str] = None
    operation: Optional[str] = None
    name: Optional[str] = None
    count = 0
    unused = False
    inner = False

    def __init__(self, t: int, where: Where, func: Any, version: int, seq: int, thread: int) -> None:
        self.t = t
        self.where = where
        self.func = func
        self.version = version
        self.seq = seq
        self.thread = thread


class Saved:
    """What autograd holds in place of the saved tensor.

    As in ``SavedVariable``: an operand is held itself (``kept``), a result as a detached alias on the same storage
    and counter, since the graph would hold itself otherwise.
    """

    maker_seq = -1
    output = 0
    view = False
    weak: Any = None
    unchecked: Optional[str] = None
    moves: Sequence[WriteNote] = ()
    hazards: Sequence[Hazard] = ()
    snapshot: Any = None

    def __init__(self, note: SaveNote, alias: Any, maker: Any) -> None:
        self.note = note
        self.alias = alias
        self.maker = maker

    @property
    def kept(self) -> bool:
        """Whether ``alias`` is the very tensor that was saved."""
        return self.weak is None

    def original(self) -> Any:
        """The very tensor that was saved; None for a result that nobody holds any more."""
        return self.alias if self.weak is None else self.weak()

    @property
    def result(self) -> bool:
        """Whether what was saved is the saving operation's own result."""
        return self.maker_seq == self.note.seq


class WriteNote:
    """One in-place operation on one tensor."""

    counter = 0
    tensor = 0
    grad: Optional[bool] = None
    how: Optional[str] = None
    declared: Where = ()
    first = 0
    last = 0
    name: Optional[str] = None

    def __init__(self, t: int, where: Where, operation: str, before: int, after: int) -> None:
        self.t = t
        self.where = where
        self.operation = operation
        self.before = before
        self.after = after


class Hazard:
    """A write that torch's version check cannot see."""

    __slots__ = (
        "leaf",
        "name",
        "now",
        "output",
        "reason",
        "repeat",
        "root",
        "seq",
        "told",
        "used",
        "users",
        "where",
        "write",
    )

    def __init__(self, write: WriteNote, reason: str) -> None:
        self.write = write
        self.reason = reason
        self.where = write.where
        self.seq = 0
        self.output = 0
        self.now = 0
        self.used = False
        self.told = False
        self.leaf: Any = None
        self.repeat: Any = None
        self.users: List[Any] = []
        self.root = False
        """Whether it is itself what a backward starts from."""
        self.name: Optional[str] = write.name
        """What was changed, as the program calls it."""


class BackwardNote:
    """One call of the engine, and what it read and freed."""

    __slots__ = (
        "cleared", "edges", "end", "flow", "found", "frees", "number", "operation", "parts", "proof", "raised", "ran", "reads", "retain",
        "roots", "t", "where", "wrong",
    )  # fmt: skip

    def __init__(self, t: int, where: Where, operation: str, number: int, retain: bool) -> None:
        self.t = t
        self.where = where
        self.operation = operation
        self.number = number
        self.retain = retain
        self.raised = False
        self.cleared = False
        self.proof: Any = None
        self.flow: Any = None
        self.end = 0
        self.found: List[Tuple[int, SaveNote, int]] = []
        self.parts: List[PlainNote] = []
        self.reads: List[SaveNote] = []
        self.ran: List[SaveNote] = []
        self.roots: List[Any] = []
        self.edges: List[Tuple[Any, int]] = []
        self.wrong: List[Tuple[Hazard, Optional[SaveNote]]] = []
        self.frees: Dict[Tuple[int, int], SaveNote] = {}


class PlainNote:
    """Any other event: its kind, and its fields as the schema names them."""

    __slots__ = ("fields", "kind", "t", "where")

    def __init__(self, t: int, where: Where, kind: str, fields: Dict[str, Any]) -> None:
        self.t = t
        self.where = where
        self.kind = kind
        self.fields = fields
