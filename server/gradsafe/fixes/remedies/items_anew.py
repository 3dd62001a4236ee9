"""Put new tensors into a list instead of writing into those that it holds: ``for t in ts: t.mul_(2)`` -> ``ts = [t.mul(2) for t in ts]``.

``t = t.mul(2)`` would leave the list as it was. Where the loop does more, it counts its rounds: ``for i, t in enumerate(ts):`` and
``ts[i] = t.mul(2)``; in a dict the key is at hand. Never safe: whoever else holds an item no longer sees what is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import libcst as cst

from gradsafe.fixes.blocks import own_line
from gradsafe.fixes.chains import chain_subject, out_of_place_steps
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import How, callee, in_place_steps
from gradsafe.fixes.made_by import Maker, maker_of
from gradsafe.fixes.rewrite import operand
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import dotted, walk
from gradsafe.rules.finding import Edit

_COUNTERS = ("i", "j", "k", "n", "index")


@dataclass(frozen=True)
class _Held:
    """Where a loop's variable lies: in the list or dict ``name``, under ``key`` where the loop is told it; ``by_value``: ``d.values()``."""

    name: str
    key: str | None = None
    by_value: cst.Call | None = None


def propose(site: Site) -> Iterator[Draft]:
    maker, form = maker_of(site), site.form
    if maker is None or form is None or not isinstance(maker.node, cst.For):
        return
    if not isinstance(form.target, cst.Name) or form.target.value != maker.name:
        return
    if site.names.without_grad and not site.finding.code.startswith("inference"):
        return  # a new tensor would have no history
    value, held = _value(site), _held(maker.node.target, maker.node.iter, maker.name)
    if value is None or held is None or held.by_value not in (None, maker.node.iter):
        return
    is_list = held.name in site.names.containers.open
    title = f"Put new tensors into `{held.name}` instead of writing into those that it holds"
    # An attribute may be filled elsewhere: what can be iterated can be a list; whether it is one the analysis knows.
    alone = (is_list or "." in held.name) and not site.names.read_after(form.target)
    whole = _whole(site, maker, held.name, value) if alone else ()
    if whole:
        yield Draft(title, whole, safe=False)
        return
    key = (held.key or _counter(site)) if is_list else None
    if key is not None:
        start = site.spot.offsets(site.spot.statement.node)[0]
        kept = f"{maker.name} = " if site.names.read_after(form.target) else ""
        stored = site.spot.insert(start, f"{held.name}[{key}] = {kept}")
        header = () if held.key is not None else _counted(maker, held, key)
        yield Draft(title, (*header, stored, *value), safe=False)


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


def _held(target: cst.BaseExpression, runs: cst.BaseExpression, name: str) -> _Held | None:
    """Through ``enumerate``, ``zip`` and ``items`` to the list or dict whose items ``name`` stands for."""
    call = (
        runs if isinstance(runs, cst.Call) and not any(arg.star or arg.keyword for arg in runs.args) else None
    )
    of = callee(call) if call is not None else None
    if dotted(target) == name:
        if call is not None and of == "values" and isinstance(call.func, cst.Attribute):
            owner = dotted(call.func.value)
            return _Held(owner, by_value=call) if owner is not None else None
        known = dotted(runs)
        return _Held(known) if known is not None else None
    if call is None or not isinstance(target, cst.Tuple):
        return None
    parts = [each.value for each in target.elements]
    if (
        of == "items"
        and len(parts) == 2
        and dotted(parts[1]) == name
        and isinstance(call.func, cst.Attribute)
    ):
        owner, key = dotted(call.func.value), dotted(parts[0])
        return _Held(owner, key) if owner is not None and key is not None else None
    if of == "enumerate" and len(call.args) == 1 and len(parts) == 2:
        inner = _held(parts[1], call.args[0].value, name)
        is_list = inner is not None and inner.key is None and inner.by_value is None
        return replace(inner, key=dotted(parts[0])) if inner is not None and is_list else inner
    if of == "zip" and len(parts) == len(call.args):
        found = (_held(part, arg.value, name) for part, arg in zip(parts, call.args, strict=True))
        return next((each for each in found if each is not None), None)
    return None


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


def _counted(maker: Maker, held: _Held, key: str) -> tuple[Edit, ...]:
    """The header of a loop that is told the key: ``for i, t in enumerate(ts)``, ``for i, t in d.items()``."""
    loop, spot = maker.node, maker.spot
    assert isinstance(loop, cst.For)
    start, end = spot.offsets(loop.target)[0], spot.offsets(loop.iter)[1]
    if held.by_value is not None and isinstance(held.by_value.func, cst.Attribute):
        renamed = spot.replace(*spot.offsets(held.by_value.func.attr), "items")
        return spot.insert(start, f"{key}, "), renamed
    target = spot.text(loop.target)
    target = target if isinstance(loop.target, cst.Name) or target.startswith("(") else f"({target})"
    return (spot.replace(start, end, f"{key}, {target} in enumerate({spot.text(loop.iter)})"),)


def _counter(site: Site) -> str | None:
    """A name that nobody in the function uses."""
    codes = site.sources.scope(site.spot.code.chunk)
    nodes = (each.node for code in codes or () for each in walk(code.body))
    used = {each.value for each in nodes if isinstance(each, cst.Name)}
    return next((name for name in _COUNTERS if name not in used), None) if codes else None
