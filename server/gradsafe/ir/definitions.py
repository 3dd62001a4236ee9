"""The instructions that define and import: functions, classes, modules, scopes. Part of ``ir.instructions``."""

from __future__ import annotations

from dataclasses import dataclass

from gradsafe.ir.body import Argument, At, LazyBody, Reg


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: ``kind`` is ``""``, ``*`` or ``**``; ``default`` and ``annotation`` are registers or text."""

    name: str
    kind: str = ""
    keyword_only: bool = False
    positional_only: bool = False
    default: Reg | None = None
    annotation: str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """``%dst = def NAME(PARAMETERS): BODY``; decorators are applied by the instructions that follow.

    ``generator``: the body yields (known for a body in hand only).
    """

    at: At
    dst: Reg
    name: str
    parameters: tuple[Parameter, ...]
    body: LazyBody
    decorators: tuple[str, ...] = ()
    is_async: bool = False
    is_lambda: bool = False


@dataclass(frozen=True, slots=True)
class Class:
    """``%dst = class NAME(ARGUMENTS): BODY``"""

    at: At
    dst: Reg
    name: str
    bases: tuple[Argument, ...]
    body: LazyBody


@dataclass(frozen=True, slots=True)
class Import:
    """``NAME = import MODULE``: binds the module itself (``bind_root``: its first component)."""

    at: At
    module: str
    name: str
    bind_root: bool


@dataclass(frozen=True, slots=True)
class ImportFrom:
    """``NAME = from LEVEL*"." MODULE import ATTR``; ``attr`` ``*`` binds all public names."""

    at: At
    module: str
    level: int
    attr: str
    name: str


@dataclass(frozen=True, slots=True)
class Scope:
    """``global|nonlocal NAMES``"""

    at: At
    kind: str
    names: tuple[str, ...]
