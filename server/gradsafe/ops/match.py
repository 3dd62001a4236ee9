"""Does a call fit a line of the op table? Arguments to parameters, kinds, conditions.

Each test has three answers: yes, no, and cannot be told (an unknown argument).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gradsafe.ops.entry import UNKNOWN, Arg
from gradsafe.ops.notation import OPAQUE, REQUIRED, Condition, Op, Param


class Fit(Enum):
    """The answer of a test: the line applies, may apply, or does not."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Bound:
    """A call bound to a line's parameters."""

    fit: Fit
    binding: Mapping[str, int | str]
    star: str | None = None


KINDS: Final[Mapping[str, frozenset[str]]] = {
    "Tensor": frozenset({"tensor"}),
    "Parameter": frozenset({"tensor"}),
    "Buffer": frozenset({"tensor"}),
    "Parameters": frozenset({"tensors", "list", "tuple", "tensor"}),
    "Tensors": frozenset({"tensors", "list", "tuple"}),
    "Number": frozenset({"number", "bool"}),
    "int": frozenset({"number"}),
    "float": frozenset({"number", "bool"}),
    "bool": frozenset({"bool"}),
    "str": frozenset({"str"}),
    "dtype": frozenset({"dtype"}),
    "device": frozenset({"device", "str"}),
    "ints": frozenset({"ints", "list", "tuple", "number"}),
    "slice": frozenset({"slice", "ellipsis", "none"}),
}
"""Which kinds of argument fit a kind of parameter; ``any`` takes all."""

KIND_NAMES: Final[Mapping[str, str]] = {
    "tensor": "Tensor",
    "tensors": "Tensors",
    "number": "Number",
    "bool": "bool",
    "str": "str",
    "dtype": "dtype",
    "ints": "ints",
    "slice": "slice",
}
"""The one kind that a condition ``p is KIND`` means; the parameters' kinds above are wider."""

_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "self": ("input", "x", "a"),
    "input": ("self",),
    "dim": ("axis", "dims"),
    "dims": ("dim", "axes", "axis"),
    "keepdim": ("keepdims",),
    "other": ("x2", "value"),
    "p": ("ord",),
}
"""Other spellings that torch takes for a keyword."""


def bind(op: Op, args: Sequence[Arg], kwargs: Mapping[str, Arg]) -> Bound:
    """Bind a call to a line, as torch's own argument parser would."""
    placed = _place(op.params, args, kwargs)
    if placed is None:
        return Bound(Fit.NO, {})
    binding, star = placed
    fit = Fit.YES
    for param in op.params:
        for arg in _arguments_of(param, binding, star, args, kwargs):
            fit = _both(fit, _kind_fit(param, arg))
        if fit is Fit.NO:
            return Bound(fit, binding, star)
    for condition in op.conditions:
        fit = _both(fit, _condition_fit(condition, op.params, binding, args, kwargs))
        if fit is Fit.NO:
            break
    return Bound(fit, binding, star)


def _place(
    params: tuple[Param, ...], args: Sequence[Arg], kwargs: Mapping[str, Arg]
) -> tuple[dict[str, int | str], str | None] | None:
    binding: dict[str, int | str] = {}
    star: str | None = None
    positional = [param for param in params if not param.keyword_only]
    for index in range(len(args)):
        if index < len(positional) and not positional[index].star:
            binding[positional[index].name] = index
            continue
        last = positional[min(index, len(positional) - 1)] if positional else None
        if last is None or not (last.star or _takes_loose_ints(positional, last)):
            return None
        binding.setdefault(last.name, index)
        star = last.name
    names = {param.name for param in params}
    for keyword in kwargs:
        name = keyword if keyword in names else _synonym(keyword, names)
        if name is None or name in binding:
            return None
        binding[name] = keyword
    for param in params:
        missing = param.default is REQUIRED and not param.star and param.name not in binding
        if missing and not _read_of_module(param):
            return None
    return binding, star


def _takes_loose_ints(positional: list[Param], last: Param) -> bool:
    """``x.view(2, 3)``: the only positional parameter (beside self) takes ints one by one, too."""
    alone = len(positional) == 1 or (len(positional) == 2 and positional[0].name == "self")
    return "ints" in last.kinds and last is positional[-1] and alone


def _read_of_module(param: Param) -> bool:
    """A parameter that stands for module state: a caller who does not know it leaves it out."""
    return param.keyword_only and param.default is REQUIRED


def _synonym(keyword: str, names: set[str]) -> str | None:
    return next((name for name in names if keyword in _SYNONYMS.get(name, ())), None)


