"""Cut the graph of what outlives a round out of the loop's sight: a module's ``self.hidden``, a generator's own variable.

``model.hidden = model.hidden.detach()`` behind the backward, where the object is known there, else ``self.hidden.detach()``
where the next call reads it; in a generator, behind its ``yield``. As with any truncated backpropagation, earlier calls
get no gradient any more: never safe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import libcst as cst

from gradsafe.fixes.blocks import own_line
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import callee
from gradsafe.fixes.holds import FRESH_METHODS
from gradsafe.fixes.names import Names
from gradsafe.fixes.pieces import Piece, block_of_function, blocks_around
from gradsafe.fixes.remedies.detach import behind, carried_on, carrying_backward, listed, title
from gradsafe.fixes.site import Site
from gradsafe.fixes.sources import Code
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import Cursor, dotted, walk
from gradsafe.fixes.variables import variables
from gradsafe.rules.finding import Edit
from gradsafe.syntax.span import Span


def propose(site: Site) -> Iterator[Draft]:
    save = find_spot(site.sources, site.finding.saved) if site.finding.saved is not None else None
    if save is None:
        return
    yield from _behind_yield(site, save)
    kept = _kept(site.sources.scope(save.code.chunk) or ())
    if kept and _runs_again(site, save):
        yield from _behind_backward(site, save, kept)
        yield from _at_use(site.sources.scope(save.code.chunk) or (), kept.carried)


def _behind_yield(site: Site, save: Spot) -> Iterator[Draft]:
    """A generator goes on behind its ``yield`` when the round that took the value is over."""
    around = Names(site.sources, save)
    names = around.carried() or around.accumulated()
    pieces = (piece for block in blocks_around(site.sources, save) for piece in block)
    given = next((piece for piece in pieces if _yields(piece.statement)), None)
    if names and given is not None:
        lines = "".join(f"{given.indent}{name} = {name}.detach(){save.newline}" for name in names)
        yield Draft(title(names), (given.followed_by(lines),), safe=False)


def _yields(statement: cst.CSTNode | None) -> bool:
    return isinstance(statement, cst.Expr) and isinstance(statement.value, cst.Yield)


@dataclass(frozen=True)
class _Kept:
    """Attributes of ``self`` that a function binds anew and reads: what they hold then is there in the next call.

    ``cached``: bound only where there is nothing yet (``if self.mask is None:``).
    """

    carried: tuple[str, ...]
    cached: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.carried or self.cached)


def _kept(codes: tuple[Code, ...]) -> _Kept:
    bound: dict[str, bool] = {}
    read: set[str] = set()
    for cursor in (each for code in codes for each in walk(code.body)):
        name = dotted(cursor.node) if isinstance(cursor.node, cst.Attribute) else None
        if name is None or not name.startswith("self.") or name.count(".") > 1:
            continue
        if _is_bound(cursor):
            bound[name] = bound.get(name, True) and _is_guarded(cursor, name)
        else:
            read.add(name)
    names = [name for name in bound if name in read]
    return _Kept(
        tuple(each for each in names if not bound[each]), tuple(each for each in names if bound[each])
    )


def _is_bound(cursor: Cursor) -> bool:
    parent = cursor.parent
    while parent is not None and isinstance(parent.node, (cst.Element, cst.Tuple)):
        parent = parent.parent
    return parent is not None and isinstance(parent.node, cst.AssignTarget)


def _is_guarded(cursor: Cursor, name: str) -> bool:
    """Whether this stands under an ``if`` that asks for ``name``."""
    tests = [up.node.test for up in cursor.ancestors() if isinstance(up.node, cst.If)]
    return any(dotted(each.node) == name for each in walk(tests))


def _runs_again(site: Site, save: Spot) -> bool:
    """Whether the function runs in each call, and not only while the object is made."""
    if save.function == "__init__":
        return False
    found, backward = block_of_function(site.sources, save), carrying_backward(site)
    methods, at = found if found is not None else ([], 0)
    if save.function in ("forward", "__call__") or (methods and _is_decorated(methods[at])):
        return True
    around = blocks_around(site.sources, backward) if backward is not None else ()
    callers = [each for each in methods if not each.defines_name("__init__")]
    callers += [each for block in around for each in block if not each.defines]
    same = backward is not None and backward.code.chunk.qualname == save.code.chunk.qualname
    return same or any(each.calls(save.function) for each in callers)


def _is_decorated(piece: Piece) -> bool:
    """A property runs whenever somebody reads it."""
    return bool(getattr(piece.parts[0].node, "decorators", ()))


def _behind_backward(site: Site, save: Spot, kept: _Kept) -> Iterator[Draft]:
    spot = carrying_backward(site)
    if spot is None or own_line(spot) is None:
        return
    made_by = save.code.chunk.qualname.rpartition(".")[0]
    for name in dict.fromkeys(_objects(site, spot, made_by)):
        carried, cached = (
            [name + attribute.removeprefix("self") for attribute in names]
            for names in (kept.carried, kept.cached)
        )
        if carried:
            yield carried_on(site, spot, carried)
        if cached:
            what = f"Compute {listed(cached)} anew after each backward"
            yield Draft(what, (behind(spot, [f"{state} = None" for state in cached]),), safe=False)


def _objects(site: Site, spot: Spot, made_by: str) -> Iterator[str]:
    """What holds an object of the class where backward is called: ``self``, a variable, a parameter that is called there."""
    if spot.code.chunk.qualname.rpartition(".")[0] == made_by:
        yield "self"
        return
    scope = site.sources.scope(spot.code.chunk) or ()
    outermost = [code for code in site.sources.outermost(spot.code.chunk.file) if code is not None]
    mentioned = {name for code in scope for name, _ in variables(*code.body)}
    here = [each.node for code in scope for each in walk(code.body)]
    everywhere = [*here, *(each.node for code in outermost for each in walk(code.body[:1]))]
    for node in everywhere:
        if isinstance(node, cst.Assign) and _is_call_of(node.value, made_by):
            yield from (name for target in node.targets if (name := dotted(target.target)) in mentioned)
    called = {dotted(node.func) for node in here if isinstance(node, cst.Call)}
    parameters = (node.name.value for node in here if isinstance(node, cst.Param))
    yield from (name for name in parameters if name in called)


def _is_call_of(value: cst.BaseExpression, name: str) -> bool:
    return isinstance(value, cst.Call) and callee(value) == name


def _at_use(codes: tuple[Code, ...], kept: Collection[str]) -> Iterator[Draft]:
    """The first statement that computes something with what was kept."""
    for code in codes:
        read = [cursor for cursor in walk(code.body) if dotted(cursor.node) in kept and _is_operand(cursor)]
        first = next((statement for cursor in read if (statement := _statement(cursor)) is not None), None)
        if first is None:
            continue
        here = [cursor for cursor in read if _statement(cursor) is first]
        names = list(dict.fromkeys(dotted(each.node) or "" for each in here))
        if not _asked(codes).issuperset(names):
            return  # nothing is kept before the first call, and None has no graph to cut
        ends = [code.offsets(each.node)[1] for each in here]
        edits = tuple(Edit(Span(code.chunk, end, end), ".detach()") for end in ends)
        yield Draft(f"Use {listed(names)} of the call before without its graph", edits, safe=False)
        return


def _statement(cursor: Cursor) -> cst.CSTNode | None:
    """The simple statement around it."""
    return next((up.node for up in cursor.ancestors() if isinstance(up.node, cst.BaseSmallStatement)), None)


def _asked(codes: tuple[Code, ...]) -> frozenset[str | None]:
    """Of what a function asks whether it is there: ``if self.mem is None:``, ``if self.mem:``."""
    nodes = [each.node for code in codes for each in walk(code.body)]
    compared = {dotted(node.left) for node in nodes if isinstance(node, cst.Comparison)}
    return frozenset(compared | {dotted(node.test) for node in nodes if isinstance(node, cst.If)})


def _is_operand(cursor: Cursor) -> bool:
    parent = cursor.parent.node if cursor.parent is not None else None
    if isinstance(parent, cst.Arg):
        return not parent.star
    if isinstance(parent, cst.Attribute):
        return parent.value is cursor.node and parent.attr.value in FRESH_METHODS
    return isinstance(parent, cst.BinaryOperation)
