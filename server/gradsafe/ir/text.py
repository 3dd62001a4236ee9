"""The text form of the IR: one line an instruction, registers as ``%n``, bodies indented.

A body that is still in its chunk prints as the chunk's name. Deterministic, so that tests and bug
reports can hold it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from gradsafe.ir import instructions as ir
from gradsafe.syntax.span import ChunkId

_REGISTERS = frozenset({
    "dst", "src", "obj", "index", "fn", "left", "right", "test", "yes_reg", "no_reg", "iterable", "target", "lower",
    "upper", "step", "manager", "subject", "key", "value", "default", "reg",
})  # fmt: skip
_HIDDEN = frozenset({"at", "subject", "first", "test_text", "iterable_text", "dst"})


def lines(body: ir.Body, indent: int = 0) -> Iterator[str]:
    """Each instruction of ``body`` and of the bodies in it."""
    for block in body:
        for instruction in block.instructions:
            yield from instruction_lines(instruction, indent)


def instruction_lines(instruction: ir.Instruction, indent: int = 0) -> Iterator[str]:
    """One instruction, then its bodies, indented by one more."""
    words: list[str] = []
    bodies: list[tuple[str, ir.LazyBody]] = []
    for each in dataclasses.fields(instruction):
        value = getattr(instruction, each.name)
        if _is_body(value):
            bodies.append((each.name, value))
        elif each.name not in _HIDDEN or (each.name == "subject" and isinstance(value, int)):
            words.append(_word(instruction, each.name, value))
    dst = getattr(instruction, "dst", None)
    head = f"%{dst} = " if dst is not None else ""
    text = " ".join([type(instruction).__name__.lower(), *filter(None, words)])
    yield f"{'  ' * indent}{head}{text}"
    for name, body in bodies:
        yield from _nested(name, body, indent + 1)


def _nested(name: str, body: ir.LazyBody, indent: int) -> Iterator[str]:
    if isinstance(body, ChunkId):
        yield f"{'  ' * indent}{name}: chunk {body.qualname or '<module>'}"
    elif body:
        yield f"{'  ' * indent}{name}:"
        yield from lines(body, indent + 1)


def _is_body(value: object) -> bool:
    if isinstance(value, ChunkId):
        return True
    return isinstance(value, tuple) and bool(value) and all(isinstance(item, ir.Block) for item in value)


def _word(owner: object, name: str, value: object) -> str:
    if value is None or value == () or value is False or value == "":
        return repr(value) if isinstance(owner, ir.Const) else ""
    if name in _REGISTERS and isinstance(value, int) and not isinstance(owner, ir.Const):
        return f"%{value}" if name in ("src", "obj", "fn", "left", "reg") else f"{name}=%{value}"
    if isinstance(value, str) and name in ("name", "op", "attr", "module", "shape", "kind"):
        return value
    if isinstance(value, tuple):
        return f"{name}=({', '.join(_item(item) for item in value)})"
    if isinstance(owner, ir.Const):
        return repr(value)
    return f"{name}={value!r}"


def _item(item: object) -> str:
    if isinstance(item, ir.Argument):
        return "*" * item.star + (f"{item.name}=" if item.name else "") + f"%{item.reg}"
    if isinstance(item, ir.Parameter):
        default = f"=%{item.default}" if item.default is not None else ""
        return f"{item.kind}{item.name}{default}"
    if isinstance(item, ir.Handler):
        return f"except {'|'.join(item.types) or 'all'}"
    if isinstance(item, ir.Case):
        return f"case {item.text}"
    if isinstance(item, ir.FormatPart):
        return f"%{item.reg}"
    if isinstance(item, tuple):
        return ": ".join("**" if part is None else f"%{part}" for part in item)
    return f"%{item}" if isinstance(item, int) else str(item)
