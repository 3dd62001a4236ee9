"""The rule ``expanded-tensor-modified``: a tensor whose elements share memory is written."""

from __future__ import annotations

from dataclasses import replace

from gradsafe.rules.finding import Finding
from gradsafe.rules.operation import OperationRule
from gradsafe.rules.story import Story
from gradsafe.rules.words import backward, named, operation_of
from gradsafe_tracer.events import Raise

_OPERAND = "{how} writes {what} and reads a part of the same memory: torch raises here"
_OPERAND_MESSAGE = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. "
    "Please clone() the tensor before performing the operation."
)


class ExpandedTensorModified(OperationRule):
    """A tensor whose elements share memory (`expand`, `broadcast_to`, ...) is changed in place.

    ## What it does

    Marks in-place operations on a tensor that was expanded along a dimension: several of its elements are one number
    in memory. Also those that read a part of the memory that they write (`x[1:] += x[:-1]`, `mask[mask] = other`).

    ## Why

    The result would depend on the order in which elements are written. Most operations check for this and raise, grad
    mode on or off:

    `unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please
    clone() the tensor before performing the operation.`

    Where an operand is what overlaps, the text is `some elements of the input tensor and the written-to tensor refer to a
    single memory location`. A few do not check (`fill_`, `zero_`, `masked_fill_`, `index_put_`) and write all the aliases.

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
    message = "{how} writes {what}, whose elements share memory after an expand: torch raises here"
    remedies = ("clone-operand", "clone-before-write", "out-of-place")
    runtime_message = "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation."

    def explain(self, story: Story) -> Finding | None:
        finding, start, event = super().explain(story), story.backward, story.event
        if finding is not None and isinstance(event, Raise) and _overlaps_operand(event):
            text = _OPERAND.format(how=operation_of(event), what=named(event.name))
            finding = replace(finding, message=text, runtime_message=_OPERAND_MESSAGE)
        if finding is None or start is None:
            return finding
        # `zero_` and `masked_fill_` pass, and backward cannot go through them.
        message = finding.message.replace("torch raises here", "the write passes, and backward raises")
        failing = backward(start, "backward cannot go through the overlapping write and raises here")
        return replace(finding, message=message, related=(*finding.related, failing))


def _overlaps_operand(event: Raise) -> bool:
    return event.message == "operand" or "input tensor" in (event.message or "")
