"""Operations out of place as the source writes them, and how the same is written in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import libcst as cst

from gradsafe.fixes.forms import FUNCTION_FLAG, FUNCTION_MODULES, callee, is_module, words
from gradsafe.fixes.rewrite import receiver
from gradsafe.fixes.spot import Spot
from gradsafe.fixes.tree import Cursor, argument, dotted
from gradsafe.rules.finding import Edit

OPERATORS = {cst.Add: "+=", cst.Subtract: "-=", cst.Multiply: "*=", cst.Divide: "/="}

METHODS = words("""add sub subtract mul multiply div divide true_divide clamp clip clamp_min clamp_max masked_fill
    relu sigmoid tanh sqrt sin cos neg negative floor ceil round trunc clone""")
"""Methods with an in-place twin whose result has the receiver's dtype if that is floating, whatever a caller's autocast does: it runs
``exp``, ``log``, ``pow`` and others in float32, but not their twins (torch/amp, op lists)."""
FUNCTIONS = words(
    "relu sigmoid tanh sqrt sin cos neg negative clamp clip floor ceil round trunc dropout clone"
)
"""Functions of ``torch`` of which the same is true."""
KEEPS_DTYPE = words("relu neg negative clone floor ceil round trunc")
"""The dtype of the result is the operand's, whatever that is."""
PLAIN = words("relu sigmoid tanh sqrt sin cos neg negative floor ceil round trunc clone dropout") | frozenset(
    FUNCTION_FLAG
)
"""No argument can be a tensor: none is added to the operand, or broadcast with it."""
RANDOM = frozenset(name for name in FUNCTION_FLAG if "dropout" in name) | {"dropout", "rrelu"}
"""CUDA draws other numbers in place than out of place (``native_dropout`` is fused only out of place)."""


class How(Enum):
    """Which syntax."""

    OPERATOR = "h = h + 1"
    METHOD = "h = h.clamp(0)"
    FUNCTION = "h = torch.relu(h)"
    FLAG = "h = F.relu(h)"
    CLONE = "h = h.clone()"


@dataclass(frozen=True, eq=False)
class SpareForm:
    """``at``: the operation; ``operand``: what it could write. ``assign``: the statement, where it binds the result to the operand's
    own name; else the operand has no name, or is cloned for the last time that its name is read."""

    how: How
    operation: str
    at: Cursor
    operand: cst.BaseExpression
    assign: cst.Assign | None

    @property
    def name(self) -> str | None:
        """The variable that is the operand."""
        return self.operand.value if isinstance(self.operand, cst.Name) else None

    @property
    def words(self) -> str:
        """The operation as the reader wrote it, roughly."""
        if self.how is How.OPERATOR:
            return f"`{self.operation.removesuffix('=')}`"
        return f"`{self.operation}()`"

    @property
    def keeps_dtype(self) -> bool:
        return self.operation in KEEPS_DTYPE

    @property
    def plain(self) -> bool:
        return self.operation in PLAIN


def spare_form(cursor: Cursor) -> SpareForm | None:
    """The operation that ``cursor``'s node itself is, if its operand is bound anew or has no name."""
    node = cursor.node
    found: tuple[How, str, cst.BaseExpression] | None = None
    if isinstance(node, cst.BinaryOperation) and type(node.operator) in OPERATORS and not node.lpar:
        found = How.OPERATOR, OPERATORS[type(node.operator)], node.left
    elif isinstance(node, cst.Call) and not any(each.star for each in node.args):
        found = _of_call(node)
    if found is None:
        return None
    how, operation, operand = found
    if isinstance(operand, cst.Name):
        assign = _rebinds(cursor, operand)
        is_possible = not operand.lpar and (assign is not None or how is How.CLONE)
        return SpareForm(how, operation, cursor, operand, assign) if is_possible else None
    if how is How.OPERATOR or not isinstance(operand, (cst.Call, cst.BinaryOperation)):
        return None
    return SpareForm(how, operation, cursor, operand, None)


def _rebinds(cursor: Cursor, operand: cst.Name) -> cst.Assign | None:
    """The statement, if it binds the value of ``cursor`` to the operand's own name and to nothing else."""
    parent = cursor.parent.node if cursor.parent is not None else None
    if not isinstance(parent, cst.Assign) or parent.value is not cursor.node or len(parent.targets) != 1:
        return None
    target = parent.targets[0].target
    return parent if isinstance(target, cst.Name) and target.value == operand.value else None


def _of_call(call: cst.Call) -> tuple[How, str, cst.BaseExpression] | None:
    name, func = callee(call) or "", call.func
    if not isinstance(func, cst.Attribute) or call.lpar:
        return None
    first = call.args[0] if call.args and call.args[0].keyword is None else None
    if not is_module(func.value):
        how = How.CLONE if name == "clone" and not call.args else How.METHOD
        return (
            (how, name, func.value) if name in METHODS and (how is How.CLONE) == (name == "clone") else None
        )
    owner = dotted(func.value) or ""
    if first is None or owner not in FUNCTION_MODULES or argument(call, None, "out") is not None:
        return None
    if owner in ("torch", "th"):
        if name == "clone":
            return (How.CLONE, name, first.value) if len(call.args) == 1 else None
        return (How.FUNCTION, name, first.value) if name in FUNCTIONS else None
    if name in FUNCTION_FLAG and name != "rrelu" and argument(call, FUNCTION_FLAG[name], "inplace") is None:
        return How.FLAG, name, first.value
    return None


def in_place(spot: Spot, form: SpareForm) -> Iterator[tuple[str, tuple[Edit, ...]]]:
    """A title, and the least edits."""
    node = form.at.node
    if form.how is How.CLONE:
        yield from (("Do without `clone()`", (edit,)) for edit in _without_clone(spot, form))
    elif form.how is How.OPERATOR and isinstance(node, cst.BinaryOperation):
        end = spot.offsets(node.right)[0]
        begin = spot.offsets(form.assign or node)[0]
        text = spot.text(form.operand)
        yield (
            f"Write in place: `{text} {form.operation} ...`",
            (spot.replace(begin, end, f"{text} {form.operation} "),),
        )
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if form.how is How.FLAG:
            at = spot.offsets(node.args[-1])[1]
            yield "Work in place: `inplace=True`", (spot.insert(at, ", inplace=True"),)
            return
        at = spot.offsets(node.func.attr)[1]
        edits: tuple[Edit, ...] = (spot.insert(at, "_"),)
        if form.how is How.METHOD and form.assign is not None:
            edits = (spot.replace(spot.offsets(form.assign)[0], spot.offsets(node)[0], ""), *edits)
        yield f"Work in place: `{form.operation}_()`", edits


def _without_clone(spot: Spot, form: SpareForm) -> Iterator[Edit]:
    """Nothing is left of ``h = h.clone()``: its line goes, but for a comment."""
    if form.assign is None:
        yield spot.replace(*spot.offsets(form.at.node), receiver(spot, form.operand))
        return
    start, end = spot.offsets(form.assign)
    text = spot.code.text
    line_end = next((at for at in range(end, len(text)) if text[at] in "\r\n"), len(text))
    rest = text[end:line_end].lstrip()
    if not spot.begins_line or text[spot.line_start : start].strip() or rest[:1] not in ("", "#"):
        return  # another statement stands on the line
    after = line_end + (2 if text.startswith("\r\n", line_end) else 1)
    yield spot.replace(start, line_end - len(rest), "") if rest else spot.replace(spot.line_start, after, "")
