"""What is known of the word at a place of a file: the roots that run it, run once more with a watch on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradsafe.interp.aim import aim
from gradsafe.interp.analyse import Root, RootKind
from gradsafe.interp.watch import Sight, Watch
from gradsafe.project.session import Session
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import Event

CALLERS = 3
"""Callers of a function that are looked at: each is run once more while somebody waits."""


@dataclass(frozen=True)
class Looked:
    """The word and what each root saw of it; ``alone``: no caller in the file was run, so arguments are unknown."""

    place: Span
    word: str
    sights: tuple[Sight, ...]
    alone: bool


def look(session: Session, file: str, row: int, column: int) -> Looked | None:
    """None where there is no word that stands for a tensor, or none that a path has come to."""
    layout = session.layout(file)
    located = layout.locate(row, column) if layout is not None else None
    chunk = session.workspace.chunk(located[0]) if located is not None else None
    if located is None or chunk is None or not chunk.text:
        return None
    aimed = aim(chunk.text, session.workspace.block(chunk), located[1])
    tree = session.workspace.tree(file)
    own = _root_of(session, file, tree, chunk.id) if aimed is not None and tree is not None else None
    if aimed is None or own is None:
        return None
    place = Span(chunk.id, aimed.start, aimed.end)
    word = chunk.text[aimed.start : aimed.end]
    for alone, roots in ((False, _callers(session, own)), (True, (own,))):
        sights = [sight for root in roots for sight in _sights(session, root, Watch(chunk.id, aimed))]
        if any(_says_something(sight) for sight in sights):
            return Looked(place, word, tuple(sights), alone and own.kind is RootKind.FUNCTION)
    return None


def _sights(session: Session, root: Root, watch: Watch) -> tuple[Sight, ...]:
    try:
        return session.watched(root, watch).sights
    except RecursionError:  # a bound like any other
        return ()


def logs(session: Session, file: str, rows: Sequence[int]) -> Iterator[tuple[Event, ...]]:
    """What happens on each path of the roots that run what stands on some rows, up to where torch raises."""
    roots: dict[Root, None] = {}
    for own in session.roots(file):
        if own.kind is RootKind.MODULE or session.stands_on(own, rows):
            roots.update(dict.fromkeys(_callers(session, own) or (own,)))
    for root in roots:
        try:
            trails = session.watched(root, None).trails
        except RecursionError:
            continue
        for trail in trails:
            yield trail.events[: trail.shadow_from]


def _says_something(sight: Sight) -> bool:
    return bool(sight.events) if sight.is_operation else sight.books is not None


def _root_of(session: Session, file: str, tree: Chunk, chunk: ChunkId) -> Root | None:
    """The function that is judged alone and whose text holds the chunk; else the module."""
    scopes: set[ChunkId] = set()
    way = tree
    while way.id != chunk:
        below = next(
            (child for child in way.children if any(each.id == chunk for each in child.walk())), None
        )
        if below is None:
            return None
        if below.kind is Kind.DEF and below.id != chunk:
            scopes.add(below.id)
        way = below
    roots = session.roots(file)
    return next((root for root in roots if root.scope in scopes), None) or next(
        (root for root in roots if root.kind is RootKind.MODULE), None
    )


def _callers(session: Session, own: Root) -> tuple[Root, ...]:
    """The roots of the file that run the function with better-known arguments, the module first, as far as they are judged."""
    if own.kind is RootKind.MODULE:
        return ()
    found = [
        root
        for root in session.roots(own.file)
        if root != own and _calls(session, root, own) and not _calls(session, own, root)
    ]
    return tuple(sorted(found, key=lambda root: root.kind is not RootKind.MODULE)[:CALLERS])


def _calls(session: Session, caller: Root, callee: Root) -> bool:
    """Whether it is known to: somebody waits, so nothing is judged for that."""
    outcome = session.known(caller)
    return outcome is not None and callee.scope in outcome.called
