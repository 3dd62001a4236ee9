"""Operators and truth: constants are folded, tensors go to the op table, the rest is unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable
from typing import Any

from gradsafe.domain.state import Entries, Items, Path, Status
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
from gradsafe.interp import (
    calls,
    containers,
    data_classes,
    module_containers,
    sets,
    strings,
    torch_ops,
)
from gradsafe.interp.machine import Machine, Outcomes

_BINARY: dict[str, Callable[[Any, Any], object]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "&": operator.and_, "|": operator.or_, "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
}  # fmt: skip
DUNDER = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul",
    "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift",
    "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
}  # fmt: skip
_UNARY_DUNDER = {"-": "neg", "+": "pos", "~": "invert"}
MAX_FOLDED = 1 << 64


def truth(path: Path, value: Value) -> bool | None:
    """The truth of a value; None where it is not known."""
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, TupleValue):
        return bool(value.items)
    if isinstance(value, RangeValue):
        bounds = [part.value for part in (value.start, value.stop, value.step) if isinstance(part, Const)]
        whole = [bound for bound in bounds if isinstance(bound, int)]
        return bool(range(*whole)) if len(whole) == 3 and whole[2] else None
    if isinstance(value, ListRef):
        items = path.items(value.oid)
        return True if items.known else None if items.rest is not None else False
    if isinstance(value, DictRef):
        entries = path.entries(value.oid)
        return True if entries.known else None if entries.rest is not None else False
    if isinstance(value, (FunctionValue, ClassValue, Bound, ModuleValue, Manager)):
        return True
    if isinstance(value, External):
        return None if value.is_opaque or value.name.startswith("torch.backends.") else True
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


def asked(machine: Machine, path: Path, value: Value, source: Source) -> Outcomes:
    """The value whose truth is that of ``value``: objects are asked by ``__bool__``, then by ``__len__``."""
    if isinstance(value, Instance):
        for name in ("__bool__", "__len__"):
            outcomes = calls.call_method(machine, path, value, name, (), source)
            if outcomes is not None:
                return outcomes
        held = path.vars.get((value.oid, "#held"))
        if held is not None:
            return [(path, held)]
    return [(path, value)]


def name_tensor(path: Path, value: Value, name: str) -> None:
    """The first variable that holds a tensor names it in messages."""
    if isinstance(value, TensorRef):
        tensor = path.tensor(value.oid)
        if tensor.name is None:
            path.heap[value.oid] = tensor.but({"name": name})


def _tensor(path: Path, value: Value) -> bool:
    return isinstance(value, TensorRef)


def binary(machine: Machine, path: Path, op: str, left: Value, right: Value, source: Source) -> Outcomes:
    """``left OP right``."""
    left, right = torch_ops.resolve(path, left), torch_ops.resolve(path, right)
    if isinstance(left, TensorRef) or isinstance(right, TensorRef):
        own = calls.own_operator(machine, path, DUNDER[op], left, right, source)
        return own if own is not None else torch_ops.apply_operator(machine, path, op, left, right, source)
    plain_left, plain_right = data_classes.plain_value(path, left), data_classes.plain_value(path, right)
    if isinstance(plain_left, Const):
        text = plain_left.value if op == "%" and isinstance(plain_left.value, str) else None
        if text is not None:
            whole = strings.percent(text, plain_right)
            return [(path, const(whole) if whole is not None else unknown(path, ("format", text, right)))]
        if isinstance(plain_right, Const):
            folded = fold(_BINARY, op, plain_left, plain_right)
            if folded is not None:
                return [(path, folded)]
            if (
                op in ("/", "//", "%")
                and plain_right.value == 0
                and isinstance(plain_left.value, (int, float))
            ):
                path.status, path.raised = Status.RAISED, "ZeroDivisionError"
                return [(path, NONE)]
    if op == "*" and isinstance(left, TupleValue) and (times := _times(right, len(left.items))) is not None:
        return [(path, TupleValue(left.items * times))]
    if op == "|" and isinstance(left, DictRef) and isinstance(right, DictRef):
        one, two = path.entries(left.oid), path.entries(right.oid)
        made = path.new_id()
        path.heap[made] = Entries(tuple((dict(one.known) | dict(two.known)).items()), one.rest or two.rest)
        return [(path, DictRef(made))]
    if op == "+" and isinstance(left, TupleValue) and isinstance(right, TupleValue):
        if len(left.items) + len(right.items) > containers.MAX_KNOWN:
            return [(path, containers.new_list(path, left.items + right.items, shape="tuple"))]
        return [(path, TupleValue(left.items + right.items))]
    if op == "+" and isinstance(left, ListRef) and isinstance(right, ListRef):
        a, b = path.items(left.oid), path.items(right.oid)
        return [(path, containers.new_list(path, a.known + b.known, a.rest or b.rest, a.shape))]
    if isinstance(left, ListRef) and isinstance(right, ListRef):
        combined = sets.combined(path, op, left, right)
        if combined is not None:
            return [(path, combined)]
    if op == "*" and isinstance(right, ListRef) and isinstance(left, (Const, Unknown)):
        return [(path, _repeat(path, path.items(right.oid), left))]
    if op == "*" and isinstance(left, ListRef) and isinstance(right, (Const, Unknown)):
        return [(path, _repeat(path, path.items(left.oid), right))]
    joined = module_containers.joined(path, left, right) if op == "+" else None
    if joined is not None:
        return [(path, joined)]
    own = calls.own_operator(machine, path, DUNDER[op], left, right, source)
    if own is not None:
        return own
    return [(path, unknown(path, ("binary", op, token_of(left), token_of(right))))]


MAX_TOKEN = 64
"""Parts of a structural name. `x = x + x` doubles the name each time, and whoever hashes it goes through all of it."""


def unknown(path: Path, token: Hashable) -> Unknown:
    """An unknown value under a structural name, or under a fresh one where that has grown too long."""
    left, stack = MAX_TOKEN, [token]
    while stack:
        part = stack.pop()
        left -= 1
        if left < 0:
            return Unknown(("long", path.new_id()))
        if isinstance(part, tuple):
            stack.extend(part)
        elif isinstance(part, TupleValue):
            stack.extend(part.items)
        elif isinstance(part, Unknown):
            stack.append(part.token)
    return Unknown(token)


def token_of(value: Value) -> Hashable:
    """The name of a value inside the name of another."""
    return value.token if isinstance(value, Unknown) else value


def fold(
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
    if op == "*" and not _is_short(left.value, right.value):
        return None
    if op == "<<" and isinstance(right.value, int) and right.value > 64:
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


def _is_short(left: object, right: object) -> bool:
    """Whether a product is that of two numbers, or a string that does not grow long."""
    texts = [each for each in (left, right) if isinstance(each, (str, bytes))]
    numbers = [each for each in (left, right) if isinstance(each, int)]
    return not texts or (len(numbers) == 1 and len(texts[0]) * numbers[0] <= 1000)


def _times(value: Value, length: int) -> int | None:
    """How often a sequence is repeated, if what comes of it is short."""
    number = value.value if isinstance(value, Const) and isinstance(value.value, int) else None
    return number if number is not None and number * length <= 64 else None


def _repeat(path: Path, items: Items, times: Value) -> ListRef:
    if isinstance(times, Const) and isinstance(times.value, int) and times.value * len(items.known) <= 64:
        return containers.new_list(path, items.known * times.value, items.rest)
    return containers.new_list(path, (), items.known[0] if items.known else items.rest)


def in_place(
    machine: Machine, path: Path, op: str, left: Value, right: Value, source: Source, subject: str
) -> Outcomes:
    """The operator half of ``left OP= right``: in place for tensors and lists, else the plain operator."""
    left, right = torch_ops.resolve(path, left), torch_ops.resolve(path, right)
    if isinstance(left, TensorRef):
        return torch_ops.apply_operator(
            machine, path, op, left, right, source, in_place=True, subject=subject
        )
    content = data_classes.held(path, left)
    if op == "+" and isinstance(content, ListRef):
        found: Outcomes = []
        for each, value in containers.spread(machine, path, right, source):
            items = each.items(content.oid)
            more, rest = containers.elements(each, value), containers.rest_of(each, value)
            each.heap[content.oid] = containers.bounded(items.known + more, items.rest or rest, items.shape)
            found.append((each, left))
        return found
    if op == "|" and isinstance(content, DictRef) and isinstance(right, DictRef):
        old, new = path.entries(content.oid), path.entries(right.oid)
        merged = tuple((dict(old.known) | dict(new.known)).items())
        path.heap[content.oid] = Entries(merged, old.rest or new.rest)
        return [(path, left)]
    if isinstance(content, ListRef) and isinstance(right, ListRef):
        combined = sets.combined(path, op, content, right)
        if combined is not None:
            path.heap[content.oid] = path.items(combined.oid)
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
        found: Outcomes = []
        for each, test in asked(machine, path, value, source):
            known = truth(each, test)
            negated: Value = Unknown(("not", token_of(test)))
            found.append((each, negated if known is None else FALSE if known else TRUE))
        return found
    value = torch_ops.resolve(path, value)
    if isinstance(value, TensorRef):
        return torch_ops.apply_unary(machine, path, op, value, source)
    if isinstance(value, Const) and isinstance(value.value, (int, float)):
        number = value.value
        if op == "~" and isinstance(number, int):
            return [(path, const(~number))]
        if op != "~":
            return [(path, const(-number if op == "-" else number))]
    outcomes = calls.call_method(machine, path, value, f"__{_UNARY_DUNDER[op]}__", (), source)
    return outcomes if outcomes is not None else [(path, unknown(path, ("unary", op, token_of(value))))]
