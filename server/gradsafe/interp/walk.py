"""Going through the instructions of a body, those of the branches in it included, without entering functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradsafe.ir import instructions as ir
from gradsafe.ir.instructions import Body, Instruction, LazyBody

MAX_SEEN = 5_000
"""Instructions that are looked at: a bound, not a fact."""


def instructions(body: LazyBody, resolve: Callable[[LazyBody], Body]) -> Iterator[Instruction]:
    """All instructions of a function's own body."""
    stack: list[LazyBody] = [body]
    seen = 0
    while stack and seen < MAX_SEEN:
        for block in resolve(stack.pop()):
            for instruction in block.instructions:
                seen += 1
                yield instruction
                stack.extend(bodies(instruction))


def bodies(instruction: Instruction) -> tuple[LazyBody, ...]:
    """The bodies of a compound instruction that run in its own frame."""
    if isinstance(instruction, (ir.If, ir.Choose)):
        return (instruction.yes, instruction.no)
    if isinstance(instruction, ir.For):
        return (instruction.body, instruction.orelse)
    if isinstance(instruction, ir.While):
        return (instruction.condition, instruction.body, instruction.orelse)
    if isinstance(instruction, (ir.With, ir.Comprehension)):
        return (instruction.body,)
    if isinstance(instruction, ir.Try):
        handlers = tuple(handler.body for handler in instruction.handlers)
        return (instruction.body, *handlers, instruction.orelse, instruction.final)
    if isinstance(instruction, ir.Match):
        return tuple(case.body for case in instruction.cases)
    return ()
