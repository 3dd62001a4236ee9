"""The rule ``no-grad-view-modified``: a view made without grad is written, or used after a write, with grad."""

from __future__ import annotations

from gradsafe.rules.operation import OperationRule


class NoGradViewModified(OperationRule):
    """A view that was made under `no_grad` or `inference_mode` is changed in place while grad mode is on.

    ## What it does

    Marks writes to such a view where the tensor or the written source requires grad, and uses of such a view after its
    base was changed.

    ## Why

    Torch cannot tell whether the write should be recorded: the view was made where nothing is. It raises at the operation:

    `A view was created in no_grad mode and is being modified inplace with grad mode enabled.`

    ## Example

    ```python
    import torch

    x = torch.randn(4, requires_grad=True)
    h = x * 1
    with torch.no_grad():
        head = h[:2]
    head.mul_(2)
    ```

    ## Use instead

    ```python
    import torch

    x = torch.randn(4, requires_grad=True)
    h = x * 1
    head = h[:2]
    head.mul_(2)
    h.sum().backward()
    ```
    """

    code = "no-grad-view-modified"
    reasons = frozenset({"no-grad-view"})
    message = "{how} writes {what}, a view that was made without grad, with grad mode on: torch raises here"
    view_is = "a view that was made without grad"
    remedies = ("out-of-place", "clone-before-write", "index-put", "copy-the-parts")
    runtime_message = (
        "A view was created in no_grad mode and is being modified inplace with grad mode enabled."
    )
