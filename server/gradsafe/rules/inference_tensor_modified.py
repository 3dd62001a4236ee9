"""The rule ``inference-tensor-modified``: an inference tensor is written outside inference mode."""

from __future__ import annotations

from gradsafe.rules.operation import OperationRule


class InferenceTensorModified(OperationRule):
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
    message = "{how} writes {what}, which was made in inference mode, outside of it: torch raises here"
    view_is = "a view that was made in inference mode"
    remedies = ("out-of-place", "items-anew", "clone-before-write", "index-put")
    runtime_message = "Inplace update to inference tensor outside InferenceMode is not allowed."
