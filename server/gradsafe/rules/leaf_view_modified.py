"""The rule ``leaf-view-modified``: a view of a leaf that requires grad is written while grad mode is on."""

from __future__ import annotations

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import call_of, named, operation_of, primary_of
from gradsafe_tracer.events import Raise


class LeafViewModified(Rule):
    """A view of a leaf tensor that requires grad is changed in place while grad mode is on.

    ## What it does

    Marks writes through a slice, an index, `.view()`, `.t()` ... of a parameter or of a tensor made with
    `requires_grad=True`, outside `torch.no_grad()`.

    ## Why

    Writing a view writes its base, and the base is a leaf (see `leaf-modified`). Torch raises at the operation:

    `a view of a leaf Variable that requires grad is being used in an in-place operation.`

    ## Example

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    x[0] = 5.0
    ```

    ## Use instead

    ```python
    import torch

    x = torch.randn(3, requires_grad=True)
    y = x.clone()
    y[0] = 5.0
    y.sum().backward()
    ```
    """

    code = "leaf-view-modified"
    reasons = frozenset({"leaf-view"})

    def explain(self, story: Story) -> Finding | None:
        event = story.event
        if not isinstance(event, Raise):
            return None
        what, how = named(event.name), operation_of(event)
        return Finding(
            self.code,
            Severity.ERROR,
            f"{how} writes a view of {what}, a leaf that requires grad: torch raises here",
            primary_of(event.place, event.how, event.declared),
            call_of(event),
            ("no-grad-block", "clone-before-write"),
            event.name,
            event.operation,
            event.place,
            None,
            "a view of a leaf Variable that requires grad is being used in an in-place operation.",
        )
