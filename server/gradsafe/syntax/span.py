"""Where something stands: a chunk, and an offset in it.

A span survives every edit outside its chunk. Only ``lsp/`` and ``report/`` turn
it into rows and columns, through the layout of the text as it is at that moment.
"""

from __future__ import annotations

from typing import NamedTuple


class ChunkId(NamedTuple):
    """Names a chunk: the file, the qualified name of the scope that it stands in or opens, its number there."""

    file: str
    qualname: str
    ordinal: int


class Span(NamedTuple):
    """A piece of a chunk, in code points from the chunk's first character; ``end`` is exclusive."""

    chunk: ChunkId
    start: int
    end: int
