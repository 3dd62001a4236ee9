"""Names for chunks that survive edits elsewhere.

CLASS and DEF are named by their qualified name, all others by their scope, their text and the number of equal
texts before them in that scope. A statement that is inserted renames nothing but later copies of itself,
and a chunk that kept its name kept its text: a span into it is still true.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.span import ChunkId

_UNNUMBERED = -1
_SCOPES = (Kind.DEF, Kind.CLASS)
_DIGITS = 9
"""Hexadecimal digits of the fingerprint in an ordinal; with the counter it stays below 2**53, the ints of JSON."""
_COPIES = 1 << 16


def unnumbered(file: str, name: str) -> ChunkId:
    """The name of a new chunk until :func:`number` gives it its own; ``name`` of a CLASS or DEF, else empty."""
    return ChunkId(file, name, _UNNUMBERED)


def number(file: str, scope: str, chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """``chunks``, the body of ``scope``, with their ids. A chunk of an old tree stays the same object if its id does."""
    return _numbered(file, scope, chunks, {})


def _numbered(file: str, scope: str, chunks: Sequence[Chunk], seen: dict[str, int]) -> tuple[Chunk, ...]:
    """``seen``: how many there were so far of each name and text."""
    found = []
    for chunk in chunks:
        if chunk.kind in _SCOPES:
            found.append(_scope(file, scope, chunk, seen))
            continue
        ordinal = chunk.id.ordinal
        if chunk.kind is Kind.LEAF and ordinal != _UNNUMBERED and chunk.id.qualname == scope:
            # it has a number, made of the same text: only the copies before it may have changed
            key = chunk.fingerprint[:_DIGITS]
            copies = seen.get(key, 0)
            if (ordinal - 1) % _COPIES == copies:
                seen[key] = copies + 1
                found.append(chunk)
                continue
        key = chunk.fingerprint[:_DIGITS]
        if not chunk.text and chunk.children:
            key = chunk.children[0].fingerprint[:_DIGITS]
        copies = seen.get(key, 0)
        seen[key] = copies + 1
        own = ChunkId(file, scope, int(key, 16) * _COPIES + copies % _COPIES + 1)
        below = _numbered(file, scope, chunk.children, seen) if chunk.children else ()
        found.append(_with(chunk, own, below))
    return tuple(found)


def _scope(file: str, scope: str, chunk: Chunk, seen: dict[str, int]) -> Chunk:
    """A scope counts its own chunks, so the same id means that nothing below has another."""
    name = chunk.id.qualname
    if chunk.id.ordinal != _UNNUMBERED:
        name = name.rpartition(".")[2].partition("#")[0]
    key = f"def {name}"
    copies = seen[key] = seen.get(key, 0) + 1
    qualname = f"{scope}.{name}" if scope else name
    if copies > 1:
        qualname = f"{qualname}#{copies}"
    if chunk.id.qualname == qualname and chunk.id.ordinal == 0 and chunk.id.file == file:
        return chunk
    return _with(chunk, ChunkId(file, qualname, 0), _numbered(file, qualname, chunk.children, {}))


def _with(chunk: Chunk, own: ChunkId, children: tuple[Chunk, ...]) -> Chunk:
    if chunk.id == own and all(new is old for new, old in zip(children, chunk.children, strict=True)):
        return chunk
    return Chunk(own, chunk.kind, chunk.text, chunk.lead, children, chunk.fingerprint, chunk.lines)
