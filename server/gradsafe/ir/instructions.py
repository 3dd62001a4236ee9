"""The instructions that the interpreter runs: frozen, structured, printable.

Expressions are flattened to registers (ints, local to one statement), control flow stays
structured. An instruction knows where it stands as offsets ``at`` in its chunk's text, so
the lowering of a text can be cached by the text alone; the chunk is known by the
:class:`Block` that holds the instruction.

Each class's docstring is its text form (see ``ir/text.py``). No class here has a subclass,
and no instruction holds a result of the analysis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from gradsafe.ir.body import Argument, At, Block, Body, LazyBody, Reg
from gradsafe.ir.definitions import Class, Function, Import, ImportFrom, Parameter, Scope
from gradsafe.ir.flow import (
    Assert,
    Await,
    Break,
    Case,
    Continue,
    For,
    Handler,
    If,
    Match,
    Pattern,
    PatternCapture,
    PatternClass,
    PatternMapping,
    PatternOr,
    PatternSequence,
    PatternValue,
    RaiseStatement,
    Return,
    Try,
    While,
    With,
    Yield,
)


@dataclass(frozen=True, slots=True)
class Const:
    """``%dst = const VALUE``: a number, string, bytes, bool, None or Ellipsis."""

    at: At
    dst: Reg
    value: Any


@dataclass(frozen=True, slots=True)
class Opaque:
    """``%dst = opaque``: an expression that is not modelled."""

    at: At
    dst: Reg


@dataclass(frozen=True, slots=True)
class Load:
    """``%dst = NAME``"""

    at: At
    dst: Reg
    name: str


@dataclass(frozen=True, slots=True)
class Store:
    """``NAME = %src``"""

    at: At
    name: str
    src: Reg


@dataclass(frozen=True, slots=True)
class Delete:
    """``del NAME``"""

    at: At
    name: str


@dataclass(frozen=True, slots=True)
class Attr:
    """``%dst = %obj.NAME``; ``subject`` is the source text of the object."""

    at: At
    dst: Reg
    obj: Reg
    name: str
    subject: str


@dataclass(frozen=True, slots=True)
class SetAttr:
    """``%obj.NAME = %src``"""

    at: At
    obj: Reg
    name: str
    src: Reg
    subject: str


@dataclass(frozen=True, slots=True)
class DeleteAttr:
    """``del %obj.NAME``"""

    at: At
    obj: Reg
    name: str


@dataclass(frozen=True, slots=True)
class Annotate:
    """``NAME: ANNOTATION``: evidence of what a variable is; in a class body a field."""

    at: At
    name: str
    annotation: str


@dataclass(frozen=True, slots=True)
class Item:
    """``%dst = %obj[%index]``"""

    at: At
    dst: Reg
    obj: Reg
    index: Reg
    subject: str


@dataclass(frozen=True, slots=True)
class SetItem:
    """``%obj[%index] = %src``; ``augmented`` where it is the store of ``obj[index] += ...``."""

    at: At
    obj: Reg
    index: Reg
    src: Reg
    subject: str
    augmented: bool = False


@dataclass(frozen=True, slots=True)
class DeleteItem:
    """``del %obj[%index]``"""

    at: At
    obj: Reg
    index: Reg


@dataclass(frozen=True, slots=True)
class Call:
    """``%dst = call %fn(ARGUMENTS)``; ``subject`` and ``first`` are the source texts of receiver and first argument.

    ``decorates``: this is ``@fn`` above a definition, which is its one argument. ``for_effect``: nobody asks for the result.
    """

    at: At
    dst: Reg
    fn: Reg
    args: tuple[Argument, ...]
    subject: str = ""
    first: str = ""
    decorates: bool = False
    for_effect: bool = False


@dataclass(frozen=True, slots=True)
class Binary:
    """``%dst = %left OP %right``; OP is Python's own spelling."""

    at: At
    dst: Reg
    op: str
    left: Reg
    right: Reg


@dataclass(frozen=True, slots=True)
class InPlace:
    """``%dst = inplace %left OP %right``: the operator half of ``left OP= right``."""

    at: At
    dst: Reg
    op: str
    left: Reg
    right: Reg
    subject: str


@dataclass(frozen=True, slots=True)
class Unary:
    """``%dst = OP %src`` with OP one of ``- + ~ not``."""

    at: At
    dst: Reg
    op: str
    src: Reg


