"""Build in each ``forward`` what a constructor has a method compute: ``self.add_penalty(...)``, whose graph the first backward uses up.

The statements of ``__init__`` that begin and extend it go to the top of ``forward``. Who reads the attribute reads the one of the last
call then, made with the parameters as they are now: so it is never safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.pieces import Piece, block_of_function, inner_block
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import dotted, walk
from gradsafe.fixes.variables import names_in


def propose(site: Site) -> Iterator[Draft]:
    save = find_spot(site.sources, site.finding.saved) if site.finding.saved is not None else None
    found = block_of_function(site.sources, save) if save is not None else None
    if save is None or found is None or save.function in ("", "__init__", "forward"):
        return
    members, method = found
    constructor, forward = _named(members, "__init__"), _named(members, "forward")
    if constructor is None or forward is None or _is_called_elsewhere(members, save, constructor):
        return
    body = inner_block(site.sources, members[constructor])
    moved = [piece for piece in body or () if _makes(piece, save, _bound(members[method]))]
    top = inner_block(site.sources, members[forward])
    if body is None or not top or not moved or len(moved) == len(body):
        return
    stays = [piece.bound() for piece in body if piece not in moved]
    of_constructor = _parameters(members[constructor]) | frozenset().union(*stays)
    if any(piece.names() & of_constructor for piece in moved):
        return
    first = top[1] if len(top) > 1 and _is_docstring(top[0]) else top[0]
    lines = "".join(f"{first.indent}{piece.text.lstrip()}" for piece in moved)
    removed = [edit for piece in moved for edit in piece.removed()]
    what = ", ".join(f"`{name}`" for name in sorted(_bound(members[method])))
    yield Draft(f"Compute {what} in each `forward`", (*removed, first.preceded_by(lines)), safe=False)


def _named(members: Sequence[Piece], name: str) -> int | None:
    return next((number for number, piece in enumerate(members) if piece.defines_name(name)), None)


def _is_called_elsewhere(members: Sequence[Piece], save: Spot, constructor: int) -> bool:
    calls = [number for number, piece in enumerate(members) if any(piece.runs(f"self.{save.function}"))]
    calls += [number for number, piece in enumerate(members) if piece.calls(save.function)]
    return set(calls) != {constructor}


def _bound(method: Piece) -> frozenset[str]:
    """The attributes of ``self`` that it binds."""
    nodes = (each.node for part in method.parts for each in walk([part.node]))
    targets = (each.target for each in nodes if isinstance(each, (cst.AssignTarget, cst.AugAssign)))
    return frozenset(name for each in targets if (name := dotted(each) or "").startswith("self."))


def _makes(piece: Piece, save: Spot, attributes: frozenset[str]) -> bool:
    """Whether it calls the method, or gives an attribute its first value."""
    if piece.calls(save.function):
        return True
    statement = piece.statement
    return isinstance(statement, cst.Assign) and any(
        dotted(each.target) in attributes for each in statement.targets
    )


def _parameters(function: Piece) -> frozenset[str]:
    nodes = (each.node for each in walk([function.parts[0].node]))
    return frozenset(
        name for each in nodes if isinstance(each, cst.Param) for name in names_in(each.name)
    ) - {"self"}


def _is_docstring(piece: Piece) -> bool:
    return isinstance(piece.statement, cst.Expr) and isinstance(piece.statement.value, cst.SimpleString)
