"""Take views that may be written: ``for row in h`` -> ``for row in (h[i] for i in range(len(h)))``, ``chunk`` -> ``tensor_split``.

Torch refuses to write one of several views made by one operation. A view by index may be written, and so may those of
``tensor_split``, which takes them one by one; the base sees what is written. Safe where the views are the same memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import callee, is_module
from gradsafe.fixes.made_by import iterated, maker_of
from gradsafe.fixes.pieces import blocks_around
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import argument, dotted
from gradsafe.rules.finding import Edit


def propose(site: Site) -> Iterator[Draft]:
    maker = maker_of(site)
    if maker is None:
        return
    node, spot = maker.node, maker.spot
    views = iterated(node, maker.name) if isinstance(node, cst.For) else node.value
    if views is None:
        return
    edits = _split(spot, views)
    if edits:
        of = spot.text(views)
        yield Draft(f"Take the parts with `tensor_split` instead of `{of}`", edits, len(edits) > 1)
        return
    base = _rows_of(views)
    bound = _bound_in_loop(site, spot) if isinstance(node, cst.For) else frozenset()
    if base is None or base.partition(".")[0] in bound | {"i"}:
        return
    text = _rows(base, node, views)
    if text is not None:
        edit = spot.replace(*spot.offsets(views), text)
        yield Draft(f"Take the views of `{base}` one by one, by index", (edit,), safe=True)


def _bound_in_loop(site: Site, loop: Spot) -> frozenset[str]:
    """What a loop binds, its target and all in its body: it would take the next row of another tensor."""
    block = next(blocks_around(site.sources, loop), [])
    return frozenset().union(*(piece.bound() for piece in block if piece.covers(loop)))


def _rows(base: str, node: cst.Assign | cst.For, views: cst.BaseExpression) -> str | None:
    if isinstance(node, cst.For):
        return f"({base}[i] for i in range(len({base})))"
    target = node.targets[0].target
    if isinstance(target, (cst.Tuple, cst.List)):
        if any(isinstance(each, cst.StarredElement) for each in target.elements):
            return None
        return ", ".join(f"{base}[{index}]" for index in range(len(target.elements)))
    # ``part = h`` takes no view at all
    return f"[{base}[i] for i in range(len({base}))]" if isinstance(views, cst.Call) else None


def _split(spot: Spot, views: cst.BaseExpression) -> tuple[Edit, ...]:
    """``a.chunk(2)`` -> ``a.tensor_split(2)``: parts of other sizes where 2 is no divisor; ``a.split(2)`` by where it cuts."""
    if not isinstance(views, cst.Call) or not isinstance(views.func, cst.Attribute):
        return ()
    name, of_module = callee(views), is_module(views.func.value)
    if name not in ("chunk", "split"):
        return ()
    renamed = spot.replace(*spot.offsets(views.func.attr), "tensor_split")
    size = argument(views, of_module, "chunks" if name == "chunk" else "split_size_or_sections")
    if size is None or size.keyword is not None:
        return ()
    if name == "chunk":
        return (renamed,)
    cuts = _cuts(spot, views, size.value, of_module)
    return (renamed, spot.replace(*spot.offsets(size.value), cuts)) if cuts is not None else ()


def _cuts(spot: Spot, views: cst.Call, size: cst.BaseExpression, of_module: bool) -> str | None:
    """Where ``split`` cuts: after each of the sizes, or after each so many."""
    if isinstance(size, (cst.List, cst.Tuple)):
        sizes = [each.value for each in size.elements]
        whole = [int(each.value) for each in sizes if isinstance(each, cst.Integer) and each.value.isdigit()]
        return str(list(itertools.accumulate(whole[:-1]))) if len(whole) == len(sizes) else None
    assert isinstance(views.func, cst.Attribute)
    given = argument(views, 0, "tensor") if of_module else None
    base = dotted(given.value if given is not None else views.func.value)
    dim = argument(views, 1 + of_module, "dim")
    if base is None or not isinstance(size, cst.Integer):
        return None
    length = f"{base}.size({spot.text(dim.value)})" if dim is not None else f"len({base})"
    return f"list(range({size.value}, {length}, {size.value}))"


def _rows_of(views: cst.BaseExpression) -> str | None:
    """``h`` of ``h``, ``h.unbind()`` and ``torch.unbind(h, 0)``: a name, since it is read once for each view."""
    if not isinstance(views, cst.Call):
        return dotted(views)
    if callee(views) != "unbind" or not isinstance(views.func, cst.Attribute):
        return None
    of_module = is_module(views.func.value)
    dim = argument(views, 1 if of_module else 0, "dim")
    if dim is not None and not (isinstance(dim.value, cst.Integer) and dim.value.value == "0"):
        return None
    if not of_module:
        return dotted(views.func.value)
    given = argument(views, 0, "input")
    return dotted(given.value) if given is not None else None
