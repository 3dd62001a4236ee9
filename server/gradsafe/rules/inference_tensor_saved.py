"""The rule ``inference-tensor-saved``: autograd would have to save an inference tensor."""

from __future__ import annotations

from gradsafe.rules.base import Rule
from gradsafe.rules.finding import Finding, Severity
from gradsafe.rules.story import Story
from gradsafe.rules.words import call_of, named, primary_of
from gradsafe_tracer.events import Raise


class InferenceTensorSaved(Rule):
    """A tensor that was made in `torch.inference_mode()` is used where autograd has to save it for backward.

    ## What it does

    Marks operations outside inference mode that would keep an inference tensor for their backward: `x * c`, `F.linear`,
    `F.mse_loss` ... Operations that save nothing (`x + c`, `cat`) are fine and stay unmarked.

    ## Why

    Inference tensors have no version counter, so backward could not check them. Torch raises at the operation:

    `Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation
    tracked by autograd.`

    ## Example

    ```python
    import torch

    w = torch.randn(3, requires_grad=True)
    with torch.inference_mode():
        scale = torch.ones(3)
    loss = (w * scale).sum()
    ```

    ## Use instead

    ```python
    import torch

    w = torch.randn(3, requires_grad=True)
    with torch.inference_mode():
        scale = torch.ones(3)
    loss = (w * scale.clone()).sum()
    loss.backward()
    ```
    """

    code = "inference-tensor-saved"
    reasons = frozenset({"inference-save"})

    def explain(self, story: Story) -> Finding | None:
        event = story.event
        if not isinstance(event, Raise):
            return None
        what = named(event.name)
        return Finding(
            self.code,
            Severity.ERROR,
            f"`{event.operation}` has to save {what} for backward, and it was made in inference mode: torch raises here",
            primary_of(event.place, event.how, event.declared),
            call_of(event),
            ("clone-at-save",),
            event.name,
            event.operation,
            event.place,
            None,
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation tracked by autograd.",
        )
