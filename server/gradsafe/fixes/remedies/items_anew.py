"""Put new tensors into a list instead of writing into those that it holds: ``for t in ts: t.mul_(2)`` -> ``ts = [t.mul(2) for t in ts]``.

``t = t.mul(2)`` would leave the list as it was. Where the loop does more, it counts its rounds: ``for i, t in enumerate(ts):`` and
``ts[i] = t.mul(2)``; in a dict the key is at hand. Never safe: whoever else holds an item no longer sees what is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from gradsafe.fixes.blocks import own_line
from gradsafe.fixes.chains import chain_subject, out_of_place_steps
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import How, callee, in_place_steps
from gradsafe.fixes.made_by import Maker, iterated, maker_of
from gradsafe.fixes.rewrite import operand
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import dotted, walk
from gradsafe.rules.finding import Edit

_COUNTERS = ("i", "j", "k", "n", "index")


@dataclass(frozen=True)
class _Place:
    """Where a loop's item lies: ``ts[i]``, and the edits of the loop's header by which it is known."""

    item: str
    header: tuple[Edit, ...]


def propose(site: Site) -> Iterator[Draft]:
    maker, form = maker_of(site), site.form
    if maker is None or form is None or not isinstance(maker.node, cst.For):
        return
    if not isinstance(form.target, cst.Name) or form.target.value != maker.name:
        return
    if site.names.without_grad and not site.finding.code.startswith("inference"):
        return  # a new tensor would have no history
    value = _value(site)
    held = _held(maker.node, maker.name)
    if value is None or held is None:
        return
    is_list = held in site.names.containers.open
    title = f"Put new tensors into `{held}` instead of writing into those that it holds"
    # An attribute may be filled elsewhere: what can be iterated can be a list; whether it is one the analysis knows.
    whole = _whole(site, maker, held, value) if is_list or "." in held else ()
    if whole:
        yield Draft(title, whole, safe=False)
        return
    place = _place(site, maker, held) if is_list else None
    if place is not None:
        start = site.spot.offsets(site.spot.statement.node)[0]
        kept = f"{maker.name} = " if _is_read_below(site) else ""
        stored = site.spot.insert(start, f"{place.item} = {kept}")
        yield Draft(title, (*place.header, stored, *value), safe=False)


def _value(site: Site) -> tuple[Edit, ...] | None:
    """The edits after which the statement is the new tensor, an expression."""
    form, spot = site.form, site.spot
    assert form is not None
    statement, node = spot.statement.node, form.at.node
    if form.how is How.METHOD and isinstance(statement, cst.Expr):
        steps = in_place_steps(form.at)
        is_name = dotted(chain_subject(steps)) == dotted(form.target)
        return out_of_place_steps(site, steps) if is_name and statement.value is steps[-1].node else None
    if form.how is How.AUGMENTED and isinstance(node, cst.AugAssign):
        gap_start, (start, end) = spot.offsets(form.target)[1], spot.offsets(node.value)
        symbol = spot.code.text[gap_start:start].strip(" \t\\\r\n").removesuffix("=")
        if operand(spot, node.value, symbol) == spot.text(node.value):
            return (spot.replace(gap_start, start, f" {symbol} "),)
        return (spot.replace(gap_start, start, f" {symbol} ("), spot.insert(end, ")"))
    return None


def _held(loop: cst.For, name: str) -> str | None:
    """The list or dict that the loop runs over, by its name."""
    views = iterated(loop, name)
    call = views if views is not None else loop.iter
    if isinstance(call, cst.Call) and callee(call) in ("items", "values") and not call.args:
        views = call.func.value if isinstance(call.func, cst.Attribute) else None
    return dotted(views) if views is not None else None


def _whole(site: Site, maker: Maker, held: str, value: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """A loop over a list that does nothing else is a comprehension."""
    loop, spot, line = maker.node, site.spot, own_line(site.spot)
    assert isinstance(loop, cst.For)
    if line is None or line.parent is None or line.parent.node is not loop.body or len(loop.body.body) != 1:
        return ()
    if loop.orelse is not None or loop.asynchronous is not None or dotted(loop.iter) != held:
        return ()
    first, last = spot.offsets(spot.statement.node)
    start = spot.offsets(loop)[0]
    header, written = spot.code.text[start:first], spot.code.text[first:last]
    if "#" in header or "\n" in written or "\r" in written:
        return ()
    runs = f" for {maker.name} in {held}]"
    return (spot.replace(start, first, f"{held} = ["), *value, spot.insert(last, runs))


def _place(site: Site, maker: Maker, held: str) -> _Place | None:
    loop, spot = maker.node, maker.spot
    assert isinstance(loop, cst.For)
    name = dotted(loop.target)
    if isinstance(loop.iter, cst.Call) and callee(loop.iter) in ("items", "values", "enumerate"):
        return _known_place(loop, spot, held, _counter(site))
    counter = _counter(site)
    if counter is None:
        return None
    target = spot.text(loop.target)
    target = target if name is not None or target.startswith("(") else f"({target})"
    start, end = spot.offsets(loop.target)[0], spot.offsets(loop.iter)[1]
    text = f"{counter}, {target} in enumerate({spot.text(loop.iter)})"
    return _Place(f"{held}[{counter}]", (spot.replace(start, end, text),))


def _known_place(loop: cst.For, spot: Spot, held: str, counter: str | None) -> _Place | None:
    """A loop that is told the key: ``for key, t in d.items()``, ``for i, t in enumerate(ts)``."""
    call = loop.iter
    assert isinstance(call, cst.Call)
    if callee(call) == "values" and isinstance(call.func, cst.Attribute) and counter is not None:
        renamed = spot.replace(*spot.offsets(call.func.attr), "items")
        return _Place(
            f"{held}[{counter}]", (spot.insert(spot.offsets(loop.target)[0], f"{counter}, "), renamed)
        )
    elements = loop.target.elements if isinstance(loop.target, cst.Tuple) else ()
    key = dotted(elements[0].value) if len(elements) == 2 else None
    counted = callee(call) == "items" or len(call.args) == 1
    return _Place(f"{held}[{key}]", ()) if key is not None and counted else None


def _counter(site: Site) -> str | None:
    """A name that nobody in the function uses."""
    codes = site.sources.scope(site.spot.code.chunk)
    nodes = (each.node for code in codes or () for each in walk(code.body))
    used = {each.value for each in nodes if isinstance(each, cst.Name)}
    return next((name for name in _COUNTERS if name not in used), None) if codes else None


def _is_read_below(site: Site) -> bool:
    assert site.form is not None
    return site.names.read_after(site.form.target)
