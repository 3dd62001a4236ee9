"""The roots of a file: its module body, and every function and method that has a chunk of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from gradsafe.interp.analyse import Root, RootKind
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.span import ChunkId


def roots_of(
    tree: Chunk, entries: Collection[tuple[str, ...]] = (), before: Collection[Root] = ()
) -> tuple[Root, ...]:
    """The roots in a MODULE chunk, in the order of the text, the module body first.

    A function inside a function is none: it is judged where it is called, with the closure that it has there.
    Of several definitions of one name only the last can be meant by that name. ``entries``: the names of those that the
    program is started by. ``before``: those of the text before an edit, given back where they are the same: what is the same object
    is found faster.
    """
    file = tree.id.file
    found = {root.names: root for root in _functions(file, tree, ())}
    for names in found.keys() & entries:
        found[names] = replace(found[names], kind=RootKind.ENTRY)
    known = {root: root for root in before}
    return tuple(known.get(root, root) for root in (Root(RootKind.MODULE, file, tree.id), *found.values()))


def _functions(file: str, chunk: Chunk, names: tuple[str, ...]) -> Iterator[Root]:
    for child in chunk.children:
        if child.kind is Kind.DEF:
            yield Root(RootKind.FUNCTION, file, child.id, (*names, name_of(child)))
        elif child.kind is Kind.CLASS:
            yield from _functions(file, child, (*names, name_of(child)))
        elif child.children:
            yield from _functions(file, child, names)


def name_of(chunk: Chunk) -> str:
    """The name that a CLASS or DEF chunk binds."""
    return chunk.id.qualname.rpartition(".")[2].partition("#")[0]


def own_texts(chunk: Chunk) -> frozenset[tuple[ChunkId, str]]:
    """The chunks that are the own text of the root whose scope is ``chunk``: editing one of them is editing the root.

    A module's own text is what stands outside functions and classes; the header of a class counts, that of a function is its own.
    """
    of_module = chunk.kind is Kind.MODULE
    chunks = outside(chunk) if of_module else chunk.walk()
    return frozenset(
        (each.id, each.fingerprint) for each in chunks if not of_module or each.kind is not Kind.DEF
    )


def outside(chunk: Chunk) -> Iterator[Chunk]:
    """The statements of a module that stand in no function or class, the headers of those included."""
    for child in chunk.children:
        yield child
        if child.kind in (Kind.COMPOUND, Kind.CLAUSE):
            yield from outside(child)
