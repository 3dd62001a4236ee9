"""Cut the graph that a loop carries on: ``hidden = hidden.detach()`` behind the backward that frees it.

This is truncated backpropagation: earlier rounds get no gradient any more. That is nearly always meant,
but it is a choice, so it is not called safe. Two different backward calls are another matter: there
a detached tensor would leave the second one nothing to do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.blocks import own_line
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.names import Names
from gradsafe.fixes.pieces import backward_of, block_of_function, blocks_around, index_of, inner_block
from gradsafe.fixes.site import Site
from gradsafe.fixes.sources import Code
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import Cursor, dotted, walk
from gradsafe.rules.finding import Edit, Role
from gradsafe.syntax.span import Span


def propose(site: Site) -> Iterator[Draft]:
    spot = carrying_backward(site)
    if spot is None or own_line(spot) is None or not isinstance(spot.statement.node, cst.Expr):
        return
    around = Names(site.sources, spot)
    read = {cursor.node.value for cursor in spot.nodes() if isinstance(cursor.node, cst.Name)}
    names = around.carried() or [name for name in around.accumulated() if name in read]
    if not names or set(names) & (around.containers.open | around.containers.closed):
        names = _in_places(site, spot) or names
    if names:
        yield carried_on(site, spot, names)
    else:
        yield from _given_back(site, spot)


def _given_back(site: Site, spot: Spot) -> Iterator[Draft]:
    """``def step(x, h): h = cell(x, h); ...backward(); return h``: the caller hands it in again, so it is given back without its graph."""
    found = block_of_function(site.sources, spot)
    body = inner_block(site.sources, found[0][found[1]]) if found is not None else None
    at = index_of(body, spot) if body is not None else None
    if found is None or body is None or at is None:
        return
    own = frozenset(
        each.node.name.value
        for each in walk([found[0][found[1]].parts[0].node])
        if isinstance(each.node, cst.Param)
    )
    bound = frozenset[str]().union(*(piece.bound() for piece in body[: at + 1]))
    for piece in body[at + 1 :]:
        statement, part = piece.statement, piece.parts[0]
        value = statement.value if isinstance(statement, cst.Return) else None
        given = [each.value for each in value.elements] if isinstance(value, cst.Tuple) else [value]
        states = [each for each in given if isinstance(each, cst.Name) and each.value in own & bound]
        if states:
            ends = (part.code.offsets(each)[1] for each in states)
            edits = tuple(Edit(Span(part.code.chunk, end, end), ".detach()") for end in ends)
            what = listed([each.value for each in states])
            yield Draft(f"Give {what} back without its graph", edits, safe=False)
            return


def _in_places(site: Site, spot: Spot) -> list[str]:
    """``memory["h"]``, ``net.state``: places that the loop around ``spot`` fills and reads; what is under a key is a tensor."""
    for inner, outer in itertools.pairwise(blocks_around(site.sources, spot)):
        loop = next(piece for piece in outer if piece.covers(spot))
        if not isinstance(loop.parts[0].node, (cst.For, cst.While)):
            continue
        filled: list[str] = []
        read: set[str] = set()
        for part in (part for piece in inner for part in piece.parts):
            for cursor in walk([part.node]):
                text = _place(part.code, cursor)
                if text is not None and _is_target(cursor):
                    filled.append(text)
                elif text is not None:
                    read.add(text)
        return [text for text in dict.fromkeys(filled) if text in read]
    return []


def _place(code: Code, cursor: Cursor) -> str | None:
    node = cursor.node
    if isinstance(node, cst.Attribute):
        return dotted(node)
    if not isinstance(node, cst.Subscript) or dotted(node.value) is None or len(node.slice) != 1:
        return None
    index = node.slice[0].slice
    is_fixed = isinstance(index, cst.Index) and isinstance(index.value, (cst.SimpleString, cst.Integer))
    return code.text[slice(*code.offsets(node))] if is_fixed else None


def _is_target(cursor: Cursor) -> bool:
    parent = cursor.parent
    while parent is not None and isinstance(parent.node, (cst.Element, cst.Tuple)):
        parent = parent.parent
    return parent is not None and isinstance(parent.node, cst.AssignTarget)


def carried_on(site: Site, spot: Spot, states: Sequence[str]) -> Draft:
    """The states cut off their graphs behind the backward at ``spot``; an LSTM's is a pair."""
    lists = Names(site.sources, spot).containers.open
    statements = [
        f"{state} = [each.detach() for each in {state}]" if state in lists else f"{state} = {state}.detach()"
        for state in states
    ]
    if "`LSTM" in site.finding.message and len(states) == 1:
        statements = [f"{state} = tuple(each.detach() for each in {state})" for state in states]
    return Draft(title(states), (behind(spot, statements),), safe=False)


def title(states: Sequence[str]) -> str:
    """What is done, for a person."""
    return f"Carry {listed(states)} on without its graph"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return ", ".join(f"`{name}`" for name in names)


def carrying_backward(site: Site) -> Spot | None:
    """The backward behind which the next round may begin anew: the one that frees, or reads what a step has changed."""
    first = next((each.place for each in site.finding.related if each.role is Role.FREED), None)
    if first is None:
        return backward_of(site)
    return find_spot(site.sources, first) if first == site.finding.primary else None


def behind(spot: Spot, statements: list[str]) -> Edit:
    """New lines in front of the line break, behind whatever comment the line has."""
    text, end = spot.code.text, spot.offsets(spot.statement.node)[1]
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    return spot.insert(end, "".join(f"{spot.newline}{spot.indent}{each}" for each in statements))