def _arguments_of(
    param: Param,
    binding: Mapping[str, int | str],
    star: str | None,
    args: Sequence[Arg],
    kwargs: Mapping[str, Arg],
) -> Sequence[Arg]:
    where = binding.get(param.name)
    if where is None:
        return ()
    if isinstance(where, str):
        return (kwargs[where],)
    return args[where:] if param.name == star else (args[where],)


def _both(first: Fit, second: Fit) -> Fit:
    if Fit.NO in (first, second):
        return Fit.NO
    return Fit.MAYBE if Fit.MAYBE in (first, second) else Fit.YES


def _kind_fit(param: Param, arg: Arg) -> Fit:
    fits = [_one_kind(kind, arg) for kind in param.kinds]
    return Fit.YES if Fit.YES in fits else Fit.MAYBE if Fit.MAYBE in fits else Fit.NO


def _one_kind(kind: str, arg: Arg) -> Fit:
    if kind == "any":
        return Fit.YES
    if arg.kind in ("unknown", "other"):
        return Fit.MAYBE
    if kind.endswith("?"):
        if arg.kind == "none":
            return Fit.YES
        kind = kind[:-1]
    if arg.kind not in KINDS[kind]:
        return Fit.NO
    if kind == "int" and isinstance(arg.value, float):
        return Fit.NO
    return Fit.YES


def _condition_fit(
    condition: Condition,
    params: tuple[Param, ...],
    binding: Mapping[str, int | str],
    args: Sequence[Arg],
    kwargs: Mapping[str, Arg],
) -> Fit:
    name, _, attribute = condition.param.partition(".")
    where = binding.get(name)
    if where is None:
        default = next((param.default for param in params if param.name == name), OPAQUE)
        if default is OPAQUE or default is REQUIRED:
            return Fit.MAYBE
        arg = Arg(_kind_of_literal(default), default)
    else:
        arg = args[where] if isinstance(where, int) else kwargs[where]
    if condition.test in ("is", "not"):
        fit = _is_kind(str(condition.literal), arg)
    elif attribute:
        known = arg.ndim if attribute == "ndim" else arg.dtype
        fit = Fit.MAYBE if known is None else _fit(known == condition.literal)
        if arg.kind not in ("tensor", "unknown", "other"):
            fit = Fit.NO
    elif condition.test in ("<", ">="):
        fit = _is_less(arg, condition.literal)
    else:
        fit = _equals(arg, condition.literal)
    return _negated(fit) if condition.test in ("not", "!=", ">=") else fit


def _is_kind(kind: str, arg: Arg) -> Fit:
    if arg.kind in ("unknown", "other") or (arg.kind in ("list", "tuple") and kind in ("Tensors", "ints")):
        return Fit.MAYBE
    return _fit(KIND_NAMES.get(arg.kind) == kind)


def _equals(arg: Arg, literal: object) -> Fit:
    if arg.kind == "none" or literal is None:
        return (
            Fit.MAYBE if arg.kind in ("unknown", "other") else _fit((arg.kind == "none") == (literal is None))
        )
    if arg.value is UNKNOWN:
        kinds = {"unknown", "other", _kind_of_literal(literal)}
        kinds |= {"ints", "tuple", "list"} if "number" in kinds else set()
        return Fit.MAYBE if arg.kind in kinds else Fit.NO
    return _fit(bool(plain(arg.value) == literal))


def _is_less(arg: Arg, literal: object) -> Fit:
    value = plain(arg.value)
    if isinstance(value, (int, float)) and isinstance(literal, (int, float)):
        return _fit(value < literal)
    return Fit.MAYBE if arg.value is UNKNOWN and arg.kind in ("unknown", "other", "number") else Fit.NO


def plain(value: object) -> object:
    """``(1, 1)`` is 1: sizes may be given for each dimension, or once for all."""
    if isinstance(value, tuple) and value and all(item == value[0] for item in value):
        return value[0]
    return value


def _fit(answer: bool) -> Fit:
    return Fit.YES if answer else Fit.NO


def _negated(fit: Fit) -> Fit:
    return {Fit.YES: Fit.NO, Fit.NO: Fit.YES, Fit.MAYBE: Fit.MAYBE}[fit]


def _kind_of_literal(value: object) -> str:
    if value is None:
        return "none"
    for kind, types in (("bool", bool), ("number", (int, float, complex)), ("str", str)):
        if isinstance(value, types):
            return kind
    return "ints" if isinstance(value, (tuple, list)) else "other"
