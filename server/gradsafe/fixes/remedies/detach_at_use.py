"""Use an earlier tensor without its graph: ``D(fake)`` -> ``D(fake.detach())``, ``logp * intrinsic`` -> ``logp * intrinsic.detach()``.

Where two backward calls meet in one graph, one of the two sums rarely wants a gradient through what they share. Which one,
nobody can tell: so it is never safe. What the later backward reads is only rewritten beside another new tensor, whose graph
it then runs through; what the first one reads, also as the argument of a module, whose parameters it is then about.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import is_module
from gradsafe.fixes.pieces import Part, Piece, blocks_around, calls_of_function, in_one_chunk, standing_for
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import find_spot
from gradsafe.fixes.tree import Cursor, walk
from gradsafe.rules.finding import Edit, Role
from gradsafe.syntax.span import Span

_DRAFTS = 4
"""So many are tried; more choices help nobody."""


@dataclass(frozen=True)
class _Range:
    """Statements that may use a name in vain, and those before them that may have made it. ``earlier``: what the first backward reads."""

    made: Sequence[Piece]
    used: Sequence[Piece]
    earlier: bool = False


def propose(site: Site) -> Iterator[Draft]:
    yield from itertools.islice(_drafts(site), _DRAFTS)


def _drafts(site: Site) -> Iterator[Draft]:
    for found in _ranges(site):
        rebound = frozenset[str]().union(*(piece.bound() for piece in found.used))
        for piece in reversed(found.used):
            if piece.statement is None or piece.calls("backward") or piece.calls("grad"):
                continue
            for name in sorted(piece.read() - rebound):
                if not any(_makes_tensor(each, name) for each in found.made):
                    continue
                edits = tuple(_detached(piece, name)) if found.earlier or piece.read() & rebound else ()
                if edits:
                    yield Draft(f"Use `{name}` without its graph in `{_short(piece)}`", edits, safe=False)


def _ranges(site: Site) -> Iterator[_Range]:
    first = next((each.place for each in site.finding.related if each.role is Role.FREED), None)
    earlier = find_spot(site.sources, first) if first is not None else None
    if earlier is None:
        return
    blocks = list(blocks_around(site.sources, site.spot))
    if first == site.finding.primary:
        for inner, outer in itertools.pairwise(blocks):
            loop = next(number for number, piece in enumerate(outer) if piece.covers(site.spot))
            if isinstance(outer[loop].parts[0].node, (cst.For, cst.While)):
                yield _Range(outer[:loop], inner)
        return
    for spot in itertools.chain((site.spot,), calls_of_function(site.sources, site.spot)):
        for block in blocks_around(site.sources, spot):
            opened = list(_opened(block))
            ones, others = standing_for(earlier, opened), standing_for(site.spot, opened)
            pairs = [(one, other) for one in ones for other in others if one < other]
            if pairs:
                yield from _between(opened, *max(pairs, key=lambda pair: (pair[0], -pair[1])))
                return


def _opened(block: Sequence[Piece]) -> Iterator[Piece]:
    """The statements of a block; those in a ``with`` one by one, since they always run."""
    for piece in block:
        part = piece.parts[0]
        if (
            len(piece.parts) == 1
            and isinstance(part.node, cst.With)
            and isinstance(part.node.body, cst.IndentedBlock)
        ):
            yield from _opened(in_one_chunk(part.code, part.node.body.body))
        else:
            yield piece


def _between(block: Sequence[Piece], one: int, other: int) -> Iterator[_Range]:
    """First what the earlier backward runs through (``D(fake)`` of a discriminator's step), then what the later one does."""
    later = frozenset[str]().union(*(piece.read() for piece in block[one + 1 : other + 1]))
    for start in range(one, 0, -1):
        if later & block[start - 1].bound():
            yield _Range(block[:start], block[start : one + 1], earlier=True)
    yield _Range(block[: one + 1], block[one + 1 : other + 1])


def _makes_tensor(piece: Piece, name: str) -> bool:
    """``name = f(...)`` or ``name = a * b``; what a class of torch's makes is a module or an optimizer."""
    statement = piece.statement
    if not isinstance(statement, cst.Assign):
        return False
    value = statement.value
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute):
        of_torch = is_module(value.func.value)
        if of_torch and value.func.attr.value[:1].isupper():
            return False
    return isinstance(value, (cst.Call, cst.BinaryOperation, cst.UnaryOperation)) and any(
        isinstance(each.target, cst.Name) and each.target.value == name for each in statement.targets
    )


def _detached(piece: Piece, name: str) -> Iterator[Edit]:
    for part in piece.parts:
        for cursor in walk([part.node]):
            if isinstance(cursor.node, cst.Name) and cursor.node.value == name and _is_operand(cursor):
                yield _behind(part, cursor.node)


def _is_operand(cursor: Cursor) -> bool:
    parent = cursor.parent.node if cursor.parent is not None else None
    if isinstance(parent, cst.Arg):
        return parent.keyword is not cursor.node and not parent.star
    return isinstance(parent, cst.BinaryOperation)


def _behind(part: Part, node: cst.Name) -> Edit:
    end = part.code.offsets(node)[1]
    return Edit(Span(part.code.chunk, end, end), ".detach()")


def _short(piece: Piece) -> str:
    line = piece.text.strip().partition("\n")[0].partition("  #")[0]
    return line if len(line) <= 60 else f"{line[:57]}..."
