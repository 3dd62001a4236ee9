"""The instructions of control flow: branches, loops, ``with``, ``try``, ``match``, jumps. Part of ``ir.instructions``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gradsafe.ir.body import At, Body, LazyBody, Reg


@dataclass(frozen=True, slots=True)
class If:
    """``if %test: BODY else: BODY``; ``test_text`` is the condition's source."""

    at: At
    test: Reg
    test_text: str
    yes: LazyBody
    no: LazyBody


@dataclass(frozen=True, slots=True)
class For:
    """``for %target in %iterable: ASSIGN BODY else: BODY``; ``assign`` stores the target."""

    at: At
    iterable: Reg
    target: Reg
    assign: Body
    body: LazyBody
    orelse: LazyBody
    iterable_text: str = ""


@dataclass(frozen=True, slots=True)
class While:
    """``while TEST -> %test: BODY else: BODY``; the test's instructions run before each round."""

    at: At
    condition: Body
    test: Reg
    test_text: str
    body: LazyBody
    orelse: LazyBody


@dataclass(frozen=True, slots=True)
class With:
    """``with %manager as %target: ASSIGN BODY``: one manager; several are nested."""

    at: At
    manager: Reg
    target: Reg
    assign: Body
    body: LazyBody


@dataclass(frozen=True, slots=True)
class Handler:
    """``except TYPES as NAME: BODY``; ``types`` are the dotted names as written, empty for a bare except."""

    types: tuple[str, ...]
    name: str | None
    body: LazyBody


@dataclass(frozen=True, slots=True)
class Try:
    """``try: BODY except ... else: BODY finally: BODY``"""

    at: At
    body: LazyBody
    handlers: tuple[Handler, ...]
    orelse: LazyBody
    final: LazyBody


@dataclass(frozen=True, slots=True)
class PatternValue:
    """``case 1``, ``case Mode.TRAIN``, ``case None``: the value that ``body`` leaves in ``reg``."""

    body: Body
    reg: Reg


@dataclass(frozen=True, slots=True)
class PatternCapture:
    """``case NAME``, ``case _`` (no name), ``case PATTERN as NAME``."""

    name: str | None
    pattern: Pattern | None = None


@dataclass(frozen=True, slots=True)
class PatternSequence:
    """``case (PATTERN, *NAME, PATTERN)``; ``star`` is the index of the starred one, a capture."""

    items: tuple[Pattern, ...]
    star: int | None = None


@dataclass(frozen=True, slots=True)
class PatternMapping:
    """``case {KEY: PATTERN, **NAME}``"""

    keys: tuple[PatternValue, ...]
    items: tuple[Pattern, ...]
    rest: str | None = None


@dataclass(frozen=True, slots=True)
class PatternClass:
    """``case CLASS(PATTERN, NAME=PATTERN)``"""

    cls: PatternValue
    items: tuple[Pattern, ...]
    named: tuple[tuple[str, Pattern], ...] = ()


@dataclass(frozen=True, slots=True)
class PatternOr:
    """``case PATTERN | PATTERN``"""

    items: tuple[Pattern, ...]


Pattern: TypeAlias = (
    "PatternValue | PatternCapture | PatternSequence | PatternMapping | PatternClass | PatternOr"
)


@dataclass(frozen=True, slots=True)
class Case:
    """``case PATTERN if GUARD: BODY``; ``text`` is the pattern's source, ``binds`` the names that it gives values."""

    text: str
    pattern: Pattern | None
    binds: tuple[str, ...]
    guard: Body
    guard_reg: Reg | None
    body: LazyBody


@dataclass(frozen=True, slots=True)
class Match:
    """``match %subject: CASES``"""

    at: At
    subject: Reg
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Return:
    """``return %src``"""

    at: At
    src: Reg | None


@dataclass(frozen=True, slots=True)
class Yield:
    """``%dst = yield %src`` or ``yield from %src``"""

    at: At
    dst: Reg
    src: Reg | None
    is_from: bool = False


@dataclass(frozen=True, slots=True)
class Await:
    """``%dst = await %src``"""

    at: At
    dst: Reg
    src: Reg


@dataclass(frozen=True, slots=True)
class RaiseStatement:
    """``raise %src``"""

    at: At
    src: Reg | None


@dataclass(frozen=True, slots=True)
class Assert:
    """``assert %test``"""

    at: At
    test: Reg
    test_text: str


@dataclass(frozen=True, slots=True)
class Break:
    """``break``"""

    at: At


@dataclass(frozen=True, slots=True)
class Continue:
    """``continue``"""

    at: At
