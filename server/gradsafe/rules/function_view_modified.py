"""The rule ``function-view-modified``: what a custom Function or a backward hook handed on is written."""

from __future__ import annotations

from gradsafe.rules.operation import OperationRule


class FunctionViewModified(OperationRule):
    """An output of a custom `Function`, or of a module with a full backward hook, is a view and is changed in place.

    ## What it does

    Marks writes to a view that `torch.autograd.Function` made or that it got as an input and returned as it is, while grad
    mode is on. `register_full_backward_hook` is such a Function: it passes the module's inputs and outputs through one, so
    an in-place module after it, or with it, writes such a view.

    ## Why

    The write would put its own history in the place of the backward that the Function defines. Torch raises at the
    operation:

    `Output 0 of BackwardHookFunction is a view and is being modified inplace. This view was created inside a custom
    Function (or because an input was returned as-is) and the autograd logic to handle view+inplace would override the custom
    backward associated with the custom Function, leading to incorrect gradients. This behavior is forbidden. You can fix
    this by cloning the output of the custom Function.`

    ## Example

    ```python
    import torch
    from torch import nn

    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(inplace=True))
    net[0].register_full_backward_hook(lambda module, grad_input, grad_output: None)
    net(torch.randn(2, 3))
    ```

    ## Use instead

    ```python
    import torch
    from torch import nn

    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    net[0].register_full_backward_hook(lambda module, grad_input, grad_output: None)
    net(torch.randn(2, 3)).sum().backward()
    ```
    """

    code = "function-view-modified"
    reasons = frozenset({"function-view"})
    message = "{how} writes {what}, a view that a custom Function or a backward hook made: torch raises here"
    remedies = ("inplace-false", "out-of-place", "clone-before-write")
    runtime_message = "Output 0 of ... is a view and is being modified inplace. This view was created inside a custom Function"
