"""Programs for one call: every form, who requires grad, and what is written afterwards.

A program is one function. The call, then one in-place write to an operand or to the result, then backward::

    def p12():
        a0 = torch.rand(3, 4, requires_grad=True)
        a = a0.clone()
        b = torch.rand(4)
        y = torch.mul(a, b)
        a.add_(1)
        y.sum().backward()

Operands that require grad are clones of leaves, so that torch's own rule for leaves says nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from tools.op_table.probe import Call

from .render import Namer, Unwritable, Variable, literal_text

MOST_PATTERNS = 3
"""Up to so many differentiable operands, every pattern of who requires grad; with more: one, all but one, all."""
OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "floor_divide": "//", "remainder": "%", "pow": "**", "matmul": "@",
    "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^", "eq": "==", "ne": "!=", "lt": "<", "le": "<=",
    "gt": ">", "ge": ">=",
}  # fmt: skip
REFLECTED = {"__radd__": "+", "__rsub__": "-", "__rmul__": "*", "__rdiv__": "/", "__rpow__": "**", "__rmatmul__": "@",
             "__rmod__": "%"}  # fmt: skip
UNARY = {"neg": "-", "abs": "abs"}


@dataclass(frozen=True)
class Form:
    """One way to write a call: the statement that binds ``y``, and the rows before it."""

    name: str
    statement: str
    variables: tuple[Variable, ...]
    setup: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    out: bool = False


@dataclass(frozen=True)
class Program:
    """One function, and where its write stands (0: no write)."""

    name: str
    form: str
    pattern: str
    target: str
    lines: tuple[str, ...]
    call_row: int
    write_row: int
    size: int = field(default=0)


def forms(call: Call, literal: bool) -> Iterator[Form]:
    """The ways to write ``call``; none where an argument has no source text."""
    for spelled in dict.fromkeys(_spellings(call)):
        namer = Namer(literal=literal)
        try:
            statement = _statement(spelled, call, namer)
        except Unwritable:
            return
        if statement is not None:
            variables = tuple(namer.variables.values())
            yield Form(call.name, f"y = {statement}", variables, out=spelled == "out")
    yield from _augmented(call, literal)


def _spellings(call: Call) -> Iterator[str]:
    owner, _, method = call.name.rpartition(".")
    if method in REFLECTED:
        yield "reflected"
        return
    if method.startswith("__"):
        return
    yield "call"
    if owner == "Tensor" and not call.kwargs:
        if method in OPERATORS and len(call.args) == 2:
            yield "operator"
        elif method in UNARY and len(call.args) == 1:
            yield "unary"


def _statement(spelled: str, call: Call, namer: Namer) -> str | None:
    owner, _, method = call.name.rpartition(".")
    args = [namer.text(value) for value in call.args]
    kwargs = [f"{key}={namer.text(value)}" for key, value in call.kwargs.items()]
    if spelled == "reflected":
        return f"{args[1]} {REFLECTED[method]} {args[0]}" if len(args) == 2 else None
    if spelled == "operator":
        return f"{args[0]} {OPERATORS[method]} {args[1]}"
    if spelled == "unary":
        return f"abs({args[0]})" if method == "abs" else f"-{args[0]}"
    if owner == "Tensor":
        if not call.args or not isinstance(call.args[0], torch.Tensor):
            return None
        return f"{args[0]}.{method}({', '.join([*args[1:], *kwargs])})"
    return f"{call.name}({', '.join([*args, *kwargs])})"


def _augmented(call: Call, literal: bool) -> Iterator[Form]:
    owner, _, method = call.name.rpartition(".")
    base = method.rstrip("_")
    if (
        owner == "Tensor"
        and method == f"{base}_"
        and base in OPERATORS
        and len(call.args) == 2
        and not call.kwargs
    ):
        namer = Namer(literal=literal)
        try:
            left, right = map(namer.text, call.args)
        except Unwritable:
            return
        variables = tuple(namer.variables.values())
        yield Form(call.name, f"{left} {OPERATORS[base]}= {right}", variables, ("#augmented",))


def out_form(call: Call, literal: bool) -> Form | None:
    """``torch.mul(a, b, out=buffer)`` where ``buffer`` is what another node saved."""
    namer = Namer(literal=literal)
    try:
        statement = _statement("call", call, namer)
        result = call.function(*call.args, **call.kwargs)
    except (Unwritable, RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
        return None
    if statement is None or not isinstance(result, torch.Tensor) or not result.is_floating_point():
        return None
    shape = literal_text(tuple(result.shape))
    dtype = "" if result.dtype is torch.float32 else f", dtype={result.dtype}"
    setup = (
        f"buffer = torch.zeros({shape}{dtype})",
        f"w = torch.ones({shape}{dtype}, requires_grad=True)",
        "y = w * buffer",
    )
    separator = "" if statement.endswith("()") else ", "
    return Form(
        call.name, f"{statement[:-1]}{separator}out=buffer)", tuple(namer.variables.values()), setup, out=True
    )


def programs(form: Form, outputs: Sequence[str]) -> Iterator[Program]:
    """Every pattern and target of one form. ``outputs``: the tensors among the result, as expressions of ``y``."""
    if form.out:
        lines = [*(f"{v.name} = {v.made(False)}" for v in form.variables), *form.setup, form.statement]
        yield _program(form, frozenset(), "out", lines, len(lines), "", ["y"])
        return
    names = [variable.name for variable in form.variables if variable.differentiable]
    names += ["parameters"] if form.states else []
    for pattern in patterns(names):
        head = list(_head(form, pattern))
        row = len(head)
        targets = ["", *(v.name for v in form.variables), *form.states]
        for target in [*targets, *outputs]:
            yield _program(form, pattern, target, head, row, _write(target, form), outputs or ["y"])


def _head(form: Form, pattern: frozenset[str]) -> Iterator[str]:
    yield from (row for row in form.setup if not row.startswith("#"))
    if form.states and "parameters" not in pattern:
        yield "m.requires_grad_(False)"
    for variable in form.variables:
        if variable.name in pattern:
            yield f"{variable.name}0 = {variable.made(True)}"
            yield f"{variable.name} = {variable.name}0.clone()"
        else:
            yield f"{variable.name} = {variable.made(False)}"
    yield form.statement
    if "#augmented" in form.setup:
        yield f"y = {form.variables[0].name}"


def _write(target: str, form: Form) -> str:
    if not target:
        return ""
    variable = next((v for v in form.variables if v.name == target), None)
    if variable is not None and variable.value.dtype is torch.bool:
        return f"{target}.logical_not_()"
    if target in form.states:
        return f"with torch.no_grad():\n    {target}.add_(1)"
    return f"{target}.add_(1)"


def _program(
    form: Form,
    pattern: frozenset[str],
    target: str,
    head: Sequence[str],
    row: int,
    write: str,
    outputs: Sequence[str],
) -> Program:
    rows = [*head, *(write.split("\n") if write else [])]
    loss = " + ".join(f"{output}.sum()" for output in outputs)
    rows.append(f"{loss}.backward()" if len(outputs) == 1 else f"({loss}).backward()")
    call_row = row - 1 if form.setup == ("#augmented",) else row
    write_row = call_row if form.out else len(rows) - 1 if write else 0
    return Program(
        form.name, form.statement, "+".join(sorted(pattern)), target, tuple(rows), call_row, write_row
    )


def patterns(names: Sequence[str]) -> Iterator[frozenset[str]]:
    """Who requires grad; somebody must, or there is no backward."""
    every = range(1, len(names) + 1)
    sizes: list[int] = sorted({1, len(names) - 1, len(names)}) if len(names) > MOST_PATTERNS else list(every)
    for size in sizes:
        yield from map(frozenset, itertools.combinations(names, size))


def outputs_of(value: Any, expression: str = "y") -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a result, as expressions."""
    if isinstance(value, torch.Tensor):
        yield expression, value
    elif isinstance(value, (tuple, list)):
        for index, item in enumerate(value[:3]):
            yield from outputs_of(item, f"{expression}[{index}]")
