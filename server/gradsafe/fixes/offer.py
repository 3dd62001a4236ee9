"""All fixes for a finding, in the order in which its rule names remedies."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import cast

import libcst as cst

from gradsafe.fixes import remedies
from gradsafe.fixes.dirty import unmarked
from gradsafe.fixes.draft import Draft
from gradsafe.fixes.marimo import binds_what_a_cell_takes
from gradsafe.fixes.site import Site, find_site
from gradsafe.fixes.sources import Sources
from gradsafe.fixes.tree import dotted
from gradsafe.rules.finding import Finding, Fix

BINDS_ANEW = frozenset({"out-of-place", "clone-before-write", "index-put"})
"""Remedies after which the name that was written stands for another tensor."""

Propose = Callable[[Site], Iterator[Draft]]


def offer(finding: Finding, sources: Sources, last: tuple[str, ...] = ("suppress",)) -> tuple[Fix, ...]:
    """The fixes that the remedies of ``finding`` propose; none is preferred before it is verified.

    Suppressing the finding is always on offer, last.
    """
    site = find_site(finding, sources)
    if site is None:
        return ()
    wanted = [*_by_cost(site), *(name for name in last if name not in finding.remedies)]
    fixes: list[Fix] = []
    for name in wanted:
        propose = _remedy(name)
        drafts = propose(site) if propose is not None else iter(())
        for draft in _with_marks(site, drafts) if name in BINDS_ANEW else drafts:
            known = any(draft.edits == fix.edits for fix in fixes)
            if not known and not binds_what_a_cell_takes(draft.edits, sources):
                fixes.append(Fix(draft.title, name, draft.edits, draft.safe))
    return tuple(fixes)


def _with_marks(site: Site, drafts: Iterator[Draft]) -> Iterator[Draft]:
    """Where an input of a custom Function is written no more, nor is it marked as written."""
    name = dotted(site.subject) if site.subject is not None else None
    marks = unmarked(site, name) if name is not None else ()
    if marks is not None:
        yield from (replace(draft, edits=(*draft.edits, *marks)) for draft in drafts)


def _by_cost(site: Site) -> list[str]:
    """As the rule names them, but in a loop that writes rows a copy of what is saved comes before one of all rows in each round."""
    wanted, at_save, whole = list(site.finding.remedies), "clone-at-save", "clone-before-write"
    writes_rows = site.form is not None and isinstance(site.form.target, cst.Subscript)
    if writes_rows and site.names.in_loop and {at_save, whole} <= set(wanted):
        wanted.remove(at_save)
        wanted.insert(wanted.index(whole), at_save)
    return wanted


def remedy_names() -> tuple[str, ...]:
    """The names of all remedies, as rules write them."""
    return tuple(sorted(found.name.replace("_", "-") for found in pkgutil.iter_modules(remedies.__path__)))


@cache
def _remedy(name: str) -> Propose | None:
    """The remedy of that name; None where a rule names one that is not built."""
    if name not in remedy_names():
        return None
    module = import_module(f"{remedies.__name__}.{name.replace('-', '_')}")
    return cast(Propose, module.propose)
