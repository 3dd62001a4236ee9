"""The ``operator`` module: functions that do what the operators do, in place where their name says so; and ``math``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import NONE, Bound, Const, External, PartialValue, Unknown, Value, const
from gradsafe.interp import calls, classes, comparisons, containers, operators, strings
from gradsafe.interp.builtin_calls import builtin

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_BINARY = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "and_": "&", "or_": "|", "xor": "^", "concat": "+",
}  # fmt: skip
_IN_PLACE = {f"i{name.rstrip('_')}": op for name, op in _BINARY.items()}
_COMPARE = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "is_": "is",
    "is_not": "is-not",
}
_UNARY = {"neg": "-", "pos": "+", "invert": "~", "inv": "~", "not_": "not"}


def _names(*tables: dict[str, str]) -> list[str]:
    return [f"operator.{name}" for table in tables for name in table]


@builtin(*_names(_BINARY, _IN_PLACE, _COMPARE, _UNARY))
def _operator(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else ""
    args = call.args
    if name in _UNARY and len(args) == 1:
        return operators.unary(machine, path, _UNARY[name], args[0], call.source)
    if len(args) != 2 or name in _UNARY:
        return None
    if name in _IN_PLACE:
        return operators.in_place(machine, path, _IN_PLACE[name], args[0], args[1], call.source, call.first)
    if name in _COMPARE:
        return comparisons.compare(machine, path, _COMPARE[name], args[0], args[1], call.source)
    return operators.binary(machine, path, _BINARY[name], args[0], args[1], call.source)


@builtin("operator.getitem")
def _getitem(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return (
        containers.get_item(machine, path, call.args[0], call.args[1], call.source)
        if len(call.args) == 2
        else None
    )


@builtin("operator.setitem")
def _setitem(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) != 3:
        return None
    obj, index, value = call.args
    paths = containers.set_item(machine, path, obj, index, value, call.source, call.first, False)
    return [(each, NONE) for each in (paths if paths is not None else [path])]


@builtin("operator.contains")
def _contains(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) != 2:
        return None
    return comparisons.compare(machine, path, "in", call.args[1], call.args[0], call.source)


@builtin("operator.itemgetter", "operator.attrgetter", "operator.methodcaller")
def _getter(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name if isinstance(call.function, External) else ""
    if len(call.args) != 1 and not name.endswith("methodcaller"):
        return None
    return [(path, PartialValue(External(f"{name}()"), call.args, tuple(call.kwargs.items())))]


@builtin("operator.itemgetter()", "operator.attrgetter()", "operator.methodcaller()")
def _got(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name if isinstance(call.function, External) else ""
    key, obj = call.args[0], call.args[-1]
    if "item" in name:
        return containers.get_item(machine, path, obj, key, call.source)
    if not (isinstance(key, Const) and isinstance(key.value, str)):
        return None
    if "attr" in name:
        states: Outcomes = [(path, obj)]
        for part in key.value.split("."):
            states = [
                after
                for each, value in states
                for after in classes.get_attribute(machine, each, value, part, call.source)
            ]
        return states
    found: Outcomes = []
    for each, bound in classes.get_attribute(machine, path, obj, key.value, call.source):
        if isinstance(bound, (Bound, Unknown)):
            found.extend(calls.call(machine, each, replace(call, function=bound, args=call.args[1:-1])))
    return found or None


_MATH: dict[str, Callable[..., object]] = {
    name: getattr(math, name)
    for name in (
        "sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "floor", "ceil", "fabs", "isclose", "isnan",
        "isinf", "isfinite", "hypot", "gcd", "copysign", "atan2", "tanh", "trunc", "fmod",
    )
}  # fmt: skip


@builtin(*(f"math.{name}" for name in _MATH))
def _math(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else ""
    given: list[int | float] = [
        arg.value for arg in call.args if isinstance(arg, Const) and isinstance(arg.value, (int, float))
    ]
    if len(given) == len(call.args) and not call.kwargs:
        try:
            return [(path, _plain(_MATH[name](*given)))]
        except (TypeError, ValueError, ArithmeticError):
            return [(path, strings.ignorance(name, path))]
    tokens = tuple(map(operators.token_of, call.args))
    return [(path, Unknown(("int", name, tokens)))]


def _plain(value: object) -> Value:
    return const(value)
