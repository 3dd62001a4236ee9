"""Build the module without ``inplace=True``: ``nn.ReLU(inplace=True)`` -> ``nn.ReLU()``."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import callee, module_flag
from gradsafe.fixes.rewrite import drop_argument
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import Cursor
from gradsafe.rules.finding import Role

PASSES_ITS_INPUT_ON = frozenset({"Identity", "Flatten", "Unflatten", "Sequential", "ModuleList"})
"""Modules whose result may be their input's own memory (those with a flag may be, too)."""


def propose(site: Site) -> Iterator[Draft]:
    declared = (each.place for each in site.finding.related if each.role is Role.CREATED)
    for place in (site.finding.primary, *declared):
        spot = find_spot(site.sources, place)
        cursor = _construction(spot) if spot is not None else None
        if spot is not None and cursor is not None and isinstance(cursor.node, cst.Call):
            flag = module_flag(cursor.node)
            assert flag is not None
            edit = drop_argument(spot, cursor.node, flag, "False")
            yield Draft(f"Build `{callee(cursor.node)}` without `inplace=True`", (edit,), _is_hidden(cursor))
            return


def _construction(spot: Spot) -> Cursor | None:
    """The construction of an in-place module at the spot; the only one of the statement if none is exactly there."""
    found = [
        each
        for each in spot.nodes()
        if isinstance(each.node, cst.Call) and module_flag(each.node) is not None
    ]
    here = [each for each in found if _overlaps(spot, each.node)]
    return here[-1] if here else None


def _overlaps(spot: Spot, node: cst.CSTNode) -> bool:
    start, end = spot.offsets(node)
    return start < spot.end and spot.start < end


def _is_hidden(cursor: Cursor) -> bool:
    """Inside an ``nn.Sequential``, behind a module that makes a new tensor: nobody else ever sees what it writes."""
    arg = cursor.parent
    call = arg.parent.node if arg is not None and arg.parent is not None else None
    if not isinstance(call, cst.Call) or callee(call) != "Sequential":
        return False
    index = next((index for index, each in enumerate(call.args) if each.value is cursor.node), 0)
    before = call.args[index - 1].value if index > 0 else None
    if not isinstance(before, cst.Call) or module_flag(before) is not None:
        return False
    return callee(before) not in PASSES_ITS_INPUT_ON and not (callee(before) or "").endswith(
        ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d")
    )
