"""Let autograd see what was written past it with ``.data``.

``hidden.data = f(x)`` -> ``hidden = f(x)``; ``y.data.mul_(2)`` -> ``y = y.mul(2)``; a parameter's update goes under
``torch.no_grad()``. Torch is silent about such a write, so every one of these changes what the program
trains: none is called safe.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.blocks import indented_under, no_grad_header, own_line
from gradsafe.fixes.chains import chain_subject, out_of_place_steps
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import How, WriteForm, in_place_steps
from gradsafe.fixes.rewrite import line_before, operand
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import dotted, walk
from gradsafe.rules.finding import Edit


def propose(site: Site) -> Iterator[Draft]:
    form, subject = site.form, site.subject
    if form is None or subject is None or not _through_data(form.target):
        return
    line = own_line(site.spot)
    dropped = _drop_data(site, subject)
    if any(
        isinstance(each.node, cst.Attribute) and each.node.attr.value == "grad" for each in site.spot.nodes()
    ):
        header = no_grad_header(site)
        edits = _without_data(site, form, subject, dropped)
        if header is not None and line is not None and edits is not None:
            under = indented_under(site.spot, header, [(site.spot.code, line)])
            yield Draft("Update the parameter under `torch.no_grad()`", (*under, *edits), safe=False)
        return
    if site.can_rebind(subject):
        edits = _rebound(site, form, subject, dropped)
        if edits is not None:
            yield Draft(
                f"Bind `{site.spot.text(subject)}` to a new tensor that autograd knows", edits, safe=False
            )


def _through_data(target: cst.BaseExpression) -> bool:
    return any(
        isinstance(each.node, cst.Attribute) and each.node.attr.value == "data" for each in walk([target])
    )


def _drop_data(site: Site, subject: cst.BaseExpression) -> list[Edit]:
    """Turn every ``y.data`` of the statement into ``y``."""
    spot, name = site.spot, dotted(subject)
    edits = []
    for cursor in spot.nodes():
        node = cursor.node
        if isinstance(node, cst.Attribute) and node.attr.value == "data" and dotted(node.value) == name:
            edits.append(spot.replace(spot.offsets(node.value)[1], spot.offsets(node)[1], ""))
    return edits


def _without_data(
    site: Site, form: WriteForm, subject: cst.BaseExpression, dropped: list[Edit]
) -> tuple[Edit, ...] | None:
    """The same write on the parameter itself."""
    node, spot = form.at.node, site.spot
    if form.how is not How.DATA:
        return tuple(dropped)
    if not isinstance(node, cst.Assign) or len(node.targets) != 1:
        return None
    target_end = spot.offsets(form.target)[1]
    value_start, value_end = spot.offsets(node.value)
    kept = [edit for edit in dropped if edit.span[1] > target_end]  # type: ignore[index]
    start = spot.offsets(subject)[1]
    return (spot.replace(start, value_start, ".copy_("), *kept, spot.insert(value_end, ")"))


def _rebound(
    site: Site, form: WriteForm, subject: cst.BaseExpression, dropped: list[Edit]
) -> tuple[Edit, ...] | None:
    spot, statement, name = site.spot, site.spot.statement.node, site.spot.text(subject)
    node = form.at.node
    if form.how is How.DATA:
        return tuple(dropped)
    if isinstance(form.target, cst.Subscript):
        before = line_before(site, f"{name} = {name}.clone()")
        return (before, *dropped) if before is not None else None
    if form.how is How.METHOD and isinstance(statement, cst.Expr):
        steps = in_place_steps(form.at)
        edits = out_of_place_steps(site, steps)
        if (
            edits is None
            or statement.value is not steps[-1].node
            or dotted(chain_subject(steps)) != f"{name}.data"
        ):
            return None
        return (spot.insert(spot.offsets(statement)[0], f"{name} = "), *dropped, *edits)
    if isinstance(node, cst.AugAssign) and dotted(form.target) == f"{name}.data":
        gap_end = spot.offsets(node.value)[0]
        symbol = spot.code.text[spot.offsets(form.target)[1] : gap_end].strip(" \t\\\r\n").removesuffix("=")
        kept = [edit for edit in dropped if edit.span[1] >= gap_end]  # type: ignore[index]
        opened = operand(spot, node.value, symbol) != spot.text(node.value)
        head = spot.replace(spot.offsets(subject)[1], gap_end, f" = {name} {symbol} {'(' if opened else ''}")
        tail = (spot.insert(spot.offsets(node.value)[1], ")"),) if opened else ()
        return (head, *kept, *tail)
    return None
