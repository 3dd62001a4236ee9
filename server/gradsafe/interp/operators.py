"""Operators, truth and conditions: constants are folded, tensors go to the op table, the rest is unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from gradsafe.domain.state import Items, Path
from gradsafe.domain.values import (
    FALSE,
    NONE,
    TRUE,
    Bound,
    ClassValue,
    Const,
    DictRef,
    External,
    FunctionValue,
    Instance,
    ListRef,
    Manager,
    ModuleValue,
    RangeValue,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import calls, module_containers, torch_ops
from gradsafe.interp.machine import Machine, Outcomes

_BINARY: dict[str, Callable[[Any, Any], object]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "&": operator.and_, "|": operator.or_, "^": operator.xor,
}  # fmt: skip
_COMPARE: dict[str, Callable[[Any, Any], object]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
DUNDER = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul",
    "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift",
    "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
}  # fmt: skip
MAX_FOLDED = 1 << 64


def truth(path: Path, value: Value) -> bool | None:
    """The truth of a value; None where it is not known."""
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, TupleValue):
        return bool(value.items)
    if isinstance(value, ListRef):
        items = path.items(value.oid)
        return True if items.known else None if items.rest is not None else False
    if isinstance(value, DictRef):
        entries = path.entries(value.oid)
        return True if entries.known else None if entries.rest is not None else False
    if isinstance(value, (FunctionValue, ClassValue, Bound, ModuleValue, External, Manager)):
        return True
    if isinstance(value, Instance):
        return True
    return None


def condition_token(test: Value) -> tuple[Hashable, bool]:
    """The name under which a side of this condition is remembered, and whether the condition negates it."""
    if isinstance(test, Unknown):
        token, negated = test.token, False
        while isinstance(token, tuple) and len(token) == 2 and token[0] == "not":
            token, negated = token[1], not negated
        return token, negated
    return test, False


def constants_equal(value: Value, literal: object) -> bool | None:
    """``value == literal`` where it is known."""
    return value.value == literal if isinstance(value, Const) else None


def name_tensor(path: Path, value: Value, name: str) -> None:
    """The first variable that holds a tensor names it in messages."""
    if isinstance(value, TensorRef):
        tensor = path.tensor(value.oid)
        if tensor.name is None:
            path.heap[value.oid] = replace(tensor, name=name)


def _tensor(path: Path, value: Value) -> bool:
    return isinstance(value, TensorRef)


def binary(machine: Machine, path: Path, op: str, left: Value, right: Value, source: Source) -> Outcomes:
    """``left OP right``."""
    left, right = torch_ops.resolve(path, left), torch_ops.resolve(path, right)
    if isinstance(left, TensorRef) or isinstance(right, TensorRef):
        return torch_ops.apply_operator(machine, path, op, left, right, source)
    if isinstance(left, Const) and isinstance(right, Const):
        folded = _fold(_BINARY, op, left, right)
        if folded is not None:
            return [(path, folded)]
    if op == "+" and isinstance(left, TupleValue) and isinstance(right, TupleValue):
        return [(path, TupleValue(left.items + right.items))]
    if op == "+" and isinstance(left, ListRef) and isinstance(right, ListRef):
        a, b = path.items(left.oid), path.items(right.oid)
        return [(path, _list(path, a.known + b.known, a.rest or b.rest))]
    if op == "*" and isinstance(left, ListRef) and isinstance(right, (Const, Unknown)):
        return [(path, _repeat(path, path.items(left.oid), right))]
    joined = module_containers.joined(path, left, right) if op == "+" else None
    if joined is not None:
        return [(path, joined)]
    for receiver, other, name in ((left, right, DUNDER[op]), (right, left, f"r{DUNDER[op]}")):
        outcomes = calls.call_method(machine, path, receiver, f"__{name}__", (other,), source)
        if outcomes is not None:
            return outcomes
    return [(path, Unknown(("binary", op, _token(left), _token(right))))]


def _token(value: Value) -> Hashable:
    return value.token if isinstance(value, Unknown) else value


def _fold(
    table: dict[str, Callable[[object, object], object]], op: str, left: Const, right: Const
) -> Const | None:
    """Constant folding of numbers, short strings and comparisons; None where Python would raise or grow."""
    function = table.get(op)
    if op == "**" and isinstance(left.value, (int, float)) and isinstance(right.value, (int, float)):
        if abs(right.value) > 64 or abs(left.value) > 1 << 16 or (left.value == 0 and right.value < 0):
            return None
        function = operator.pow
    if function is None:
        return None
    if op == "*" and (isinstance(left.value, (str, bytes)) or isinstance(right.value, (str, bytes))):
        return None
    try:
        value = function(left.value, right.value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    if isinstance(value, int) and abs(value) > MAX_FOLDED:
        return None
    if isinstance(value, str) and len(value) > 1000:
        return None
    return const(value) if isinstance(value, (int, float, str, bool)) else None


def _list(path: Path, items: tuple[Value, ...], rest: Value | None) -> ListRef:
    oid = path.new_id()
    path.heap[oid] = Items(items, rest)
    return ListRef(oid)


def _repeat(path: Path, items: Items, times: Value) -> ListRef:
    if isinstance(times, Const) and isinstance(times.value, int) and times.value * len(items.known) <= 64:
        return _list(path, items.known * times.value, items.rest)
    return _list(path, (), items.known[0] if items.known else items.rest)


def in_place(
    machine: Machine, path: Path, op: str, left: Value, right: Value, source: Source, subject: str
) -> Outcomes:
    """The operator half of ``left OP= right``: in place for tensors and lists, else the plain operator."""
    left, right = torch_ops.resolve(path, left), torch_ops.resolve(path, right)
    if isinstance(left, TensorRef):
        return torch_ops.apply_operator(
            machine, path, op, left, right, source, in_place=True, subject=subject
        )
    if op == "+" and isinstance(left, ListRef):
        items = path.items(left.oid)
        from gradsafe.interp import containers

        more, rest = containers.elements(path, right), containers.rest_of(path, right)
        path.heap[left.oid] = Items(items.known + more, items.rest or rest, items.shape)
        return [(path, left)]
    longer = module_containers.extend(path, left, right) if op == "+" else None
    if longer is not None:
        return [(path, longer)]
    outcomes = calls.call_method(machine, path, left, f"__i{DUNDER[op]}__", (right,), source)
    if outcomes is not None:
        return outcomes
    return binary(machine, path, op, left, right, source)


def unary(machine: Machine, path: Path, op: str, value: Value, source: Source) -> Outcomes:
    """``OP value``."""
    if op == "not":
        known = truth(path, value)
        if known is not None:
            return [(path, FALSE if known else TRUE)]
        return [(path, Unknown(("not", _token(value))))]
    value = torch_ops.resolve(path, value)
    if isinstance(value, TensorRef):
        return torch_ops.apply_unary(machine, path, op, value, source)
    if isinstance(value, Const) and isinstance(value.value, (int, float)):
        number = value.value
        if op == "~" and isinstance(number, int):
            return [(path, const(~number))]
        if op != "~":
            return [(path, const(-number if op == "-" else number))]
    return [(path, Unknown(("unary", op, _token(value))))]


def compare(machine: Machine, path: Path, op: str, left: Value, right: Value, source: Source) -> Outcomes:
    """``left OP right`` for comparisons, identity and membership."""
    if op in ("is", "is-not"):
        return [(path, _identity(path, op, left, right))]
    if op in ("in", "not-in"):
        return [(path, _membership(path, op, left, right))]
    left, right = torch_ops.resolve(path, left), torch_ops.resolve(path, right)
    if isinstance(left, TensorRef) or isinstance(right, TensorRef):
        return torch_ops.apply_operator(machine, path, op, left, right, source)
    if isinstance(left, Const) and isinstance(right, Const):
        folded = _fold(_COMPARE, op, left, right)
        if folded is not None:
            return [(path, folded)]
    same = isinstance(left, TupleValue) and left == right and all(isinstance(i, Const) for i in left.items)
    if same and op in ("==", "!="):
        return [(path, const(op == "=="))]
    if op in ("==", "!=") and _same_class(left, right) is not None:
        return [(path, const(_same_class(left, right) == (op == "==")))]
    outcomes = calls.call_method(machine, path, left, f"__{DUNDER[op]}__", (right,), source)
    if outcomes is not None:
        return outcomes
    if op == "!=":
        return [(path, Unknown(("not", ("compare", "==", _token(left), _token(right)))))]
    return [(path, Unknown(("compare", op, _token(left), _token(right))))]


_NEVER_NONE = (
    TensorRef, ListRef, DictRef, TupleValue, FunctionValue, ClassValue, Bound, ModuleValue, RangeValue, Instance,
    External,
)  # fmt: skip


def _same_class(left: Value, right: Value) -> bool | None:
    """Are two classes one? None where that is not known; a class of the workspace is none from outside."""
    kinds = (ClassValue, External)
    if not (isinstance(left, kinds) and isinstance(right, kinds)):
        return None
    if left == right:
        return True
    return False if isinstance(left, ClassValue) or isinstance(right, ClassValue) else None


def _identity(path: Path, op: str, left: Value, right: Value) -> Value:
    same: bool | None = None
    if left == right and not isinstance(left, Unknown):
        same = True
    elif _same_class(left, right) is False or (
        (isinstance(left, Const) and isinstance(right, Const))
        or (right == NONE and isinstance(left, _NEVER_NONE))
        or (left == NONE and isinstance(right, _NEVER_NONE))
    ):
        same = False
    elif isinstance(left, TensorRef) and isinstance(right, TensorRef):
        same = left == right
    elif (
        isinstance(left, Unknown)
        and path.vars.get((("tensor", left.token), "#ref")) is not None
        and right == NONE
    ):
        same = False
    if same is None:
        token: Hashable = ("compare", "is", _token(left), _token(right))
        return Unknown(token) if op == "is" else Unknown(("not", token))
    return const(same == (op == "is"))


def _membership(path: Path, op: str, left: Value, right: Value) -> Value:
    found: bool | None = None
    if isinstance(left, Const):
        if isinstance(right, DictRef):
            entries = path.entries(right.oid)
            if any(key == left for key, _ in entries.known):
                found = True
            elif entries.rest is None and all(isinstance(key, Const) for key, _ in entries.known):
                found = False
        elif isinstance(right, (TupleValue, ListRef)):
            items = right.items if isinstance(right, TupleValue) else path.items(right.oid).known
            rest = None if isinstance(right, TupleValue) else path.items(right.oid).rest
            if any(item == left for item in items):
                found = True
            elif rest is None and all(isinstance(item, Const) for item in items):
                found = False
        elif isinstance(right, Const) and isinstance(right.value, str) and isinstance(left.value, str):
            found = left.value in right.value
    if found is None:
        token: Hashable = ("in", _token(left), _token(right))
        return Unknown(token) if op == "in" else Unknown(("not", token))
    return const(found == (op == "in"))
