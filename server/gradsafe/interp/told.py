"""Torch's own Python functions and classes, told again as Python text that the interpreter runs like a workspace's.

A line of the op table tells of one kernel. ``nn.TransformerEncoderLayer`` or ``Normal.log_prob`` are made of many: who
saves what follows from the parts, as it does in torch. ``told/torch.nn.txt`` holds those of ``torch.nn``, reduced to
what autograd sees. Each is graded by torch (``python -m tests.opdb --modules``, ``tests/interp/test_told.py``).

Whatever happens inside stands, for the reader, at the call: :attr:`gradsafe.domain.state.Frame.hidden`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gradsafe.interp.world import ModuleFacts, World
from gradsafe.ir.instructions import Body
from gradsafe.ir.lower import Lowered, lower_body
from gradsafe.syntax.chunk import Chunk, build, mentions_yield
from gradsafe.syntax.span import ChunkId

FOLDER: Final = Path(__file__).parent / "told"
_DEFINED = re.compile(r"^(?:class|def) ([A-Za-z]\w*)", re.MULTILINE)


class _Module:
    """One text as a module, parsed and lowered as it is needed, once for the process."""

    def __init__(self, file: str, text: str) -> None:
        from gradsafe.interp.names import bound_names

        root = build(file, text)
        self._chunks: Mapping[ChunkId, Chunk] = {chunk.id: chunk for chunk in root.walk()}
        self._lowered = Lowered()
        binders: dict[str, list[int]] = {}
        for number, block in enumerate(self.body(root.id)):
            for name in bound_names(block.instructions):
                binders.setdefault(name, []).append(number)
        self.facts = ModuleFacts(file, root.id, {name: tuple(found) for name, found in binders.items()})

    def body(self, chunk: ChunkId) -> Body:
        found = self._chunks.get(chunk)
        return lower_body(found, self._lowered) if found is not None else ()

    def yields(self, chunk: ChunkId) -> bool:
        found = self._chunks.get(chunk)
        return found is not None and mentions_yield(found)


class WithTold:
    """A world in which the told modules are files too."""

    def __init__(self, world: World) -> None:
        self._world = world

    def pause(self) -> None:
        """See :class:`World`."""
        self._world.pause()

    def body(self, chunk: ChunkId) -> Body:
        """See :class:`World`."""
        return _module(chunk.file).body(chunk) if is_told(chunk.file) else self._world.body(chunk)

    def yields(self, chunk: ChunkId) -> bool:
        """See :class:`World`."""
        return _module(chunk.file).yields(chunk) if is_told(chunk.file) else self._world.yields(chunk)

    def module(self, file: str) -> ModuleFacts | None:
        """See :class:`World`."""
        return _module(file).facts if is_told(file) else self._world.module(file)

    def tensor_names(self) -> tuple[str, ...]:
        """See :class:`World`."""
        return self._world.tensor_names()

    def find_module(self, importer: str, name: str, level: int) -> str | None:
        """See :class:`World`. What a told module imports is torch's."""
        return None if is_told(importer) else self._world.find_module(importer, name, level)


def is_told(file: str) -> bool:
    """Is this the file of a told module?"""
    return file in _texts()


def find(dotted: str) -> tuple[str, str] | None:
    """The file and name of a told function or class; ``torch.nn.modules.rnn.RNN`` is ``torch.nn.RNN``."""
    name = dotted.rpartition(".")[2]
    for file in _definitions().get(name, ()):
        if dotted.startswith(f"{file[1:-1]}."):
            return file, name
    return None


@functools.cache
def _texts() -> Mapping[str, str]:
    """``<torch.nn>`` to its text."""
    return {f"<{path.stem}>": path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt"))}


@functools.cache
def _definitions() -> Mapping[str, tuple[str, ...]]:
    """A name that is told, and the files that tell it."""
    found: dict[str, tuple[str, ...]] = {}
    for file, text in _texts().items():
        for name in _DEFINED.findall(text):
            found[name] = (*found.get(name, ()), file)
    return found


@functools.cache
def _module(file: str) -> _Module:
    return _Module(file, _texts()[file])
