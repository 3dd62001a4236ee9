"""The values that the interpreter computes with. All are immutable and hashable.

Anything with state of its own (a tensor, a list, an instance) is a reference: an ``oid``
into the heap of the abstract state.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, TypeAlias

from gradsafe.ir.instructions import Function, LazyBody
from gradsafe.syntax.span import ChunkId, Span

_KNOWN_MODULES = frozenset(
    {"torch", "builtins", "numpy", "math", "functools", "itertools", "operator", "collections"}
)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value of which nothing is known but its name: equal tokens are the same value.

    The token is structural (an argument, an attribute of an unknown, a comparison with a
    constant ...), so that the same unknown condition tested twice takes the same side.
    """

    token: Hashable


@dataclass(frozen=True, slots=True)
class Const:
    """A Python constant. ``kind`` keeps ``1``, ``1.0`` and ``True`` apart."""

    value: Any
    kind: type

    def __repr__(self) -> str:
        return f"Const({self.value!r})"


@dataclass(frozen=True, slots=True)
class TensorRef:
    """A tensor object in the heap."""

    oid: int


@dataclass(frozen=True, slots=True)
class ListRef:
    """A list, set, deque or generator's items in the heap."""

    oid: int


@dataclass(frozen=True, slots=True)
class DictRef:
    """A dict in the heap."""

    oid: int


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class: ``cls`` is a :class:`ClassValue`, or the dotted name of a class outside the workspace."""

    oid: int
    cls: ClassValue | str


@dataclass(frozen=True, slots=True)
class TupleValue:
    """A tuple; of a named tuple also the names of its elements, and its class."""

    items: tuple[Value, ...]
    fields: tuple[str, ...] = ()
    cls: ClassValue | None = None


@dataclass(frozen=True, slots=True)
class Lazy:
    """A generator: in the heap a ``Pending`` call until it is started, then its ``Items``."""

    oid: int


@dataclass(frozen=True, slots=True)
class SliceValue:
    lower: Value
    upper: Value
    step: Value


@dataclass(frozen=True, slots=True)
class RangeValue:
    start: Value
    stop: Value
    step: Value


@dataclass(frozen=True, slots=True)
class FunctionValue:
    """A function of the workspace: its code, and the environment that it closes over."""

    code: Function
    env: Hashable
    file: str
    chunk: ChunkId
    qualname: str
    owner: ClassValue | None = None
    defaults: tuple[Value | None, ...] = ()
    binding: str = ""
    """``""`` plain, ``static``, ``class``, ``property`` or ``cached`` (a property that keeps its value)."""
    grad_mode: str = ""
    """The grad mode in which a decorator (``@torch.no_grad()``) runs it; empty: the caller's."""
    setter: FunctionValue | None = None
    """Of a property: the function that its assignment calls."""
    is_cached: bool = False
    """Decorated with ``lru_cache``: called again with the same arguments it gives the same object."""
    is_context: bool = False
    """Decorated with ``contextmanager``: its one yield is where the body of the ``with`` runs."""
    dispatches: bool = False
    """Decorated with ``singledispatch``: the class of the first argument says which function runs."""
    within: Lazy | None = None
    """Decorated with such a context manager: each call runs inside a new one like this."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassValue:
    """A class of the workspace; its members live in the state under ``(env, name)``.

    Two are the same if their ``class`` statement ran once for both: their bases, of any depth, are not compared.
    """

    name: str
    env: Hashable
    file: str
    chunk: ChunkId
    bases: tuple[Value, ...]
    body: LazyBody

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClassValue) and (self.env, self.chunk, self.name) == (
            other.env,
            other.chunk,
            other.name,
        )

    def __hash__(self) -> int:
        return hash((self.env, self.name))


@dataclass(frozen=True, slots=True)
class Bound:
    """A method with its receiver. ``function`` is a FunctionValue, or the name of a built-in method."""

    receiver: Value
    function: FunctionValue | str


@dataclass(frozen=True, slots=True)
class External:
    """Something outside the workspace, by its canonical dotted name: ``torch.nn.functional.relu``."""

    name: str

    @property
    def is_opaque(self) -> bool:
        """Of what stands in a module that nobody knows (``from config import DEBUG``) not even the kind is known."""
        return self.name.partition(".")[0] not in _KNOWN_MODULES


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module of the workspace."""

    file: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What ``from module import name`` bound, not looked up before it is used: nothing but a variable holds it.

    A package's ``__init__`` imports a thousand names of which a program uses three.
    """

    importer: str
    module: str
    level: int
    name: str


@dataclass(frozen=True, slots=True)
class PartialValue:
    """``functools.partial``."""

    function: Value
    args: tuple[Value, ...]
    kwargs: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class SuperValue:
    """``super()`` in a method of ``after``, bound to ``receiver``."""

    receiver: Value
    after: ClassValue


@dataclass(frozen=True, slots=True)
class Manager:
    """A context manager that sets a mode: ``no_grad``, ``enable_grad``, ``inference``, ``autocast`` ...

    ``previous`` is the grad mode to come back to where the mode took effect when the manager was made.
    """

    mode: str
    previous: str = ""
    expected: frozenset[str] = frozenset()
    """The errors that it catches (``contextlib.suppress``), by their names."""


Value: TypeAlias = Unknown | Const | TensorRef | ListRef | DictRef | Instance | TupleValue | Lazy | SliceValue | RangeValue | FunctionValue | ClassValue | Bound | External | ModuleValue | Imported | PartialValue | SuperValue | Manager  # fmt: skip

NONE = Const(None, type(None))
TRUE = Const(True, bool)
FALSE = Const(False, bool)


def const(value: object) -> Const:
    """The constant ``value``."""
    return Const(value, type(value))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was made, for related locations: a place and the calls that led there."""

    place: Span
    stack: tuple[Span, ...]
