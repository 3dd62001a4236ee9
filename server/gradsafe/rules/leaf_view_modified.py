"""The rule ``leaf-view-modified``: a view of a leaf that requires grad is written while grad mode is on."""

from __future__ import annotations

from gradsafe.rules.operation import OperationRule


class LeafViewModified(OperationRule):
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
    message = "{how} writes a view of {what}, a leaf that requires grad: torch raises here"
    unsure = "{how} writes a view of {what}: torch raises here if that is a leaf that requires grad, which the source does not tell"
    remedies = ("no-grad-block", "clone-before-write")
    runtime_message = "a view of a leaf Variable that requires grad is being used in an in-place operation."
