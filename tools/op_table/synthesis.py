"""Calls made up from a declared signature, for overloads that no other source calls (``gt`` with a number)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch

from gradsafe.ops.notation import REQUIRED, Param
from tools.op_table.build import Overload
from tools.op_table.declared import resolve
from tools.op_table.module_cases import f, i
from tools.op_table.probe import Call

MOST_TRIES = 40


def calls(overload: Overload) -> Iterator[Call]:
    """Combinations of plain arguments for the required parameters, under the first name of the overload."""
    name = overload.names[0]
    function = resolve(name)
    required = [param for param in overload.params if param.default is REQUIRED]
    if not callable(function) or any(param.star for param in required):
        return
    choices = [list(_candidates(param)) for param in required]
    for values in itertools.islice(itertools.product(*choices), MOST_TRIES):
        args = tuple(v for v, param in zip(values, required, strict=True) if not param.keyword_only)
        kwargs = {param.name: v for v, param in zip(values, required, strict=True) if param.keyword_only}
        yield Call(name, function, args, kwargs)


def _candidates(param: Param) -> Iterator[Any]:
    kind = param.kinds[0].removesuffix("?")
    if kind == "Tensor":
        yield from (
            f(3, 4),
            f(3, 4).double(),
            i(3, 3, 4),
            f(3, 3),
            f(2, 3, 4),
            f(4),
            torch.ones(3, 4, dtype=torch.bool),
        )
    elif kind == "Tensors":
        yield [f(3, 4), f(3, 4)]
    elif kind == "Number":
        yield from (2.0, 2, 1)
    elif kind in ("int", "ints"):
        yield from ((1, 2, 0) if kind == "int" else ((1,), (2, 1), (3, 4)))
    elif kind == "float":
        yield 0.5
    elif kind == "bool":
        yield from (False, True)
    elif kind == "dtype":
        yield torch.int32
    elif param.kinds[0].endswith("?"):
        yield None
