"""The rule ``leaf-modified``: a leaf that requires grad is written while grad mode is on."""

from __future__ import annotations

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import call_of, named, operation_of, primary_of
from gradsafe_tracer.events import Raise


class LeafModified(Rule):
    """A leaf tensor that requires grad is changed in place while grad mode is on.

    ## What it does

    Marks in-place operations on parameters and on tensors made with `requires_grad=True`, outside `torch.no_grad()`.

    ## Why

    The gradient of a leaf is the gradient of the value that it had when it was made. An in-place write would make it
    the result of an operation, so torch refuses, at the operation itself:

    `a leaf Variable that requires grad is being used in an in-place operation.`

    ## Example

    ```python
    import torch

    w = torch.randn(3, requires_grad=True)
    w.sub_(0.1)
    ```

    ## Use instead

    ```python
    import torch

    w = torch.randn(3, requires_grad=True)
    with torch.no_grad():
        w.sub_(0.1)
    ```

    ## Myth

    "`w -= lr * w.grad` needs `w.data`." No: `with torch.no_grad():` does it, and keeps the version counter honest.
    """

    code = "leaf-modified"
    reasons = frozenset({"leaf"})

    def explain(self, story: Story) -> Finding | None:
        event = story.event
        if not isinstance(event, Raise):
            return None
        what, how = named(event.name), operation_of(event)
        return Finding(
            self.code,
            Severity.ERROR,
            f"{how} changes {what} in place: it is a leaf that requires grad, and torch raises here",
            primary_of(event.place, event.how, event.declared),
            call_of(event),
            ("no-grad-block", "out-of-place", "clone-before-write"),
            event.name,
            event.operation,
            event.place,
            None,
            "a leaf Variable that requires grad is being used in an in-place operation.",
        )
