"""The event schema: what happened to tensors, storages and version counters, in order.

The waist of the whole program: the static interpreter and the run-time tracer
both write these events, and the rules read nothing else. Standard library only
(this file runs inside the user's interpreter, Python 3.9 and newer), and the
one module that ``gradsafe`` may import from ``gradsafe_tracer``.

Ids (``tensor``, ``storage``, ``counter``, ``node``, ``save``, ``backward``) are
small ints that the writer of the log hands out by first occurrence; they are
never ``id()`` or ``data_ptr()`` of an object that may die. A view and a
``.detach()`` share their base's counter; ``.data`` has a counter of its own.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, ClassVar, Dict, Hashable, Iterable, Iterator, NamedTuple, Optional, Tuple, Type, Union

SCHEMA_VERSION = 1


class Place(NamedTuple):
    """A piece of one file. Rows and columns are 1-based, columns in code points, the end is exclusive."""

    file: str
    row: int
    column: int
    end_row: int
    end_column: int


AnyPlace = Hashable
"""A :class:`Place` in a real run; a ``gradsafe.syntax.span.Span`` in a static log (resolved before it is printed)."""


@dataclass(frozen=True)
class Event:
    """One thing that happened at ``place``, reached through the calls in ``stack`` (outermost first)."""

    kind: ClassVar[str] = ""
    place: AnyPlace
    stack: Tuple[AnyPlace, ...]


@dataclass(frozen=True)
class Create(Event):
    """A tensor with a storage of its own comes to be; ``leaf`` and ``requires_grad`` are None where unknown."""

    kind: ClassVar[str] = "create"
    tensor: int
    storage: int
    counter: int
    version: int
    operation: str
    requires_grad: Optional[bool]
    leaf: Optional[bool]
    name: Optional[str] = None


@dataclass(frozen=True)
class Alias(Event):
    """``tensor`` is a new object on the storage of ``base``: a view, ``detach``, ``data``, ``numpy``, ``same`` ..."""

    kind: ClassVar[str] = "alias"
    tensor: int
    base: int
    storage: int
    counter: int
    how: str
    name: Optional[str] = None


@dataclass(frozen=True)
class Save(Event):
    """``operation`` (grad_fn ``node``) saves ``tensor`` for backward as its operand ``role`` at ``version``."""

    kind: ClassVar[str] = "save"
    save: int
    node: int
    operation: str
    role: str
    tensor: int
    counter: int
    version: int
    name: Optional[str] = None


@dataclass(frozen=True)
class Write(Event):
    """``operation`` writes ``tensor`` in place.

    ``how`` is one of ``method function augmented setitem out module optimizer data numpy other``;
    ``version_after == version_before`` where torch does not move the counter.
    ``declared`` is the construction of the in-place module or of the optimizer, where known.
    """

    kind: ClassVar[str] = "write"
    tensor: int
    counter: int
    version_before: int
    version_after: int
    operation: str
    how: str
    grad_enabled: Optional[bool] = None
    declared: AnyPlace = None
    name: Optional[str] = None


@dataclass(frozen=True)
class BackwardStart(Event):
    """A call of ``backward()`` or ``autograd.grad``; ``operation`` names which."""

    kind: ClassVar[str] = "backward"
    backward: int
    operation: str
    name: Optional[str] = None


@dataclass(frozen=True)
class BackwardEnd(Event):
    """The backward call is over; ``raised`` if it raised."""

    kind: ClassVar[str] = "backward-end"
    backward: int
    raised: bool


@dataclass(frozen=True)
class Read(Event):
    """The backward unpacks ``save`` and finds its counter at ``found`` (None where unknown)."""

    kind: ClassVar[str] = "read"
    save: int
    backward: int
    found: Optional[int]


@dataclass(frozen=True)
class Free(Event):
    """The backward frees what ``node`` saved."""

    kind: ClassVar[str] = "free"
    node: int
    backward: int


@dataclass(frozen=True)
class Escape(Event):
    """The storage of ``tensor`` is reachable from outside torch from here on (``how``: numpy, dlpack, data_ptr ...)."""

    kind: ClassVar[str] = "escape"
    tensor: int
    storage: int
    how: str


@dataclass(frozen=True)
class Raise(Event):
    """Torch raises here. ``reason`` names the check that fails; the rule of that reason tells the story.

    Reasons: ``version`` (a saved tensor's counter moved; ``save`` and ``backward`` are set), ``freed``
    (backward a second time; ``save`` or ``node``, ``backward`` set), ``leaf``, ``leaf-view``,
    ``multi-output-view``, ``no-grad-view``, ``function-view``, ``overlap``, ``inference-write``, ``inference-save``.
    ``certain`` is False where the check depends on something unknown (say ``requires_grad``).
    ``message`` is torch's where a run gave it; for ``overlap`` also ``operand``: not the written tensor's own elements
    share memory, but those of an operand with it.
    """

    kind: ClassVar[str] = "raise"
    reason: str
    certain: bool = True
    tensor: Optional[int] = None
    save: Optional[int] = None
    node: Optional[int] = None
    backward: Optional[int] = None
    operation: Optional[str] = None
    message: Optional[str] = None
    name: Optional[str] = None
    how: Optional[str] = None
    declared: AnyPlace = None


@dataclass(frozen=True)
class WrongGradient(Event):
    """Torch stays silent and the gradient is wrong. ``reason``: ``data-write``, ``data-swap``, ``no-grad-write``,
    ``numpy-write``, ``fused-step`` ...; the write that is to blame stands at ``place``.

    The proof of a real run: the element of ``leaf`` (``w.grad``) that differs most, as ``computed`` and as a run gives it
    that protects what was saved; ``difference`` is relative to the largest element of that leaf. ``kept_at`` is where the program
    itself kept what was written (``ctx.x = x``), where known, and where a copy would have been enough.
    """

    kind: ClassVar[str] = "wrong-gradient"
    reason: str
    certain: bool = True
    tensor: Optional[int] = None
    save: Optional[int] = None
    backward: Optional[int] = None
    operation: Optional[str] = None
    name: Optional[str] = None
    leaf: Optional[str] = None
    computed: Optional[float] = None
    protected: Optional[float] = None
    difference: Optional[float] = None
    kept_at: AnyPlace = None


AnyEvent = Union[
    Create, Alias, Save, Write, BackwardStart, BackwardEnd, Read, Free, Escape, Raise, WrongGradient
]

KINDS: Dict[str, Type[Event]] = {
    cls.kind: cls
    for cls in (
        Create,
        Alias,
        Save,
        Write,
        BackwardStart,
        BackwardEnd,
        Read,
        Free,
        Escape,
        Raise,
        WrongGradient,
    )
}


def to_json(event: Event) -> str:
    """One line of JSON. Every place in the event must be a :class:`Place` or None."""
    fields = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    return json.dumps({"schema_version": SCHEMA_VERSION, "kind": event.kind, **fields}, ensure_ascii=False)


def from_json(line: str) -> Event:
    """The event written by :func:`to_json`.

    Raises ValueError for another schema version or an unknown kind.
    """
    fields: Dict[str, Any] = json.loads(line)
    version = fields.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        raise ValueError(f"event log has schema version {version}, this reader knows {SCHEMA_VERSION}")
    kind = fields.pop("kind", None)
    if kind not in KINDS:
        raise ValueError(f"unknown event kind {kind!r}")
    for key in ("place", "declared", "kept_at"):
        if fields.get(key) is not None:
            fields[key] = Place(*fields[key])
    fields["stack"] = tuple(Place(*place) for place in fields["stack"])
    return KINDS[kind](**fields)


def dump(events: Iterable[Event]) -> str:
    """JSON lines, one event a line."""
    return "".join(to_json(event) + "\n" for event in events)


def load(text: str) -> Iterator[Event]:
    """The events of :func:`dump`, in order; raises ValueError as :func:`from_json` does."""
    return (from_json(line) for line in text.splitlines() if line)
