"""The signatures of functions that torch writes in Python, or binds by hand: in the table's notation."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from gradsafe.ops.notation import OPAQUE, REQUIRED, Param
from tools.op_table.hand import SIGNATURES

_ANNOTATIONS = {
    "Tensor": "Tensor",
    "torch.Tensor": "Tensor",
    "bool": "bool",
    "str": "str",
    "int": "int",
    "float": "float",
}


def of_python(name: str, function: Callable[..., Any]) -> tuple[Param, ...] | None:
    """The parameters of a function; None where neither Python nor the hand list knows them."""
    by_hand = SIGNATURES.get(name)
    if by_hand is not None:
        return by_hand
    try:
        signature = inspect.signature(undispatched(function))
    except (ValueError, TypeError):
        return None
    return tuple(_params(signature))


def undispatched(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function behind ``torch._jit_internal.boolean_dispatch``, whose own signature is ``*args``."""
    code = getattr(function, "__code__", None)
    cells = getattr(function, "__closure__", None) or ()
    if code is not None and "if_false" in code.co_freevars:
        behind = cells[code.co_freevars.index("if_true")].cell_contents
        return behind if callable(behind) else function
    return function


def _params(signature: inspect.Signature) -> Iterator[Param]:
    for param in signature.parameters.values():
        if param.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        yield Param(
            name=param.name,
            kinds=_kinds(param),
            default=literal(param.default),
            keyword_only=param.kind is inspect.Parameter.KEYWORD_ONLY,
            star=param.kind is inspect.Parameter.VAR_POSITIONAL,
        )


def _kinds(param: inspect.Parameter) -> tuple[str, ...]:
    annotation = (
        param.annotation if isinstance(param.annotation, str) else getattr(param.annotation, "__name__", "")
    )
    optional = annotation.endswith("| None") or annotation.startswith("Optional[")
    annotation = annotation.removeprefix("Optional[").removesuffix("]").removesuffix("| None").strip()
    kind = _ANNOTATIONS.get(annotation, "any")
    if kind in ("any", "int", "float") or param.default is None:
        optional = optional or param.default is None
        return (f"{kind}?",) if optional and kind == "Tensor" else ("any",)
    return (f"{kind}?" if optional else kind,)


def literal(value: object) -> object:
    """A default as the notation can write it."""
    if value is inspect.Parameter.empty:
        return REQUIRED
    try:
        return value if ast.literal_eval(repr(value)) == value else OPAQUE
    except (ValueError, SyntaxError, TypeError):
        return OPAQUE
