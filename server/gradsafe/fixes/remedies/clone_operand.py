"""Read from a copy: ``x[1:] += x[:-1]`` -> ``x[1:] += x[:-1].clone()``, ``mask[mask] = m`` -> ``mask[mask.clone()] = m``."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import holder
from gradsafe.fixes.rewrite import receiver
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import dotted


def propose(site: Site) -> Iterator[Draft]:
    form, subject = site.form, site.subject
    held = dotted(subject) if subject is not None else None
    if form is None or held is None:
        return
    spot = site.spot
    for each in _operands(form.at.node, form.target):
        found = holder(each, site.names.containers)
        if found is not None and dotted(found) == held:
            start, end = spot.offsets(each)
            text = spot.text(each)
            edit = spot.replace(start, end, f"{receiver(spot, each)}.clone()")
            yield Draft(f"Read from a copy of `{text}`", (edit,), safe=True)


def _operands(node: cst.CSTNode, target: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """What the write reads: its value or arguments, and the indices of its target."""
    if isinstance(node, (cst.Assign, cst.AugAssign)):
        yield node.value
    elif isinstance(node, cst.Call):
        yield from (each.value for each in node.args if not each.star and each.value is not target)
    if isinstance(target, cst.Subscript):
        for element in target.slice:
            if isinstance(element.slice, cst.Index):
                yield element.slice.value
