"""Bodies: runs of instructions, in hand or still in a chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.syntax.span import ChunkId

if TYPE_CHECKING:
    from gradsafe.ir.instructions import Instruction

At: TypeAlias = "tuple[int, int]"
Reg: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Block:
    """A run of instructions of one chunk; ``chunk`` None: the chunk of the enclosing block."""

    chunk: ChunkId | None
    instructions: tuple[Instruction, ...]


Body: TypeAlias = Sequence[Block]
LazyBody: TypeAlias = Body | ChunkId
"""A body in hand, or the chunk whose children are the body (asked of the world when it is entered)."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: ``%reg``, ``*%reg``, ``name=%reg`` or ``**%reg``."""

    reg: Reg
    name: str | None = None
    star: int = 0
