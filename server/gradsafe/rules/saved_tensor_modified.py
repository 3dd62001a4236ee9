"""The rule ``saved-tensor-modified``: torch's version check."""

from __future__ import annotations

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import (
    backward,
    call_of,
    modified,
    named,
    operand_text,
    operation_text,
    other_saves,
    primary_of,
    saved,
)
from gradsafe_tracer.events import Save, Write


class SavedTensorModified(Rule):
    """A tensor that autograd saved for backward is changed in place before backward reads it.

    ## What it does

    Marks the in-place operation (or `optimizer.step()`) that moves the version counter of a saved tensor,
    and names the operation that saved it and the backward that will fail.

    ## Why

    Many operations keep tensors for their backward: `exp`, `sigmoid`, `relu` and `softmax` keep their result,
    `*` keeps each operand that the other one's gradient needs, `conv` and `linear` keep input and weight.
    Every in-place write moves the version counter that a tensor shares with its views and with `.detach()`.
    When backward finds a saved tensor at another version than it was saved at, it raises:

    `one of the variables needed for gradient computation has been modified by an inplace operation: ... is at
    version 1; expected version 0 instead.`

    `torch.no_grad()` does not protect a saved tensor: the counter moves all the same.

    ## Example

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    y = x.exp()
    y.add_(1)
    y.sum().backward()
    ```

    ## Use instead

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    y = x.exp()
    y = y + 1
    y.sum().backward()
    ```

    ## Myth

    "Every in-place operation on a tensor that requires grad breaks backward." No: `y = x + 2; y.add_(1)` and
    `y = x * 2; y.add_(1)` run and are right, since `+ 2` and `* 2` save no tensor that is written here.
    """

    code = "saved-tensor-modified"
    reasons = frozenset({"version"})

    def explain(self, story: Story) -> Finding | None:
        save, writes = story.save, story.writes()
        if save is None or not writes:
            return None
        write, start = writes[0], story.backward
        related = [saved(save), *call_of(write)]
        if start is not None and not story.returned:
            related.append(backward(start, "backward reads the saved tensor here and raises"))
        related += [saved(other) for other in other_saves(story, write)]
        related += [modified(later) for later in writes[1:4]]
        return Finding(
            self.code, Severity.ERROR, _message(save, write, story), primary_of(write.place, write.how, write.declared),
            tuple(related), _remedies(write, story), write.name or save.name, write.operation, write.place, save.place,
            _runtime_message(save, writes[-1]),
        )  # fmt: skip


def _message(save: Save, write: Write, story: Story) -> str:
    what = named(write.name or save.name)
    if write.how == "optimizer":
        return (
            f"`optimizer.step()` changes parameters in place that `{save.operation}` saved for backward, and a later "
            "backward still reads them: it will raise. Step after the last backward of this forward, or run the "
            "forward again"
        )
    tail = (
        "so whoever calls backward on the result gets an error"
        if story.returned
        else "so backward will raise"
    )
    return (
        f"{operation_text(write)} changes {what} in place, which `{save.operation}` saved for backward ({operand_text(save)}, at version "
        f"{save.version}; now {write.version_after}), {tail}"
    )


_MOVES = ("update-after-backward", "forward-after-update")
"""Of a parameter's update and the backward that reads the old values, one has to go elsewhere. The update first: the loss
stays the one that was written, where a forward with other values may undo what an update was for (noise that is taken away
again, an average that is put back).
"""


def _remedies(write: Write, story: Story) -> tuple[str, ...]:
    if write.how == "module":
        return ("inplace-false", "clone-before-write")
    if write.how == "optimizer":
        return ("detach", "detach-kept", *_MOVES, "compute-each-round", "compute-in-forward", "sum-in-loop")
    is_update = story.is_past_graph(write) or write.operation == "load_state_dict"
    # Of what was computed, what reads the new values has the history of the old ones.
    before = () if story.has_history(write) else ("update-before-forward",)
    moves = (*_MOVES, "backward-inside-with", *before) if is_update else ()
    return (
        "out-of-place",
        "items-anew",
        "clone-before-write",
        "index-put",
        "clone-at-save",
        "stack-rows",
        *moves,
    )


def _runtime_message(save: Save, last: Write) -> str:
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[...] is at version {last.version_after}; expected version {save.version} instead."
    )
