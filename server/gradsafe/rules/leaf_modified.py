"""The rule ``leaf-modified``: a leaf that requires grad is written while grad mode is on."""

from __future__ import annotations

from gradsafe.rules.operation import OperationRule


class LeafModified(OperationRule):
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
    message = "{how} changes {what} in place: it is a leaf that requires grad, and torch raises here"
    unsure = (
        "{how} changes {what} in place: torch raises here if it is a leaf that requires grad, which the source "
        "does not tell"
    )
    remedies = ("no-grad-block", "out-of-place", "clone-before-write", "index-put")
    runtime_message = "a leaf Variable that requires grad is being used in an in-place operation."
