"""The rule ``needless-copy``: an operation out of place, or a clone, whose operand nobody reads again."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Severity
from gradsafe.rules.story import Story
from gradsafe_tracer.events import AnyPlace

if TYPE_CHECKING:
    from gradsafe.interp.spare import Answer

_SIZES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1, "bool": 1}  # fmt: skip


class NeedlessCopy(Rule):
    """A new tensor is made although the old one could be written: nothing saved it, and nobody reads it again.

    ## What it does

    The other way round from all other rules: marks operations out of place that are *proved* to be as good in place, and clones that
    are not needed. It is off unless it is asked for (`advice = true` below `[tool.gradsafe]`, or `gradsafe check --advice`), and a hint.

    It speaks only if on every path the old tensor was made in the same function, for this variable alone; no operation saved it for
    backward; no alias, view, list, attribute, closure, hook or function from outside has it; it is no leaf that requires grad; the
    result has the same shape and dtype; and the program in place has no other finding. Whatever is not known is silence: an argument, an
    operand of unknown size, a variable of a notebook's cell (which can be run again), a function in which the analysis reached a bound.

    ## Why

    An operation out of place needs memory for its result while its operand is still there. Autograd has no need of the operand of `+`,
    of `*` with a number, of `relu` or `sigmoid` (they save their *result*), of `dropout` (its mask); what it does need it saves, and then
    torch would raise `one of the variables needed for gradient computation has been modified by an inplace operation`. So the question can be
    decided, and there is no need to guess.

    What cannot be seen from the source: a forward hook that somebody else's program registers on a layer, and that keeps what the layer
    gave; such a hook would see the values as they are afterwards.

    ## Example

    ```python
    import torch

    w = torch.randn(64, 64, requires_grad=True)
    h = w * 0.5
    h = h + 1
    h = torch.relu(h)
    h.sum().backward()
    ```

    ## Use instead

    ```python
    import torch

    w = torch.randn(64, 64, requires_grad=True)
    h = w * 0.5
    h += 1
    h = torch.relu_(h)
    h.sum().backward()
    ```

    ## Myth

    "Autograd forbids operations in place." It forbids changes of what backward still reads, and adding in place after `*` with a number
    is none. And the other one: "in place is always cheaper". `h.pow_(2)` or `h.clamp_(0)` on a tensor with a history first copy
    what they save, so nothing is gained, and nothing is said.
    """

    code = "needless-copy"
    reasons = frozenset()
    is_advice = True

    def explain(self, story: Story) -> Finding | None:
        return None  # it tells of no failure


def advise(place: AnyPlace, operation: str, answer: Answer) -> Finding:
    """The finding for an operation that is proved to be as good in place; ``operation`` in the reader's words."""
    if operation == "`clone()`":
        message = "this `clone()` is not needed: nothing else reads or writes the tensor that it copies"
    else:
        message = (
            f"{operation} could write its operand: nothing saved that for backward, and nobody reads it again"
        )
    return Finding(
        NeedlessCopy.code, Severity.HINT, message + _saved_memory(answer), place, remedies=("in-place",)
    )


def _saved_memory(answer: Answer) -> str:
    if answer.shape is None or None in answer.shape or answer.dtype not in _SIZES:
        return ""
    elements = prod(size for size in answer.shape if size is not None)
    return f"; saves {_in_bytes(elements * _SIZES[answer.dtype])} ({_shown(answer.shape)} of {answer.dtype})"


def _shown(shape: tuple[int | None, ...]) -> str:
    return "one number" if not shape else "x".join(map(str, shape))


def _in_bytes(number: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} bytes"
