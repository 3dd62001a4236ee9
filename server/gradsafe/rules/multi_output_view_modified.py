"""The rule ``multi-output-view-modified``: one of several views made by one operation is written."""

from __future__ import annotations

from gradsafe.rules.operation import OperationRule


class MultiOutputViewModified(OperationRule):
    """One of the views that `unbind`, `split`, `chunk` or iteration gave is changed in place.

    ## What it does

    Marks writes to a view that was made together with others by one operation, while grad mode is on and the tensor
    or the written source requires grad. `for row in x: row.add_(1)` is one: iterating over a tensor is `unbind`.

    ## Why

    Such a node has several outputs, and torch does not rewrite its history: it raises at the operation:

    `Output 0 of Unbind is a view and is being modified inplace. This view is the output of a function that
    returns multiple views. Such functions do not allow the output views to be modified inplace.`

    ## Example

    ```python
    import torch

    x = torch.randn(3, 2, requires_grad=True)
    h = x * 1
    for row in h:
        row.mul_(2)
    ```

    ## Use instead

    ```python
    import torch

    x = torch.randn(3, 2, requires_grad=True)
    h = x * 1
    h = torch.stack([row * 2 for row in h])
    h.sum().backward()
    ```

    ## Myth

    "Views by index are just as bad." No: `h[0].mul_(2)` is allowed, and so are the parts that `narrow` and `tensor_split` give.
    """

    code = "multi-output-view-modified"
    reasons = frozenset({"multi-output-view"})
    message = "{how} writes {what}, one of several views made by one operation: torch raises here"
    view_is = "one of several views made by one operation"
    remedies = ("views-one-by-one", "out-of-place", "clone-before-write", "index-put", "copy-the-parts")
    runtime_message = "Output 0 of ... is a view and is being modified inplace. This view is the output of a function that returns multiple views."
