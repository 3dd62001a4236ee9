"""A new tensor with some elements put into it: ``h[i] = v`` -> ``h = h.index_put((i,), v)``, where ``i`` holds indices or is a mask.

``index_put`` takes tensors alone: no numbers, slices or lists as indices, and a value of the same dtype. The analysis knows what
torch refuses of it (``interp/putting.py``); what it does not know must be told by the text.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import How, callee, is_module
from gradsafe.fixes.holds import FRESH_METHODS
from gradsafe.fixes.masks import is_number
from gradsafe.fixes.pieces import value_above
from gradsafe.fixes.rewrite import operand
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import dotted
from gradsafe.fixes.variables import variables
from gradsafe.interp.evidence import is_tensor

PUTS = "index_put_"
"""What the analysis calls an assignment to a subscript with tensors: one with numbers and slices is a ``copy_`` into a view."""

MAKE_INDICES = frozenset({"tensor", "as_tensor", "arange", "randint", "randperm", "argmax", "argmin", "nonzero", "argsort"})  # fmt: skip
NO_TENSOR = frozenset({"item", "tolist", "size", "dim", "numel", "backward", "format", "join", "startswith", "endswith"})  # fmt: skip
"""Of the methods that share no memory those that give no tensor."""


def propose(site: Site) -> Iterator[Draft]:
    form = site.form
    if form is None or form.how not in (How.SETITEM, How.AUGMENTED) or site.finding.operation != PUTS:
        return
    target, node, spot = form.target, form.at.node, site.spot
    if not isinstance(target, cst.Subscript) or dotted(target.value) is None:
        return
    if not site.can_rebind(target.value) or site.loses_history(target.value):
        return
    assert isinstance(node, (cst.Assign, cst.AugAssign))
    start, end = spot.offsets(target)[0], spot.offsets(node.value)[1]
    indices, value = _indices(site, target), _value(site, target, node)
    if indices is None or value is None or "#" in spot.code.text[start:end]:
        return  # (a comment in it would be lost)
    tensor = spot.text(target.value)
    edit = spot.replace(start, end, f"{tensor} = {tensor}.index_put({indices}, {value})")
    unseen = not site.names.seen_elsewhere(target.value)
    yield Draft(f"Put it into a new `{tensor}` with `index_put`", (edit,), unseen)


def _indices(site: Site, target: cst.Subscript) -> str | None:
    """The subscript as a tuple of tensors; None where a part of it may be a number or is a slice."""
    parts: list[str] = []
    for element in target.slice:
        index = element.slice
        if not isinstance(index, cst.Index) or index.star:
            return None
        if isinstance(index.value, (cst.List, cst.Tuple)):
            torch = site.sources.local_name(site.spot.code.chunk.file, "torch")
            if torch is None or not _is_literal(index.value):
                return None
            parts.append(f"{torch}.tensor({site.spot.text(index.value)})")
        elif _is_index(site, index.value):
            parts.append(site.spot.text(index.value))
        else:
            return None
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def _is_literal(listed: cst.List | cst.Tuple) -> bool:
    """Whether it is a list of numbers (a tuple is several indices)."""
    values = [each.value for each in listed.elements]
    return (
        isinstance(listed, cst.List)
        and bool(values)
        and all(isinstance(each, cst.Integer) for each in values)
    )


def _is_index(site: Site, value: cst.BaseExpression) -> bool:
    """Whether it is visibly a tensor of indices, or a mask that is computed from a tensor."""
    if isinstance(value, cst.Name):
        above = value_above(site, value.value, value.value)
        if above is None:
            return _is_declared(site, value.value)
        return not isinstance(above, cst.Name) and _is_index(site, above)
    if isinstance(value, cst.Comparison):
        return _is_tensor(site, value.left) or any(
            _is_tensor(site, each.comparator) for each in value.comparisons
        )
    if isinstance(value, cst.UnaryOperation):
        return _is_index(site, value.expression)
    if isinstance(value, cst.BinaryOperation):
        return _is_index(site, value.left) or _is_index(site, value.right)
    return (
        isinstance(value, cst.Call)
        and callee(value) in MAKE_INDICES
        and isinstance(value.func, cst.Attribute)
    )


def _value(site: Site, target: cst.Subscript, node: cst.CSTNode) -> str | None:
    """What is put there, as a tensor."""
    spot = site.spot
    if isinstance(node, cst.AugAssign):
        gap = spot.code.text[spot.offsets(target)[1] : spot.offsets(node.value)[0]]
        symbol = gap.strip(" \t\\\r\n").removesuffix("=")
        return f"{spot.text(target)} {symbol} {operand(spot, node.value, symbol)}"
    if not isinstance(node, cst.Assign) or len(node.targets) != 1:
        return None
    if is_number(node.value):
        return f"{spot.text(target.value)}.new_tensor({spot.text(node.value)})"
    if not _is_tensor(site, node.value) or isinstance(node.value, cst.Tuple):
        return None
    return spot.text(node.value)


def _is_tensor(site: Site, value: cst.BaseExpression) -> bool:
    """Whether it is visibly a tensor: computed by torch, or from what is written."""
    held = dotted(value)
    if held is not None:
        if site.subject is not None and held == dotted(site.subject):
            return True
        above = value_above(site, held, held) if isinstance(value, cst.Name) else None
        if above is None:
            return _is_declared(site, held)
        return dotted(above) is None and _is_tensor(site, above)
    if isinstance(value, cst.BinaryOperation):
        return _is_tensor(site, value.left) or _is_tensor(site, value.right)
    if isinstance(value, cst.UnaryOperation):
        return not isinstance(value.operator, cst.Not) and _is_tensor(site, value.expression)
    if isinstance(value, cst.Subscript):
        return _is_tensor(site, value.value)
    if not isinstance(value, cst.Call) or not isinstance(value.func, cst.Attribute):
        return False
    name = callee(value) or ""
    if is_module(value.func.value):
        root = (dotted(value.func.value) or "").partition(".")[0]
        return root in ("torch", "th", "F") and not name.endswith("_")
    return name in FRESH_METHODS - NO_TENSOR and _is_tensor(site, value.func.value)


def _is_declared(site: Site, name: str) -> bool:
    """Whether it is a parameter that is declared as a tensor (``idx: torch.Tensor``), and bound to nothing else."""
    header, codes = site.header, site.sources.scope(site.spot.code.chunk) or ()
    if header is None or any((name, True) in set(variables(*code.body)) for code in codes[1:]):
        return False
    params = header.params
    annotations = (
        each.annotation.annotation
        for each in (*params.posonly_params, *params.params, *params.kwonly_params)
        if each.name.value == name and each.annotation is not None
    )
    return any(is_tensor(cst.Module([]).code_for_node(each)) for each in annotations)
