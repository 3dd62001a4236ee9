"""Build the graph anew in each round: what was computed once before the loop goes to the beginning of its body.

The rounds then use new values, where parameters change in between: so it is never safe.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Piece, block_of_function, blocks_around
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import dotted, walk
from gradsafe.fixes.variables import names_in

_TRIED = 4
"""Statements before a loop that may be the one: the save itself stands in the function that it calls."""


def propose(site: Site) -> Iterator[Draft]:
    save = find_spot(site.sources, site.finding.saved) if site.finding.saved is not None else None
    blocks = list(blocks_around(site.sources, site.spot))
    for inner, outer in itertools.pairwise(blocks):
        loop = next(number for number, piece in enumerate(outer) if piece.covers(site.spot))
        node = outer[loop].parts[0].node
        if not isinstance(node, (cst.For, cst.While)):
            continue
        header = names_in(node.iter if isinstance(node, cst.For) else node.test)
        for made in _candidates(site, outer, loop, save):
            piece, first = outer[made], inner[0]
            if header & piece.bound() or any(each.names() & piece.bound() for each in outer[made + 1 : loop]):
                continue  # it is needed before the first round
            edits = (*piece.removed(), first.preceded_by(f"{first.indent}{piece.text.lstrip()}"))
            yield Draft(f"{_what(piece)} in each round", edits, safe=False)
    if blocks:
        yield from _in_each_call(site, blocks[-1], save)
    if save is not None:
        yield from _without_guard(save)
        yield from _as_property(site, save)


def _as_property(site: Site, save: Spot) -> Iterator[Draft]:
    """``self.penalty = ...`` in ``__init__``: its graph is used up by the first backward; a property builds it whenever it is read."""
    statement, found = save.statement.node, block_of_function(site.sources, save)
    if save.function != "__init__" or found is None or not isinstance(statement, cst.Assign):
        return
    target, blocks = dotted(statement.targets[0].target) or "", list(blocks_around(site.sources, save))
    body = blocks[0]
    name = target.removeprefix("self.")
    made = next(piece for piece in body if piece.covers(save))
    if (
        f"self.{name}" != target
        or "." in name
        or made.statement is not statement
        or len(statement.targets) != 1
    ):
        return
    members, constructor = found
    of_constructor = {each for piece in body for each in piece.bound()} | _parameters(members[constructor])
    if len(blocks) > 1 or names_in(statement.value) & of_constructor or _times_bound(members, target) != 1:
        return
    indent = members[constructor].indent
    step, line = save.indent.removeprefix(indent), save.newline
    lines = (
        f"{indent}@property",
        f"{indent}def {name}(self):",
        f"{save.indent}return {save.text(statement.value)}",
    )
    text = line.join(lines) + line
    follows = members[constructor + 1] if constructor + 1 < len(members) else None
    if not step or len(body) < 2:
        return
    put = (
        follows.preceded_by(text + line)
        if follows is not None
        else members[constructor].followed_by(line + text)
    )
    yield Draft(f"Compute `{target}` whenever it is read", (*made.removed(), put), safe=False)


def _parameters(function: Piece) -> frozenset[str]:
    nodes = (each.node for each in walk([function.parts[0].node]))
    return frozenset(each.name.value for each in nodes if isinstance(each, cst.Param)) - {"self"}


def _times_bound(members: Sequence[Piece], target: str) -> int:
    """How often the class binds an attribute: a property cannot be."""
    bound = (
        each.node.target
        for member in members
        for part in member.parts
        for each in walk([part.node])
        if isinstance(each.node, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign))
    )
    return sum(dotted(each) == target for each in bound)


def _without_guard(save: Spot) -> Iterator[Draft]:
    """``if self.kept is None: self.kept = ...``: what is kept would be used up by the first backward."""
    statement = save.statement.node
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return
    kept = dotted(statement.targets[0].target)
    guard = next((each.node for each in save.statement.ancestors() if isinstance(each.node, cst.If)), None)
    if guard is None or guard.orelse is not None or len(guard.body.body) != 1 or kept is None:
        return
    if kept not in {dotted(each.node) for each in walk([guard.test])}:
        return
    start, end = save.offsets(guard)[0], save.offsets(statement)[0]
    if "#" not in save.code.text[start:end]:
        yield Draft(f"Compute `{kept}` each time", (save.replace(start, end, ""),), safe=False)


def _in_each_call(site: Site, body: Sequence[Piece], save: Spot | None) -> Iterator[Draft]:
    """A function that an optimizer calls again and again (``LBFGS.step(closure)``) is a loop, too."""
    found = block_of_function(site.sources, site.spot)
    if found is None:
        return
    outer, function = found
    first = body[1] if len(body) > 1 and _is_docstring(body[0]) else body[0]
    for made in _candidates(site, outer, function, save):
        piece = outer[made]
        others = [*outer[made + 1 : function], *outer[function + 1 :]]
        if any(each.names() & piece.bound() for each in others):
            continue  # it is wanted outside as well
        edits = (*piece.removed(), first.preceded_by(f"{first.indent}{piece.text.lstrip()}"))
        yield Draft(f"{_what(piece)} in each call of `{site.spot.function}`", edits, safe=False)


def _is_docstring(piece: Piece) -> bool:
    return isinstance(piece.statement, cst.Expr) and isinstance(piece.statement.value, cst.SimpleString)


def _what(piece: Piece) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(piece.bound()))
    return f"Compute {names}" if names else f"Run `{piece.text.strip()}`"


def _candidates(site: Site, outer: Sequence[Piece], loop: int, save: Spot | None) -> list[int]:
    """The statements before the loop that may have made what each round runs backward through, likely ones first.

    Where an update breaks it, what keeps a sum or has a memory (``total = 0.0``, an optimizer) is not made anew.
    """
    read = outer[loop].names()
    writes = frozenset[str]()
    if site.finding.write is not None:
        writes = names_in(site.spot.statement.node) | outer[loop].bound()
    short = [
        number
        for number in range(loop - 1, -1, -1)
        if outer[number].text.count("\n") <= 1 and not outer[number].bound() & writes
    ]
    if save is not None:
        certain = [each for each in short if outer[each].covers(save) or outer[each].calls(save.function)]
        if certain:
            return certain
        if save.function == "__init__":  # a model that is made anew in each round learns nothing
            cls = save.code.chunk.qualname.split(".")[-2]
            short = [each for each in short if not outer[each].calls(cls)]
    plain = [each for each in short if isinstance(outer[each].statement, cst.Assign)]
    return [each for each in plain if outer[each].bound() & read][:_TRIED]
