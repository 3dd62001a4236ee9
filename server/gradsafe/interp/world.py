"""All that the interpreter may ask of the world outside the code that it runs.

Whoever implements :class:`World` can record what was asked; the answers' fingerprints
are then the dependency set of the root that was interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gradsafe.ir.instructions import Body
from gradsafe.syntax.span import ChunkId

CHANGED = "["
"""Behind a name among the binders of a module: the blocks that write into what the name holds (``FLAGS["inplace"] = False``)."""


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """One source file as a module: its root chunk, and which of its top-level blocks bind a name.

    ``binders[name]`` are indices into ``World.body(root)``, in source order, and so are ``binders[name + CHANGED]``. ``stars`` are the
    blocks with a ``from m import *``. ``exports`` is False where the file could not be read.
    """

    file: str
    root: ChunkId
    binders: Mapping[str, tuple[int, ...]]
    stars: tuple[int, ...] = ()


class GivenUp(BaseException):
    """A root was given up halfway, because something more urgent waits. No Exception: whoever handles those of an analysis is not
    meant, and neither is a program's ``except``.
    """


class World(Protocol):
    """The sources of a workspace, parsed and lowered on demand."""

    def pause(self) -> None:
        """Before each statement that is run. Raises :class:`GivenUp` where the root is to be given up for now."""

    def body(self, chunk: ChunkId) -> Body:
        """The lowered children of a module, class or function chunk; empty where nothing is known of it."""

    def yields(self, chunk: ChunkId) -> bool:
        """Whether ``yield`` stands anywhere in the text of a chunk's body: what has none need not be lowered to know that it is no
        generator.
        """

    def module(self, file: str) -> ModuleFacts | None:
        """The module in ``file``; None where there is no such file."""

    def tensor_names(self) -> tuple[str, ...]:
        """Patterns (``*``, ``?``, ``[ab]``) of names of parameters that the project says are tensors."""

    def find_module(self, importer: str, name: str, level: int) -> str | None:
        """The workspace file that ``from <level dots><name> import`` in ``importer`` names; None if outside."""
