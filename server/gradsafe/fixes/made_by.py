"""The statement that gave what is written its name: ``parts = a.chunk(2)`` above ``parts[0].zero_()``, the ``for`` around ``row.add_(1)``."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from gradsafe.fixes.forms import Containers, holder
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import argument, dotted, walk


@dataclass(frozen=True, eq=False)
class Maker:
    """An assignment or a loop that binds ``name``."""

    name: str
    spot: Spot
    node: cst.Assign | cst.For


def maker_of(site: Site) -> Maker | None:
    """The last statement above the write, in its function, that binds the name that is written, or an item of which."""
    held = holder(site.form.target, Containers()) if site.form is not None else None
    name = dotted(held) if held is not None else None
    return _last_that_binds(site, site.spot, name) if name is not None else None


def maker_of_parts(site: Site, maker: Maker) -> Maker | None:
    """Of a loop over a name (``for part in parts``) the statement above it that made what it runs through."""
    views = iterated(maker.node, maker.name) if isinstance(maker.node, cst.For) else None
    return _last_that_binds(site, maker.spot, views.value) if isinstance(views, cst.Name) else None


def _last_that_binds(site: Site, spot: Spot, name: str) -> Maker | None:
    """The last assignment or loop above a place, in its function, that binds ``name``."""
    here, chunk = spot.offsets(spot.statement.node)[0], spot.code.chunk
    found = None
    for code in site.sources.scope(chunk) or ():
        for cursor in walk(code.body):
            node = cursor.node
            if not isinstance(node, (cst.Assign, cst.For)) or name not in _bound(node):
                continue
            start, end = code.offsets(node)
            if code.chunk == chunk and start >= here:
                return found
            found = Maker(name, Spot(code, start, end, cursor), node)
        if code.chunk == chunk:
            break
    return found


def iterated(loop: cst.For, name: str) -> cst.BaseExpression | None:
    """What ``name`` runs through: an argument of ``enumerate`` or ``zip``, or all of it."""
    target, call = loop.target, loop.iter
    if dotted(target) == name:
        return call
    if not isinstance(target, cst.Tuple) or not isinstance(call, cst.Call):
        return None
    at = next((n for n, each in enumerate(target.elements) if dotted(each.value) == name), None)
    counted = isinstance(call.func, cst.Name) and call.func.value == "enumerate"
    if at is None or not (counted or (isinstance(call.func, cst.Name) and call.func.value == "zip")):
        return None
    if any(each.star for each in call.args):
        return None
    given = argument(call, at - counted if at >= counted else None, "iterable")
    return given.value if given is not None else None


def _bound(node: cst.Assign | cst.For) -> frozenset[str]:
    targets = [node.target] if isinstance(node, cst.For) else [each.target for each in node.targets]
    pending: list[cst.BaseExpression] = [*targets]
    names: set[str] = set()
    while pending:
        target = pending.pop()
        if isinstance(target, (cst.Tuple, cst.List)):
            pending += [each.value for each in target.elements]
        elif (name := dotted(target)) is not None:
            names.add(name)
    return frozenset(names)
