"""Torch's own words: which check an error comes from, and the version error as torch would have put it."""

from __future__ import annotations

import re
from typing import Any, Optional, Tuple

import torch

from ..seen.records import Saved
from ..watching.operands import grad_fn_of

_REASONS: Tuple[Tuple[str, str], ...] = (
    (r"has been modified by an inplace operation: \[", "version"),
    (r"Trying to backward through the graph a second time", "freed"),
    (r"^a view of a leaf Variable that requires grad", "leaf-view"),
    (r"^a leaf Variable that requires grad", "leaf"),
    (r"created in (no_grad|inference) mode and .* multiple views", "multi-output-view"),
    (r"created in inference mode and (is being|its base)", "inference-write"),
    (r"created in no_grad mode and (is being|its base)", "no-grad-view"),
    (r"created inside a custom Function", "function-view"),
    (r"is a view and (is being modified inplace|its base or another view)", "multi-output-view"),
    (r"the written-to tensor refer(s)? to a single memory location", "overlap"),
    (r"^Inplace update to inference tensor", "inference-write"),
    (r"^Inference tensors cannot be saved for backward", "inference-save"),
)

DETACHED = (
    "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_()."
    "This is not supported, please use out-of-place `.detach()` instead"
)

_VERSIONS = re.compile(r"is at version \d+; expected version \d+ instead")


def reason_of(message: str) -> Optional[str]:
    """The reason of :class:`gradsafe_tracer.events.Raise` that torch's message stands for, if any."""
    for pattern, reason in _REASONS:
        if re.search(pattern, message):
            return reason
    return None


class _Keep(torch.autograd.Function):  # type: ignore[misc]  # torch is untyped here
    """Saves its second argument and nothing else."""

    @staticmethod
    def forward(ctx: Any, anchor: Any, kept: Any) -> Any:
        ctx.save_for_backward(kept)
        return anchor.clone()

    @staticmethod
    def backward(ctx: Any, *_grads: Any) -> Any:
        return None, None


def version_message(saved: Saved) -> str:
    """The text that torch raises without hooks, taken from torch itself on a stand-in of the same type and size."""
    text = _said_by_torch(saved.alias)
    maker = _maker_name(saved)
    source = f", which is output {_output(saved)} of {maker}," if maker else ""
    found = f"is at version {saved.alias._version}; expected version {saved.note.version} instead"
    before, _, after = text.partition(" is at version")
    return before + source + " " + found + _VERSIONS.sub("", "is at version" + after, count=1)


def _said_by_torch(like: Any) -> str:
    from ..care.quiet import quiet  # the hooks must not see the stand-in, nor check it in torch's place

    with quiet(), torch.enable_grad():
        twin = _twin(like)
        kept = _Keep.apply(torch.ones((), requires_grad=True), twin)
        torch.autograd.graph.increment_version(twin)
        try:
            _ = kept.grad_fn.saved_tensors
        except RuntimeError as error:
            return str(error)
    raise AssertionError("torch did not check the version of a saved tensor")


def _twin(like: Any) -> Any:
    with torch.no_grad():
        if like.layout is torch.strided and not like.is_quantized:
            return like.new_empty(1).as_strided(like.shape, [0] * like.dim())
        return like.detach().clone()


def _output(saved: Saved) -> int:
    return int(saved.alias.output_nr if saved.kept else saved.output)


def _maker_name(saved: Saved) -> Optional[str]:
    """Torch names the present grad_fn of an operand, and the operation itself for its result."""
    if saved.maker is type(None):
        return None
    node = grad_fn_of(saved.alias) if saved.kept else None
    if saved.result:
        name = saved.maker.__name__
    elif node is None:
        # A view that only the graph still holds: torch gives it a new history once its base was written.
        name = "AsStridedBackward0" if saved.view else saved.maker.__name__
    else:
        name = node.name()
    return plain_name(name)


def plain_name(name: str) -> str:
    """``ExpBackward0`` as this torch prints it in its messages."""
    if _prints_full_names():
        return name
    operation = re.fullmatch(r"(.*)Backward(\d*)", name)
    if operation is None:
        return name
    number = operation.group(2)
    return operation.group(1) + ("" if number == "0" else number)


_full_names: Optional[bool] = None


def _prints_full_names() -> bool:
    """Learned once from a real message: releases differ in whether they print the ``Backward0``."""
    global _full_names
    if _full_names is None:
        from ..care.quiet import quiet

        with quiet(), torch.enable_grad():
            twin = torch.ones((), requires_grad=True).exp()
            node = twin.grad_fn
            torch.autograd.graph.increment_version(twin)
            try:
                _ = node._saved_result
            except RuntimeError as error:
                _full_names = "ExpBackward" in str(error)
    return bool(_full_names)
