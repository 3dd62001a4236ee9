"""What is known of the word at a place of a file: the roots that run it, run once more with a watch on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradsafe.interp.aim import Aim, aim, first_use, parameter_at
from gradsafe.interp.analyse import Root, RootKind
from gradsafe.interp.watch import Sight, Watch
from gradsafe.ir.instructions import Load
from gradsafe.project.session import Session
from gradsafe.project.standing import stands_on
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
    tree = session.workspace.tree(file)
    aimed = aim(chunk.text, session.workspace.block(chunk), located[1])
    parameter = _parameter(session, chunk, located[1]) if chunk.kind is Kind.DEF else None
    if parameter is not None:
        place, watched, aimed = parameter
    elif aimed is not None:
        place, watched = Span(chunk.id, aimed.start, aimed.end), chunk.id
    own = _root_of(session, file, tree, watched) if aimed is not None and tree is not None else None
    if aimed is None or own is None:
        return None
    word = chunk.text[place.start : place.end]
    for alone, roots in ((False, _callers(session, own)), (True, (own,))):
        sights = [sight for root in roots for sight in _sights(session, root, Watch(watched, aimed))]
        if any(_says_something(sight) for sight in sights):
            return Looked(place, word, tuple(sights), alone and own.kind is not RootKind.MODULE)
    return None


def _parameter(session: Session, header: Chunk, at: int) -> tuple[Span, ChunkId, Aim] | None:
    """The parameter of a ``def`` at an offset of its header, and where the body reads it first: the value that was passed."""
    found = parameter_at(header.text, session.workspace.block(header), at)
    if found is None:
        return None
    name = header.text[slice(*found)]
    for chunk in (each for child in header.children for each in child.walk() if name in each.text):
        aimed = first_use(session.workspace.block(chunk), name)
        if aimed is not None:
            is_read = all(isinstance(each, Load) for each in aimed.names)
            return (Span(header.id, *found), chunk.id, aimed) if is_read else None
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
        if own.kind is RootKind.MODULE or stands_on(session.workspace, own, rows):
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
