"""The chunk tree: a file cut into module > class > def > statements, so that an edit touches one small piece.

Nothing in a chunk is an absolute place, and a chunk is a function of the text alone:
``rebuild(old, text) == build(file, text)``, whatever the old text was. Never raises on any text.

The texts of a file's chunks in depth-first order, each after its ``lead`` (the blank lines and comments
before it, which are no part of it), and the blank lines at the very end, are the file's text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from gradsafe.syntax.kind import Kind
from gradsafe.syntax.scan import Scan
from gradsafe.syntax.span import ChunkId

__all__ = ["Chunk", "Kind", "build", "fingerprint", "rebuild"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file.

    ``text``: the statement(s) of a LEAF with indentation and line ends; the header of a CLASS, DEF (both with
    decorators), COMPOUND or CLAUSE up to its line's end, or up to the colon where a body follows on the same line;
    empty for a MODULE, and for a COMPOUND of several clauses, whose children are then CLAUSE chunks, each with its
    own header (so are the cases of a ``match``, which has a header of its own). ``children`` are the body.

    ``id.qualname`` is the enclosing scope, for CLASS and DEF the scope that they open (``A.f``, ``f.inner``; the
    second ``f`` of a scope is ``f#2``). ``id.ordinal`` is 0 for MODULE, CLASS and DEF; that of any other chunk is made
    from its text and the number of equal texts before it in its scope, so that an edit elsewhere never renames it.

    ``lines`` counts logical lines, descendants included. ``scan`` is kept for a MODULE only.
    """

    id: ChunkId
    kind: Kind
    text: str
    lead: str
    children: tuple[Chunk, ...]
    fingerprint: str
    lines: int
    scan: Scan | None = field(default=None, compare=False, repr=False)

    def walk(self) -> Iterator[Chunk]:
        """This chunk and all below it, depth first, in the order of the text."""
        stack = [self]
        while stack:
            chunk = stack.pop()
            yield chunk
            stack.extend(reversed(chunk.children))


def mentions_yield(chunk: Chunk) -> bool:
    """Whether the word stands in the text of the chunk's body, be it in a string or an inner function."""
    return any("yield" in each.text for child in chunk.children for each in child.walk())


def fingerprint(text: str) -> str:
    """A hash of ``text``, the same in every process; lone surrogates allowed."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def build(file: str, text: str) -> Chunk:
    """The MODULE chunk of ``text``."""
    from gradsafe.syntax.structure import structure

    return structure(file, text, None)


def rebuild(old: Chunk, text: str) -> Chunk:
    """The MODULE chunk of the new ``text`` of ``old``'s file: equal to ``build``, made of the old chunks where it can.

    Raises ValueError if ``old`` is no MODULE chunk.
    """
    from gradsafe.syntax.structure import structure

    if old.scan is None:
        raise ValueError(f"{old.id} is a {old.kind.value} chunk; a module is needed")
    if old.scan.text == text:
        return old
    return structure(old.id.file, text, old)
