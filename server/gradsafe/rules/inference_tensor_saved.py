"""The rule ``inference-tensor-saved``: autograd would have to save an inference tensor."""

from __future__ import annotations

from gradsafe.rules.operation import OperationRule


class InferenceTensorSaved(OperationRule):
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
    message = (
        "`{operation}` has to save {what} for backward, and it was made in inference mode: torch raises here"
    )
    remedies = ("clone-at-save",)
    runtime_message = "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation tracked by autograd."
