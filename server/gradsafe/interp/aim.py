"""Which instructions to watch, so that somebody can be told of one word of a program.

A word is a name (``h``, the ``h`` of ``self.h``), the name of what is called (``add_``), or an augmented operator (``+=``).
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
_OPERATOR = re.compile(r"(?:\*\*|//|>>|<<|[-+*/%@&|^])=")


@dataclass(frozen=True, slots=True)
class Aim:
    """``names`` leave the value of the word in a register, ``operations`` are what is done to it or by it."""

    start: int
    end: int
    names: frozenset[Instruction]
    operations: frozenset[Instruction]


def aim(text: str, block: Block, at: int) -> Aim | None:
    """The instructions of a chunk that are about the word at an offset of its text; None where there are none."""
    found = _word_at(_WORD, text, at)
    every = list(nested(block.instructions))
    if found is None:
        operator = _word_at(_OPERATOR, text, at)
        return _of_operator(every, *operator) if operator is not None else None
    start, end = found
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


def _of_operator(every: Iterable[Instruction], start: int, end: int) -> Aim | None:
    around = [
        each for each in every if isinstance(each, ir.InPlace) and each.at[0] < start and end < each.at[1]
    ]
    if not around:
        return None
    closest = max(around, key=lambda each: each.at[0])
    return Aim(start, end, frozenset(), frozenset((closest,)))
