"""Write into a copy: ``h = h.clone()`` on a line of its own before the write."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import How
from gradsafe.fixes.made_by import iterated, maker_of
from gradsafe.fixes.rewrite import line_before, receiver
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import dotted, walk


def propose(site: Site) -> Iterator[Draft]:
    form, subject = site.form, site.subject
    if form is None or subject is None or form.how is How.DATA:
        return
    if form.how is How.SETITEM and site.names.containers.is_item(form.target):
        return  # ``xs[0] = x`` of a list writes no tensor
    if isinstance(subject, cst.Subscript) and _is_indexed(form.target, subject):
        return  # ``states[-1][0]``: a row of a tensor in a list, or a tensor in a tuple in it
    names, text = site.names, site.spot.text(subject)
    if form.how is How.MODULE:
        start, end = site.spot.offsets(form.target)
        edit = site.spot.replace(start, end, f"{receiver(site.spot, form.target)}.clone()")
        unseen = not names.seen_elsewhere(subject) and not names.read_after(subject)
        called = form.at.node.func if isinstance(form.at.node, cst.Call) else None
        by = "Function" if isinstance(called, cst.Attribute) and called.attr.value == "apply" else "module"
        yield Draft(f"Give the in-place {by} a copy of `{text}`", (edit,), unseen)
        return
    if site.finding.code.startswith("inference"):
        yield from _of_rows(site)
    if not site.can_rebind(subject) or site.loses_history(subject) or _is_bound_by_statement(site, subject):
        return
    copy = f"[each.clone() for each in {text}]" if names.containers.holds(subject) else f"{text}.clone()"
    before = line_before(site, f"{text} = {copy}")
    if before is not None:
        yield Draft(f"Clone `{text}` before the write", (before,), not names.seen_elsewhere(subject))


def _of_rows(site: Site) -> Iterator[Draft]:
    """``for row in cached: row.mul_(2)`` writes ``cached``, which can be copied once, above the loop: the rows of a copy may be written."""
    maker = maker_of(site)
    if maker is None or not isinstance(maker.node, cst.For):
        return
    rows, loop = iterated(maker.node, maker.name), Site(site.finding, site.sources, maker.spot, None)
    if not isinstance(rows, cst.Name) or loop.names.containers.holds(rows) or not loop.names.can_bind(rows):
        return
    before = line_before(loop, f"{rows.value} = {rows.value}.clone()")
    if before is not None:
        seen = loop.names.seen_elsewhere(rows)
        yield Draft(f"Clone `{rows.value}` before its rows are written", (before,), not seen)


def _is_bound_by_statement(site: Site, subject: cst.BaseExpression) -> bool:
    """``for row in rows.mul_(2)`` reads ``rows`` once; ``for h in h.mul_(2)`` would clone an older ``h``."""
    statement = site.spot.statement.node
    return isinstance(statement, cst.For) and dotted(statement.target) == dotted(subject)


def _is_indexed(target: cst.BaseExpression, subject: cst.BaseExpression) -> bool:
    """Whether ``target`` begins with ``subject[...]``."""
    return any(isinstance(each.node, cst.Subscript) and each.node.value is subject for each in walk([target]))
