"""The roots of a file: its module body, and every function and method that has a chunk of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from gradsafe.interp.analyse import Root, RootKind
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.span import ChunkId


def functions_in(statement: Chunk) -> Iterator[Root]:
    """The functions and methods in a statement of a module, in the order of the text.

    A function inside a function is none: it is judged where it is called, with the closure that it has there.
    """
    return _functions(statement.id.file, (statement,), ())


def named(found: dict[tuple[str, ...], Root], entries: Collection[tuple[str, ...]]) -> Iterator[Root]:
    """The functions of a file by their names; ``entries``: the names of those that the program is started by.

    Of several definitions of one name only the last can be meant by that name.
    """
    for names, root in found.items():
        yield replace(root, kind=RootKind.ENTRY) if names in entries else root


def _functions(file: str, chunks: Iterable[Chunk], names: tuple[str, ...]) -> Iterator[Root]:
    for child in chunks:
        if child.kind is Kind.DEF:
            yield Root(RootKind.FUNCTION, file, child.id, (*names, name_of(child)))
        elif child.kind is Kind.CLASS:
            yield from _functions(file, child.children, (*names, name_of(child)))
        elif child.children:
            yield from _functions(file, child.children, names)


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
