"""Comparisons, identity and membership: what is known of the values decides, then what their classes say."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable
from typing import Any

from gradsafe.domain.state import Entries, Items, Path
from gradsafe.domain.values import (
    NONE,
    Bound,
    ClassValue,
    Const,
    DictRef,
    External,
    FunctionValue,
    Instance,
    ListRef,
    ModuleValue,
    RangeValue,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import calls, classes, containers, data_classes, operators, torch_ops
from gradsafe.interp.machine import Machine, Outcomes

_COMPARE: dict[str, Callable[[Any, Any], object]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def compare(machine: Machine, path: Path, op: str, left: Value, right: Value, source: Source) -> Outcomes:
    """``left OP right`` for comparisons, identity and membership."""
    if op in ("is", "is-not"):
        return [(path, _identity(path, op, left, right))]
    if op in ("in", "not-in"):
        return _contains(machine, path, op, left, right, source)
    left, right = torch_ops.resolve(path, left), torch_ops.resolve(path, right)
    if isinstance(left, TensorRef) or isinstance(right, TensorRef):
        return torch_ops.apply_operator(machine, path, op, left, right, source)
    plain_left, plain_right = data_classes.plain_value(path, left), data_classes.plain_value(path, right)
    if isinstance(plain_left, Const) and isinstance(plain_right, Const):
        folded = operators.fold(_COMPARE, op, plain_left, plain_right)
        if folded is not None:
            return [(path, folded)]
    if op not in ("==", "!=") and (ordered := _order(path, op, left, right)) is not None:
        return [(path, const(ordered))]
    same = same_value(path, left, right) if op in ("==", "!=") else None
    if same is None and op in ("==", "!="):
        same = _same_class(left, right)
    if same is not None:
        return [(path, const(same == (op == "==")))]
    outcomes = calls.call_method(machine, path, left, f"__{operators.DUNDER[op]}__", (right,), source)
    if outcomes is not None:
        return outcomes
    if op == "!=":
        return [
            (
                path,
                operators.unknown(
                    path, ("not", ("compare", "==", operators.token_of(left), operators.token_of(right)))
                ),
            )
        ]
    return [
        (path, operators.unknown(path, ("compare", op, operators.token_of(left), operators.token_of(right))))
    ]


def same_value(path: Path, left: Value, right: Value) -> bool | None:
    """``==`` of values that are no numbers or strings; None where it is not known, or the class says."""
    if isinstance(left, TupleValue) and isinstance(right, TupleValue):
        if len(left.items) != len(right.items):
            return False
        pairs = [same_value(path, a, b) for a, b in zip(left.items, right.items, strict=True)]
        return False if False in pairs else None if None in pairs else True
    if isinstance(left, Const) and isinstance(right, Const):
        return bool(left.value == right.value)
    if isinstance(left, External) and isinstance(right, External):
        return left.name == right.name or None
    if isinstance(left, ListRef) and isinstance(right, ListRef):
        one, two = path.items(left.oid), path.items(right.oid)
        if one.rest is not None or two.rest is not None:
            return None
        if "set" in (one.shape, two.shape):
            return _same_elements(one, two)
        return same_value(path, TupleValue(one.known), TupleValue(two.known))
    if isinstance(left, DictRef) and isinstance(right, DictRef):
        return _same_entries(path, path.entries(left.oid), path.entries(right.oid))
    objects = (Instance, ClassValue, FunctionValue)
    if isinstance(left, objects) and isinstance(right, objects):
        if not isinstance(left, Instance) or not isinstance(left.cls, ClassValue):
            return left == right or None
        own = classes.find_member(path, classes.class_of(left), "__eq__") is not None
        return None if own or data_classes.is_dataclass(path, left.cls) else left == right
    if NONE in (left, right) and not isinstance(left, Unknown) and not isinstance(right, Unknown):
        return None if Instance in (type(left), type(right)) else left == right
    if isinstance(left, (ListRef, TupleValue, DictRef)) and isinstance(right, Const):
        return False
    return None


def _same_elements(one: Items, two: Items) -> bool | None:
    """``==`` of two sets; of a set and a list it is False. The keys of a dict are one, too, and may be told from neither here."""
    if one.shape != two.shape:
        return None if "generator" in (one.shape, two.shape) else False
    plain = all(isinstance(item, Const) for item in (*one.known, *two.known))
    return set(one.known) == set(two.known) if plain else None


def _same_entries(path: Path, one: Entries, two: Entries) -> bool | None:
    """``==`` of two dicts, whatever the order."""
    if one.rest is not None or two.rest is not None:
        return None
    left, right = dict(one.known), dict(two.known)
    if not all(isinstance(key, Const) for key in (*left, *right)):
        return None
    if left.keys() != right.keys():
        return False
    pairs = [same_value(path, value, right[key]) for key, value in left.items()]
    return False if False in pairs else None if None in pairs else True


def _plain(path: Path, value: Value) -> object:
    """The Python value of a number, a string, or a tuple or list of such; None where it is none."""
    if isinstance(value, Const):
        return value.value
    if isinstance(value, ListRef) and (path.items(value.oid).rest or path.items(value.oid).shape != "list"):
        return None
    if isinstance(value, (TupleValue, ListRef)):
        items = [_plain(path, item) for item in containers.elements(path, value)]
        made = tuple(items) if isinstance(value, TupleValue) else items
        return None if None in items else made
    return None


def _order(path: Path, op: str, left: Value, right: Value) -> bool | None:
    """``<`` and the like of tuples and lists of plain values."""
    one, two = _plain(path, left), _plain(path, right)
    if not isinstance(one, (tuple, list)) or not isinstance(two, type(one)):
        return None
    try:
        return bool(_COMPARE[op](one, two))
    except TypeError:
        return None


def _contains(machine: Machine, path: Path, op: str, left: Value, right: Value, source: Source) -> Outcomes:
    if isinstance(right, Instance):
        outcomes = calls.call_method(machine, path, right, "__contains__", (left,), source)
        if outcomes is not None:
            return outcomes if op == "in" else [
                negated for each, value in outcomes for negated in operators.unary(machine, each, "not", value, source)
            ]  # fmt: skip
        children = path.vars.get((right.oid, "#children"))
        right = children if isinstance(children, DictRef) else data_classes.held(path, right)
    return [(path, _membership(path, op, left, right))]


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


_OBJECTS = (TensorRef, ListRef, DictRef, Instance, ClassValue)
"""Values of which two that differ are two objects."""


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
    elif isinstance(left, _OBJECTS) and isinstance(right, _OBJECTS):
        same = left == right
    elif (
        isinstance(left, Unknown)
        and path.vars.get((("tensor", left.token), "#ref")) is not None
        and right == NONE
    ):
        same = False
    if same is None:
        token: Hashable = ("compare", "is", operators.token_of(left), operators.token_of(right))
        return Unknown(token) if op == "is" else Unknown(("not", token))
    return const(same == (op == "is"))


def _membership(path: Path, op: str, left: Value, right: Value) -> Value:
    found: bool | None = None
    if isinstance(right, RangeValue) and isinstance(left, Const) and isinstance(left.value, int):
        bounds = [part.value for part in (right.start, right.stop, right.step) if isinstance(part, Const)]
        whole = [bound for bound in bounds if isinstance(bound, int)]
        found = left.value in range(*whole) if len(whole) == 3 and whole[2] else None
    elif isinstance(left, (Instance, ClassValue, FunctionValue, External)):
        found = _is_among(path, left, right)
    elif isinstance(left, Const):
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
    elif isinstance(left, TupleValue) and isinstance(right, DictRef):
        entries = path.entries(right.oid)
        found = True if any(key == left for key, _ in entries.known) else None
    if found is None:
        token: Hashable = ("in", operators.token_of(left), operators.token_of(right))
        return Unknown(token) if op == "in" else Unknown(("not", token))
    return const(found == (op == "in"))


def _is_among(path: Path, value: Value, container: Value) -> bool | None:
    """Is an object that is only equal to itself among the elements (or keys)?"""
    if isinstance(container, DictRef):
        entries = path.entries(container.oid)
        known, rest = tuple(key for key, _ in entries.known), entries.rest
    elif isinstance(container, (TupleValue, ListRef)):
        items = path.items(container.oid) if isinstance(container, ListRef) else None
        known, rest = (items.known, items.rest) if items else (container.items, None)  # type: ignore[union-attr]
    else:
        return None
    if value in known:
        return True
    return False if rest is None and all(same_value(path, value, item) is False for item in known) else None
