"""Errors of autograd that are about no write and that no rule marks: what each means, and what to look at next, likeliest first.

The texts are those of torch/csrc/autograd (``engine.cpp``, ``python_variable.cpp``, ``VariableTypeUtils.h``), ``torch/autograd/__init__.py``
and ``torch/nn/parallel/distributed.py``, torch 2.13.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``steps``: what to try, in order. ``is_cut``: the graph ends too early, so whatever cuts it is of interest."""

    code: str
    pattern: str
    meaning: str
    steps: tuple[str, ...]
    is_cut: bool = False


KINDS = (
    Kind(
        "no-graph",
        r"element \d+ of (?:tensors|variables) does not require grad and does not have a grad_fn[^\n]*",
        "What backward was called on has no history: nothing that requires grad went into it, or the graph was cut on the way. "
        "No in-place write is to blame.",
        (
            ("Print `loss.requires_grad, loss.grad_fn` and do the same for what the loss was made of, backwards, up to the first tensor "
            "that has a `grad_fn`: the cut is between the two."),
            ("Usual cuts: the forward runs under `no_grad`, `inference_mode` or `set_grad_enabled(False)`; `.detach()`, `.data`, `.item()` or "
            "`.numpy()` on the way; `torch.tensor(loss)`, which makes a new tensor (leave it out); `argmax`, comparisons, `round` and integers, "
            "which have no derivative."),
            ("Every parameter is frozen (`requires_grad_(False)`), or the layers are not the ones that the optimizer knows: print "
            "`[name for name, p in model.named_parameters() if p.requires_grad]`."),
            ("For a second derivative the first one needs `create_graph=True`. With `torch.utils.checkpoint` say `use_reentrant=False`, or an "
            "input has to require grad."),
        ),
        is_cut=True,
    ),
    Kind(
        "unused-input",
        r"(?:One of the differentiated Tensors|The differentiated Tensor at index \d+) appears to not have been used in the graph[^\n]*",
        "`autograd.grad` was asked for the derivative by a tensor that the output was not computed from.",
        (
            ("Ask for the very tensor that went into the forward: `x.requires_grad_()`, then `f(x)`, then `grad(out, x)`. After "
            "`x = x * 1`, `x.detach()`, `x.to(...)` or `x[0]` the name stands for another tensor."),
            "Look for a cut between the two: `.detach()`, `.data`, `no_grad`, `torch.tensor(...)`.",
            ("If it is right that it plays no part (a layer that this loss does not use): `allow_unused=True`, and None comes for it; "
            "`materialize_grads=True` makes it zeros."),
        ),
        is_cut=True,
    ),
    Kind(
        "input-without-grad",
        r"One of the differentiated Tensors does not require grad[^\n]*",
        "`autograd.grad` was asked for the derivative by a tensor that does not require grad.",
        (
            "Call `x.requires_grad_()` before the forward, not after it.",
            "For parameters: `[p for p in model.parameters() if p.requires_grad]` leaves out those that are frozen.",
        ),
    ),
    Kind(
        "not-a-scalar",
        r"grad can be implicitly created only for scalar outputs[^\n]*",
        "backward was called on a tensor of several elements: which of them is to be differentiated?",
        (
            ("Reduce the loss first: `loss.mean().backward()` or `loss.sum().backward()`. A loss made with `reduction='none'` has one value for "
            "each sample; `DataParallel` gives one for each device."),
            "Where the vector is meant, say with what to multiply it: `out.backward(gradient=torch.ones_like(out))`.",
        ),
    ),
    Kind(
        "differentiated-twice",
        r"trying to differentiate twice a function that was marked with @once_differentiable[^\n]*",
        "A custom Function's backward is marked `@once_differentiable`: it records no graph, so there is no second derivative through it.",
        (
            "If no second derivative is wanted, leave out `create_graph=True` where the first one is taken.",
            ("If it is, take `@once_differentiable` off and write `backward` with differentiable operations on `ctx.saved_tensors` "
            "(no `.data`, no NumPy, nothing in place)."),
        ),
    ),
    Kind(
        "no-derivative",
        r"(?:the )?derivative for '?[\w:.]+'? is not implemented[^\n]*",
        "There is no formula for the derivative of that operation: as a rule it has been asked for a second time (`create_graph=True`), "
        "which fused kernels do not offer.",
        (
            ("Take an unfused form: for attention `with torch.nn.attention.sdpa_kernel(SDPBackend.MATH):`, for recurrent layers "
            "`with torch.backends.cudnn.flags(enabled=False):`."),
            "If the operation is not meant to be differentiated (`argmax`, indices), detach what goes into it.",
        ),
    ),
    Kind(
        "nan-in-backward",
        r"Function '\w+' returned nan values in its \d+th output[^\n]*",
        "Anomaly mode found NaN in a gradient. It says nothing of an in-place write: the formula itself is undefined at this value.",
        (
            ("The traceback that anomaly mode prints above it names the line of the forward. Usual: `sqrt` or a norm at 0, `log` of 0, "
            "0 divided by 0, `x / x.norm()` of a zero row."),
            ("Keep the value away from the point before the operation (`(x + eps).sqrt()`, `x.clamp_min(eps).log()`): `torch.where` behind it "
            "does not help, since NaN times 0 is NaN. Mask the input instead."),
        ),
    ),
    Kind(
        "numpy-of-a-graph",
        r"Can't call numpy\(\) on Tensor that requires grad[^\n]*",
        "A NumPy array cannot record gradients, so torch does not hand out the memory of a tensor that requires them.",
        (
            "For plots and metrics: `x.detach().cpu().numpy()`. The array is the tensor's own memory: add `.copy()` if it is written to.",
            "If the loss needs what NumPy computes, write it with torch operations: no gradient passes through NumPy.",
        ),
    ),
    Kind(
        "copy-of-a-graph",
        r"Only Tensors created explicitly by the user \(graph leaves\) support the deepcopy protocol[^\n]*",
        "`copy.deepcopy` met a tensor that an operation made: its history cannot be copied.",
        (
            ("Something keeps the result of a forward as an attribute of what is copied (`self.hidden`, `self.loss`, `weight_norm`'s weight). "
            "Store `h.detach()` there, or set it to None before the copy."),
            "To copy a tensor: `h.detach().clone()` without its history, `h.clone()` with it.",
        ),
    ),
    Kind(
        "flag-of-a-result",
        r"you can only change requires_grad flags of leaf variables[^\n]*",
        "`requires_grad` was set on a tensor that an operation made; its flag follows from what it was made of.",
        (
            "To stop gradients there, use `h = h.detach()`; to freeze a layer, set the flag of its parameters.",
            "A parameter must not be the result of an operation: `nn.Parameter(torch.randn(3) * 0.1)`, not `nn.Parameter(...) * 0.1`.",
        ),
    ),
    Kind(
        "out-records-nothing",
        r"[^\n]*functions with out=\.\.\. arguments don't support automatic differentiation[^\n]*",
        "`out=` writes the result into memory that is there already, and torch records no gradients for that.",
        (
            "Leave `out=` away and bind the result: `y = torch.add(a, b)`.",
            "Where no gradient is wanted (metrics, buffers, updates): `with torch.no_grad():` around it.",
        ),
    ),
    Kind(
        "wrong-dtype",
        r"[Oo]nly Tensors of floating point(?: and complex)? dtype can require gradients[^\n]*",
        "Integers and booleans have no derivative, so they cannot require grad.",
        (
            "Make it a float first: `x.float().requires_grad_()`, `torch.tensor([1.0, 2.0], requires_grad=True)` with points in it.",
            "Indices and labels need no gradient: leave `requires_grad` away.",
        ),
    ),
    Kind(
        "ready-twice",
        r"Expected to mark a variable ready only once[^\n]*",
        "DistributedDataParallel saw the gradient of one parameter finished twice in one backward.",
        (
            ("A parameter is used in two checkpointed regions, or in several forwards with reentrant checkpoints: "
            "`checkpoint(..., use_reentrant=False)`."),
            "Call the wrapped model once for each backward; if the set of used parameters never changes, `static_graph=True`.",
        ),
    ),
    Kind(
        "reduction-unfinished",
        r"Expected to have finished reduction in the prior iteration[^\n]*",
        "DistributedDataParallel waits for the gradients of parameters that the last loss did not depend on.",
        (
            "`TORCH_DISTRIBUTED_DEBUG=DETAIL` names them. A layer that is not used, or an output that the loss leaves out, is the usual reason.",
            "If that is meant: `DistributedDataParallel(model, find_unused_parameters=True)`.",
        ),
    ),
    Kind(
        "recomputed-otherwise",
        r"torch\.utils\.checkpoint: (?:Recomputed values|A different number of tensors|trying to save more tensors)[^\n]*",
        "A checkpointed region computed something else when backward ran it again: it depends on what has changed since its forward.",
        (
            ("Inside it, nothing may depend on state that the forward changes: counters, caches, a list that is filled, buffers that are "
            "written in place."),
            ("Random numbers: leave `preserve_rng_state=True`. A mode must be the same both times: do not switch `train()`/`eval()`, autocast or "
            "grad mode between forward and backward."),
        ),
    ),
    Kind(
        "detached-view",
        r"[^\n]*Can't detach views in-place[^\n]*",
        "`detach_()` takes a tensor's history away for everybody who holds it, which a view cannot do to its base.",
        (
            "Bind a new tensor: `h = h.detach()` instead of `h.detach_()`.",
            "In `zero_grad` under DistributedDataParallel with `gradient_as_bucket_view=True`: call `optimizer.zero_grad(set_to_none=True)`.",
        ),
    ),
)  # fmt: skip

BY_CODE = {kind.code: kind for kind in KINDS}
