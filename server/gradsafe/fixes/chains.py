"""``t.sub_(m).div_(s)``: the in-place calls of one chain, and each of them without its underscore."""

from __future__ import annotations

import libcst as cst

from gradsafe.fixes.forms import words
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import Cursor
from gradsafe.rules.finding import Edit

LIKE = {"zero_": "zeros_like", "fill_": "full_like", "normal_": "randn_like", "uniform_": "rand_like"}
"""In-place methods that keep nothing of the old values: a new tensor like the old one."""

MAY_BE_CUT = frozenset({"saved-tensor-modified", "inference-tensor-modified", "data-bypasses-autograd"})
"""Where such a new tensor, which has no graph, can be judged: backward was reached (the analysis then tells whether it still has
something to run through), or there was no graph. A leaf would be one no more; elsewhere torch raises before any backward."""

WITHOUT_COUNTERPART = words("""copy_ random_ bernoulli_ exponential_ geometric_ cauchy_ log_normal_ set_ resize_ resize_as_ swap_
    map_ map2_ apply_ rename_ sparse_resize_ index_reduce_ unsafe_put_ fill_diagonal_""")
"""Dropping the underscore of these names gives another function, or none."""


def chain_subject(steps: list[Cursor]) -> cst.BaseExpression:
    """The tensor on which the first call of the chain is made."""
    first = steps[0].node
    assert isinstance(first, cst.Call) and isinstance(first.func, cst.Attribute)
    return first.func.value


def out_of_place_steps(site: Site, steps: list[Cursor]) -> tuple[Edit, ...] | None:
    """The edits that take every call of the chain out of place; None where one of them has no such form."""
    subject = chain_subject(steps)
    edits: list[Edit] = []
    for step in steps:
        edited = _out_of_place(site, subject, step.node)
        if edited is None:
            return None
        edits += edited
    return tuple(edits)


def _out_of_place(site: Site, subject: cst.BaseExpression, call: cst.CSTNode) -> list[Edit] | None:
    assert isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute)
    name, spot = call.func.attr, site.spot
    start, end = spot.offsets(name)
    if name.value in WITHOUT_COUNTERPART:
        return None
    if name.value not in LIKE:
        return [spot.replace(start, end, name.value[:-1])]
    torch = site.sources.local_name(spot.code.chunk.file, "torch")
    if (
        site.finding.code not in MAY_BE_CUT
        or torch is None
        or (call.args and name.value in ("normal_", "uniform_"))
    ):
        return None
    arguments = f", {spot.text(call.args[0].value)})" if call.args else ")"
    receiver_end = spot.offsets(call.func.value)[1]
    return [
        spot.insert(spot.offsets(subject)[0], f"{torch}.{LIKE[name.value]}("),
        spot.replace(receiver_end, spot.offsets(call)[1], arguments),
    ]
