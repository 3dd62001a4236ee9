"""The program without the operation that a finding blames: what else is wrong with it?

Where torch raises the path ends, so a second defect shows only once the first is mended. Taking the
operation out (not as a fix: it changes what is computed) tells what was hidden behind it.
"""

from __future__ import annotations

import libcst as cst

from gradsafe.fixes.forms import How, WriteForm
from gradsafe.fixes.site import find_site
from gradsafe.fixes.sources import Sources
from gradsafe.fixes.spot import Spot
from gradsafe.rules.finding import Edit, Finding


def without_operation(finding: Finding, sources: Sources) -> tuple[Edit, ...]:
    """The edits that take the operation out; none where it is not recognised."""
    site = find_site(finding, sources)
    if site is None:
        return ()
    statement = site.spot.statement.node
    if site.form is not None and isinstance(site.form.at.node, cst.Call):
        return _unwrapped(site.spot, site.form, site.form.at.node)
    if isinstance(statement, (cst.Expr, cst.AugAssign, cst.Assign)):
        return (site.spot.replace(*site.spot.offsets(statement), "pass"),)
    return ()


def _unwrapped(spot: Spot, form: WriteForm, call: cst.Call) -> tuple[Edit, ...]:
    """The tensor in place of the call on it."""
    if form.how is How.OUT:
        return ()
    return (spot.replace(*spot.offsets(call), spot.text(form.target)),)
