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
from gradsafe.fixes.made_by import Maker, iterated, maker_of, maker_of_parts
from gradsafe.fixes.pieces import blocks_around, value_above
from gradsafe.fixes.site import Site
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import argument, dotted, walk
from gradsafe.rules.finding import Edit


def propose(site: Site) -> Iterator[Draft]:
    for call in (each.node for each in walk([site.form.target] if site.form is not None else [])):
        edits = _split(site, site.spot, call)  # ``h.chunk(2)[0].add_(1)``
        if edits:
            yield _with_tensor_split(site.spot.text(call), edits)
            return
    maker = maker_of(site)
    if maker is None:
        return
    parts = maker_of_parts(site, maker)
    made = parts.node.value if parts is not None and isinstance(parts.node, cst.Assign) else None
    if parts is not None and isinstance(made, cst.Call) and callee(made) in ("chunk", "split", "unbind"):
        maker = parts  # ``parts = h.split(2)``, above ``for part in parts``
    yield from _taken_anew(site, maker)


def _taken_anew(site: Site, maker: Maker) -> Iterator[Draft]:
    node, spot = maker.node, maker.spot
    views = iterated(node, maker.name) if isinstance(node, cst.For) else node.value
    if views is None:
        return
    edits = _split(site, spot, views)
    if edits:
        yield _with_tensor_split(spot.text(views), edits)
        return
    base = _rows_of(views)
    bound = _bound_in_loop(site, spot) if isinstance(node, cst.For) else frozenset()
    if base is None or base.partition(".")[0] in bound | {"i"}:
        return
    text = _rows(base, node, views)
    if text is not None:
        edit = spot.replace(*spot.offsets(views), text)
        yield Draft(f"Take the views of `{base}` one by one, by index", (edit,), safe=True)


def _with_tensor_split(of: str, edits: tuple[Edit, ...]) -> Draft:
    return Draft(f"Take the parts with `tensor_split` instead of `{of}`", edits, len(edits) > 1)


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


def _split(site: Site, spot: Spot, views: cst.CSTNode) -> tuple[Edit, ...]:
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
    cuts = _cuts(site, spot, views, size.value)
    return (renamed, spot.replace(*spot.offsets(size.value), cuts)) if cuts is not None else ()


def _cuts(site: Site, spot: Spot, views: cst.Call, size: cst.BaseExpression) -> str | None:
    """Where ``split`` cuts: after each of the sizes, or after each so many."""
    if isinstance(size, (cst.List, cst.Tuple)):
        sizes = [each.value for each in size.elements]
        whole = [int(each.value) for each in sizes if isinstance(each, cst.Integer) and each.value.isdigit()]
        return str(list(itertools.accumulate(whole[:-1]))) if len(whole) == len(sizes) else None
    assert isinstance(views.func, cst.Attribute)
    of_module = is_module(views.func.value)
    given = argument(views, 0, "tensor") if of_module else None
    base = dotted(given.value if given is not None else views.func.value)
    dim = argument(views, 1 + of_module, "dim")
    if base is None or not _is_whole(site, size):
        return None
    length, step = (
        f"{base}.size({spot.text(dim.value)})" if dim is not None else f"len({base})",
        spot.text(size),
    )
    return f"list(range({step}, {length}, {step}))"


def _is_whole(site: Site, size: cst.BaseExpression) -> bool:
    """Whether it is visibly one number, not a list of sizes."""
    above = value_above(site, size.value, size.value) if isinstance(size, cst.Name) else size
    return isinstance(above, cst.Integer)


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
