"""``h[h < 0] = 0`` as one expression: ``h = torch.where(h < 0, 0, h)``."""

from __future__ import annotations

import libcst as cst

from gradsafe.fixes.draft import Draft
from gradsafe.fixes.forms import WriteForm, is_module, words
from gradsafe.fixes.pieces import value_above
from gradsafe.fixes.site import Site
from gradsafe.fixes.tree import dotted

ELEMENTWISE = words("abs neg square exp log sigmoid tanh detach float round floor ceil sign")
TESTS = words("isnan isinf isfinite isposinf isneginf signbit")
GENTLE = ("+", "-", "*")
"""Operators whose derivative is finite everywhere: ``where`` differentiates the branch not taken too."""


def masked_rewrite(site: Site, form: WriteForm) -> Draft | None:
    """The rewrite, where the mask visibly has the shape of the tensor and the value is one number per element."""
    spot, names, node, target = site.spot, site.names, form.at.node, form.target
    torch = site.sources.local_name(spot.code.chunk.file, "torch")
    if torch is None or not isinstance(target, cst.Subscript) or dotted(target.value) is None:
        return None
    if len(target.slice) != 1 or not isinstance(index := target.slice[0].slice, cst.Index) or index.star:
        return None
    tensor, mask = spot.text(target.value), spot.text(index.value)
    if not site.can_rebind(target.value) or site.loses_history(target.value):
        return None
    chosen = index.value
    if isinstance(chosen, cst.Name):
        chosen = value_above(site, chosen.value, tensor.partition(".")[0]) or chosen
    if not _has_shape_of(chosen, tensor):
        return None
    if isinstance(node, cst.AugAssign):
        gap = spot.code.text[spot.offsets(target)[1] : spot.offsets(node.value)[0]]
        symbol = gap.strip(" \t\\\r\n").removesuffix("=")
        if symbol not in GENTLE or not is_number(node.value):
            return None
        value, end = f"{tensor} {symbol} {spot.text(node.value)}", spot.offsets(node.value)[1]
    elif isinstance(node, cst.Assign) and len(node.targets) == 1:
        picked = _picked(site, node.value, mask)
        if picked is None:
            return None
        value, end = picked, spot.offsets(node.value)[1]
    else:
        return None
    rewritten = f"{tensor} = {torch}.where({mask}, {value}, {tensor})"
    edit = spot.replace(spot.offsets(target)[0], end, rewritten)
    return Draft(
        f"Select with `{torch}.where` instead of writing into `{tensor}`",
        (edit,),
        not names.seen_elsewhere(target.value),
    )


def _has_shape_of(mask: cst.BaseExpression, tensor: str) -> bool:
    """Whether the mask is computed element by element from ``tensor``, so has its very shape."""
    if isinstance(mask, cst.Comparison):
        if not all(isinstance(each.operator, _ORDER) for each in mask.comparisons):
            return False
        sides = [mask.left, *(each.comparator for each in mask.comparisons)]
        return any(_is_elementwise(side, tensor) for side in sides)
    if isinstance(mask, cst.UnaryOperation):
        return isinstance(mask.operator, cst.BitInvert) and _has_shape_of(mask.expression, tensor)
    if isinstance(mask, cst.BinaryOperation) and isinstance(mask.operator, (cst.BitAnd, cst.BitOr)):
        return _has_shape_of(mask.left, tensor) or _has_shape_of(mask.right, tensor)
    if isinstance(mask, cst.Call) and isinstance(mask.func, cst.Attribute) and mask.func.attr.value in TESTS:
        tested = mask.args[0].value if is_module(mask.func.value) and mask.args else mask.func.value
        return _is_elementwise(tested, tensor)
    return False


_ORDER = (
    cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual, cst.Equal, cst.NotEqual,
)  # fmt: skip


def _is_elementwise(value: cst.BaseExpression, tensor: str) -> bool:
    while isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute):
        of_module = is_module(value.func.value)
        if value.func.attr.value not in ELEMENTWISE or (of_module and not value.args):
            return False
        value = value.args[0].value if of_module else value.func.value
    if isinstance(value, cst.UnaryOperation):
        return _is_elementwise(value.expression, tensor)
    return dotted(value) == tensor


def _picked(site: Site, value: cst.BaseExpression, mask: str) -> str | None:
    """The value of each masked element: a number, or ``v`` of ``v[mask]``."""
    if is_number(value):
        return site.spot.text(value)
    if isinstance(value, cst.Subscript) and len(value.slice) == 1 and dotted(value.value) is not None:
        index = value.slice[0].slice
        if isinstance(index, cst.Index) and site.spot.text(index.value) == mask:
            return site.spot.text(value.value)
    return None


def is_number(value: cst.BaseExpression) -> bool:
    """Whether it is visibly a number: written out, ``float(...)``, ``math.inf``."""
    if isinstance(value, cst.UnaryOperation):
        return isinstance(value.operator, (cst.Minus, cst.Plus)) and is_number(value.expression)
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Name):
        return value.func.value == "float" and len(value.args) == 1
    if isinstance(value, cst.Attribute):
        return value.attr.value in ("inf", "nan", "pi", "e") and is_module(value.value)
    return isinstance(value, (cst.Integer, cst.Float))
