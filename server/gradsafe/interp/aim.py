"""Which instructions to watch, so that somebody can be told of one word of a program.

A word is a name (``h``, the ``h`` of ``self.h``), the name of what is called (``add_``), an operator (``*``, ``@``, ``+=``), the
subscript that is written (``[0]`` of ``h[0] = x``), or a parameter where it stands in its ``def``.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gradsafe.ir import instructions as ir
from gradsafe.ir.body import Block
from gradsafe.ir.instructions import Instruction

_WORD = re.compile(r"\w+")
_OPERATOR = re.compile(r"(?:\*\*|//|>>|<<|[-+*/%@&|^])=?")
_SIGN = re.compile(r"[ \t]*=")


@dataclass(frozen=True, slots=True)
class Aim:
    """``names`` leave the value of the word in a register, ``operations`` are what is done to it or by it."""

    start: int
    end: int
    names: frozenset[Instruction]
    operations: frozenset[Instruction]


def aim(text: str, block: Block, at: int) -> Aim | None:
    """The instructions of a chunk that are about the word at an offset of its text; None where there are none."""
    every = list(nested(block.instructions))
    found = _word_at(_WORD, text, at)
    named = _of_name(every, text, *found) if found is not None else None
    if named is not None:
        return named
    operator = _word_at(_OPERATOR, text, at)
    if operator is not None and (done := _of_operator(every, text, *operator)) is not None:
        return done
    return _of_subscript(every, text, at)


def parameter_at(text: str, block: Block, at: int) -> tuple[int, int] | None:
    """The parameter of a ``def`` whose header this is, if one stands at an offset."""
    found = _word_at(_WORD, text, at)
    if found is None or any(
        isinstance(each, ir.Load) and each.at == found for each in nested(block.instructions)
    ):
        return None
    functions = (
        each for each in nested(block.instructions) if isinstance(each, ir.Function) and not each.is_lambda
    )
    names = {parameter.name for each in functions for parameter in each.parameters if not parameter.kind}
    return found if text[slice(*found)] in names else None


def first_use(block: Block, name: str) -> Aim | None:
    """Where a block comes to a name first; it stands for what was passed if that is where the name is read."""
    for each in nested(block.instructions):
        if isinstance(each, (ir.Load, ir.Store)) and each.name == name:
            return Aim(*each.at, frozenset((each,)), frozenset())
    return None


def _of_name(every: list[Instruction], text: str, start: int, end: int) -> Aim | None:
    names = [each for each in every if _is_named(each, text[start:end], start, end)]
    registers = {each.dst for each in names if isinstance(each, (ir.Load, ir.Attr))}
    operations = list(_operations(every, registers))
    if not names and not operations:
        return None
    return Aim(start, end, frozenset(names), frozenset(operations))


def nested(instructions: Iterable[Instruction]) -> Iterator[Instruction]:
    """The instructions and all those inside them: branches, patterns, functions that are defined in the same chunk."""
    pending: list[Any] = list(reversed(list(instructions)))
    while pending:
        at = pending.pop()
        if isinstance(at, Block):
            pending.extend(reversed(at.instructions))
            continue
        if isinstance(at, tuple):
            pending.extend(reversed([each for each in at if _may_hold(each)]))
            continue
        if hasattr(at, "at"):
            yield at
        fields = [getattr(at, each.name) for each in dataclasses.fields(at)]
        pending.extend(reversed([each for each in fields if _may_hold(each)]))


def _may_hold(value: object) -> bool:
    return isinstance(value, tuple) or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def _word_at(pattern: re.Pattern[str], text: str, at: int) -> tuple[int, int] | None:
    """The match that holds an offset or ends there: editors ask about the place behind the last letter, too."""
    begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    for found in pattern.finditer(text, begin):
        if found.start() > at:
            return None
        if at <= found.end():
            return found.span()
    return None


def _is_named(instruction: Instruction, word: str, start: int, end: int) -> bool:
    if isinstance(instruction, ir.Load):
        return instruction.at == (start, end)
    if isinstance(instruction, ir.Store):  # ``(y := ...)`` and ``y += ...`` begin with the name
        return instruction.name == word and instruction.at[0] == start
    if isinstance(instruction, (ir.Attr, ir.SetAttr)):
        return instruction.name == word and instruction.at[1] == end
    return False


def _operations(every: Iterable[Instruction], registers: set[int]) -> Iterator[Instruction]:
    """What is called on a value or by its name, or assigned into it: of ``h[0].mul(2).add_(1)`` both calls."""
    reached = set(registers)
    for each in every:
        if isinstance(each, (ir.Attr, ir.Item)) and each.obj in reached:
            reached.add(each.dst)
        elif isinstance(each, ir.Call) and each.fn in reached:
            reached.add(each.dst)
            yield each
        elif (isinstance(each, ir.InPlace) and each.left in reached) or (
            isinstance(each, ir.SetItem) and each.obj in reached
        ):
            yield each


def _of_operator(every: Iterable[Instruction], text: str, start: int, end: int) -> Aim | None:
    """The innermost operation that this operator stands for, between its operands."""
    every, symbol = list(every), text[start:end]
    made = {each.dst: each.at for each in every if not isinstance(each, ir.Store) and hasattr(each, "dst")}

    def between(each: ir.Binary | ir.InPlace) -> bool:
        left, right = made.get(each.left), made.get(each.right)
        return (left is None or left[1] <= start) and (right is None or end <= right[0])

    around = [
        each
        for each in every
        if isinstance(each, (ir.Binary, ir.InPlace))
        and each.op.removesuffix("=") == symbol.removesuffix("=")
        and isinstance(each, ir.InPlace) is symbol.endswith("=")
        and each.at[0] < start
        and end < each.at[1]
        and between(each)
    ]
    if not around:
        return None
    closest = min(around, key=lambda each: each.at[1] - each.at[0])
    return Aim(start, end, frozenset(), frozenset((closest,)))


def _of_subscript(every: Iterable[Instruction], text: str, at: int) -> Aim | None:
    """What is written by ``h[0] = x`` or ``h[0] += x``, at its brackets, what stands in them, and its sign."""
    every = list(every)
    made = {each.dst: each.at for each in every if isinstance(each, (ir.Load, ir.Attr, ir.Item, ir.Call))}
    read = {(each.obj, each.index): each.at for each in every if isinstance(each, ir.Item)}
    for each in every:
        if not isinstance(each, ir.SetItem) or each.obj not in made:
            continue
        start, end = made[each.obj][1], (read.get((each.obj, each.index)) or each.at)[1]
        sign = _SIGN.match(text, end)
        if start <= at <= (sign.end() if sign is not None else end):
            # The store of an augmented one only puts back what its operator has written.
            halves = [other for other in every if isinstance(other, ir.InPlace) and each.src == other.dst]
            return Aim(start, end, frozenset(), frozenset(halves or (each,)))
    return None
