"""The rule ``inference-tensor-modified``: an inference tensor is written outside inference mode."""

from __future__ import annotations

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import call_of, named, operation_of, primary_of
from gradsafe_tracer.events import Raise


class InferenceTensorModified(Rule):
    """A tensor that was made in `torch.inference_mode()` is changed in place outside of it.

    ## What it does

    Marks in-place operations, outside inference mode, on tensors that were made inside.

    ## Why

    Inference tensors have no version counter, so a write could not be noticed. Torch raises at the operation, even
    under `no_grad`:

    `Inplace update to inference tensor outside InferenceMode is not allowed.`

    ## Example

    ```python
    import torch

    with torch.inference_mode():
        scores = torch.ones(3)
    scores.add_(1)
    ```

    ## Use instead

    ```python
    import torch

    with torch.no_grad():
        scores = torch.ones(3)
    scores.add_(1)
    ```
    """

    code = "inference-tensor-modified"
    reasons = frozenset({"inference-write"})

    def explain(self, story: Story) -> Finding | None:
        event = story.event
        if not isinstance(event, Raise):
            return None
        what, how = named(event.name), operation_of(event)
        return Finding(
            self.code,
            Severity.ERROR,
            f"{how} writes {what}, which was made in inference mode, outside of it: torch raises here",
            primary_of(event.place, event.how, event.declared),
            call_of(event),
            ("out-of-place", "clone-before-write"),
            event.name,
            event.operation,
            event.place,
            None,
            "Inplace update to inference tensor outside InferenceMode is not allowed.",
        )
