"""The rule ``expanded-tensor-modified``: a tensor whose elements share memory is written."""

from __future__ import annotations

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Related, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import backward, call_of, named, operation_of, primary_of
from gradsafe_tracer.events import Raise


class ExpandedTensorModified(Rule):
    """A tensor whose elements share memory (`expand`, `broadcast_to`, ...) is changed in place.

    ## What it does

    Marks in-place operations on a tensor that was expanded along a dimension: several of its elements are one number
    in memory.

    ## Why

    The result would depend on the order in which elements are written. Most operations check for this and raise, grad
    mode on or off:

    `unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please
    clone() the tensor before performing the operation.`

    A few do not check (`fill_`, `zero_`, `masked_fill_`, `index_put_`) and write all the aliases.

    ## Example

    ```python
    import torch

    mask = torch.ones(1, 4).expand(3, 4)
    mask.mul_(2)
    ```

    ## Use instead

    ```python
    import torch

    mask = torch.ones(1, 4).expand(3, 4).clone()
    mask.mul_(2)
    ```
    """

    code = "expanded-tensor-modified"
    reasons = frozenset({"overlap"})

    def explain(self, story: Story) -> Finding | None:
        event = story.event
        if not isinstance(event, Raise):
            return None
        what, how = named(event.name), operation_of(event)
        return Finding(
            self.code,
            Severity.ERROR,
            f"{how} writes {what}, whose elements share memory after an expand: {_where(story)}",
            primary_of(event.place, event.how, event.declared),
            (*call_of(event), *_failing(story)),
            ("clone-before-write", "out-of-place"),
            event.name,
            event.operation,
            event.place,
            None,
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.",
        )


def _failing(story: Story) -> tuple[Related, ...]:
    """Where the write passes (`zero_`, `masked_fill_`), backward cannot go through it."""
    start = story.backward
    return (
        (backward(start, "backward cannot go through the overlapping write and raises here"),)
        if start
        else ()
    )


def _where(story: Story) -> str:
    return "torch raises here" if story.backward is None else "the write passes, and backward raises"