@dataclass(frozen=True, slots=True)
class Compare:
    """``%dst = compare %left OP %right`` with OP one of ``== != < <= > >= is is-not in not-in``."""

    at: At
    dst: Reg
    op: str
    left: Reg
    right: Reg


@dataclass(frozen=True, slots=True)
class Build:
    """``%dst = list|tuple|set(ARGUMENTS)``; an argument may be starred."""

    at: At
    dst: Reg
    shape: str
    items: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class BuildDict:
    """``%dst = dict(%key: %value, ...)``; a pair with key None is ``**%value``."""

    at: At
    dst: Reg
    items: tuple[tuple[Reg | None, Reg], ...]


@dataclass(frozen=True, slots=True)
class BuildSlice:
    """``%dst = slice(%lower, %upper, %step)``"""

    at: At
    dst: Reg
    lower: Reg | None
    upper: Reg | None
    step: Reg | None


@dataclass(frozen=True, slots=True)
class FormatPart:
    """One ``{%reg!CONVERSION:SPEC}`` of an f-string; ``spec`` None: it is computed."""

    reg: Reg
    conversion: str = ""
    spec: str | None = ""


@dataclass(frozen=True, slots=True)
class Format:
    """``%dst = format("text", %part, ...)``: an f-string, its texts and its parts in order."""

    at: At
    dst: Reg
    parts: tuple[str | FormatPart, ...]


@dataclass(frozen=True, slots=True)
class Unpack:
    """``%a, *%b, %c = unpack %src``; ``star`` is the index of the starred target, or None."""

    at: At
    src: Reg
    dsts: tuple[Reg, ...]
    star: int | None


@dataclass(frozen=True, slots=True)
class Choose:
    """``%dst = if %test: BODY -> %yes else: BODY -> %no``: conditional expressions, ``and``, ``or``."""

    at: At
    dst: Reg
    test: Reg
    test_text: str
    yes: Body
    yes_reg: Reg
    no: Body
    no_reg: Reg


@dataclass(frozen=True, slots=True)
class Comprehension:
    """``%dst = SHAPE comprehension over %iterable: BODY``; BODY ends in Collect instructions.

    ``own`` are the names that all its ``for`` bind: its own variables, which the code around it does not see. Python evaluates
    the first iterable outside. A further ``for``, of the shape ``inner``, has none: they are those of the whole.
    """

    at: At
    dst: Reg
    shape: str
    iterable: Reg
    target: Reg
    body: Body
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collect:
    """``collect [%key:] %value``: one element for the innermost comprehension."""

    at: At
    key: Reg | None
    value: Reg


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """``unmodelled REASON``: code that was not parsed or not lowered; its names become unknown."""

    at: At
    reason: str
    binds: tuple[str, ...] = ()


Instruction: TypeAlias = Const | Opaque | Load | Store | Delete | DeleteAttr | Annotate | Attr | SetAttr | Item | SetItem | DeleteItem | Call | Binary | InPlace | Unary | Compare | Build | BuildDict | BuildSlice | Format | Unpack | Choose | Comprehension | Collect | Function | Class | Import | ImportFrom | If | For | While | With | Try | Match | Return | Yield | Await | RaiseStatement | Assert | Break | Continue | Scope | Unmodelled  # fmt: skip

__all__ = [
    "Annotate",
    "Argument",
    "Assert",
    "At",
    "Attr",
    "Await",
    "Binary",
    "Block",
    "Body",
    "Break",
    "Build",
    "BuildDict",
    "BuildSlice",
    "Call",
    "Case",
    "Choose",
    "Class",
    "Collect",
    "Compare",
    "Comprehension",
    "Const",
    "Continue",
    "Delete",
    "DeleteAttr",
    "DeleteItem",
    "For",
    "Format",
    "FormatPart",
    "Function",
    "Handler",
    "If",
    "Import",
    "ImportFrom",
    "InPlace",
    "Instruction",
    "Item",
    "LazyBody",
    "Load",
    "Match",
    "Opaque",
    "Parameter",
    "Pattern",
    "PatternCapture",
    "PatternClass",
    "PatternMapping",
    "PatternOr",
    "PatternSequence",
    "PatternValue",
    "RaiseStatement",
    "Reg",
    "Return",
    "Scope",
    "SetAttr",
    "SetItem",
    "Store",
    "Try",
    "Unary",
    "Unmodelled",
    "Unpack",
    "While",
    "With",
    "Yield",
]  # fmt: skip
