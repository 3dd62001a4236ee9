"""Build the module without ``inplace=True``: ``nn.ReLU(inplace=True)`` -> ``nn.ReLU()``."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import callee, module_flag
from gradsafe.fixes.rewrite import drop_argument
from gradsafe.fixes.site import Site
from gradsafe.fixes.sources import Sources
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import Cursor, walk
from gradsafe.rules.finding import Edit, Role
from gradsafe.syntax.span import ChunkId, Span

PASSES_ITS_INPUT_ON = frozenset({"Identity", "Flatten", "Unflatten", "Sequential", "ModuleList"})
"""Modules whose result may be their input's own memory (those with a flag may be, too)."""

INSTALLED = frozenset({"site-packages", "dist-packages"})
_TRIED = 4
"""So many other flags may be the one that counts; proving tells which."""


def propose(site: Site) -> Iterator[Draft]:
    for spot in _spots(site):
        cursor = _construction(spot)
        if cursor is not None and isinstance(cursor.node, cst.Call):
            flag = module_flag(cursor.node)
            assert flag is not None
            edit = drop_argument(spot, cursor.node, flag, "False")
            yield Draft(f"Build `{callee(cursor.node)}` without `inplace=True`", (edit,), _is_hidden(cursor))
            return
    for chunk in dict.fromkeys(_chunks(site)):
        yield from itertools.islice(_flags(site.sources, chunk), _TRIED)


def _spots(site: Site) -> Iterator[Spot]:
    """Where the module is built: here, or in another file of the program. What is installed is not ours to edit."""
    declared = (each.place for each in site.finding.related if each.role is Role.CREATED)
    for place in (site.finding.primary, *declared):
        spot = find_spot(site.sources, place)
        if spot is not None and INSTALLED.isdisjoint(re.split(r"[\\/]", spot.code.chunk.file)):
            yield spot


def _chunks(site: Site) -> Iterator[ChunkId]:
    """Where the module was built, without a flag of its own."""
    return (spot.code.chunk for spot in _spots(site))


def _flags(sources: Sources, chunk: ChunkId) -> Iterator[Draft]:
    """``partial(nn.Dropout, inplace=True)``, ``{"inplace": True}``, ``def block(inplace=True)`` in the function around or at the top level."""
    codes = [*(sources.scope(chunk) or ()), *sources.outermost(chunk.file)]
    for code in {each.chunk: each for each in codes if each is not None}.values():
        for cursor in walk(code.body):
            value = _in_place_value(cursor.node)
            if isinstance(value, cst.Name) and value.value == "True":
                start, end = code.offsets(value)
                edit = Edit(Span(code.chunk, start, end), "False")
                yield Draft("Set the flag for in-place work to `False`", (edit,), safe=False)


def _in_place_value(node: cst.CSTNode) -> cst.BaseExpression | None:
    """What a keyword, a parameter, a field or an item called ``inplace`` is set to."""
    if isinstance(node, cst.Arg) and node.keyword is not None and node.keyword.value == "inplace":
        return node.value
    if isinstance(node, cst.Param) and node.name.value == "inplace":
        return node.default
    if (
        isinstance(node, cst.AnnAssign)
        and isinstance(node.target, cst.Name)
        and node.target.value == "inplace"
    ):
        return node.value
    if isinstance(node, cst.DictElement) and isinstance(node.key, cst.SimpleString):
        return node.value if node.key.evaluated_value == "inplace" else None
    return None


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
