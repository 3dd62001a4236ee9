"""The instructions of control flow: branches, loops, ``with``, ``try``, ``match``, jumps. Part of ``ir.instructions``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradsafe.ir.body import At, Body, LazyBody, Reg

if TYPE_CHECKING:
    from gradsafe.ir.instructions import Const


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
class Case:
    """``case PATTERN if GUARD: BODY``; ``binds`` get unknown values, ``literal`` is a constant pattern's value."""

    pattern: str
    binds: tuple[str, ...]
    literal: Const | None
    irrefutable: bool
    guarded: bool
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
