"""What an operation keeps for backward, where its line in the op table is not the whole truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsafe.domain import layout as geometry
from gradsafe.domain.layout import layout_of
from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Tri
from gradsafe.domain.values import FALSE, ListRef
from gradsafe.interp import autograd, shapes
from gradsafe.interp.autograd import ToSave
from gradsafe.interp.result_shapes import literal
from gradsafe.ops.derive import COPY
from gradsafe.ops.notation import Save as SaveRule

if TYPE_CHECKING:
    from gradsafe.interp.torch_ops import Application

AUTOCAST = frozenset({
    "linear", "conv", "convtranspose", "conv_transpose", "matmul", "mm", "bmm", "addmm", "baddbmm", "lstm", "gru", "rnn",
    "lstmcell", "grucell", "rnncell", "scaled_dot_product_attention", "prelu", "einsum", "bilinear",
})  # fmt: skip
"""Operations that autocast runs in low precision, on casts of their operands (torch/amp, op lists)."""


STATISTICS = ("running_mean", "running_var")
"""Buffers that a norm in training mode writes without a bump (AUTOGRAD.md section 1.5). What it then saves of them
it does not read in backward; a pass in evaluation mode does."""


def keeps_number(call: Application) -> bool:
    """``h * 2`` keeps the number, dropout its mask: nothing to modify, but gone at a second backward."""
    base = call.operation.rstrip("_")
    if base in ("mul", "div", "multiply", "divide", "true_divide"):
        return len(call.inputs()) == 1
    return base.lower().rstrip("123d") in _KEEPS_MASK and (
        call.op.returns.kind == "fresh" or bool(call.op.writes)
    )


_KEEPS_MASK = frozenset(
    {"dropout", "alpha_dropout", "alphadropout", "feature_dropout", "feature_alpha_dropout", "rrelu"}
)
"""In training; in evaluation their result is the argument itself."""


def keeps_copy(path: Path, call: Application) -> bool:
    """``h.pow_(2)`` keeps a clone of the old h (OP_TABLE.md, trap 2)."""
    for save in call.op.saves:
        if save.what == COPY and save.certain:
            asked = [oid for name in save.needs for oid in call.tensors.get(name, ())]
            if not save.needs or autograd.any_edge(path, asked) is Tri.YES:
                return True
    return False


def to_save(path: Path, call: Application, save: SaveRule) -> list[ToSave]:
    certain = Tri.YES if save.certain else Tri.MAYBE
    if path.saving == "autocast" and call.operation.rstrip("123d").lower() in AUTOCAST:
        return []  # saved as low-precision copies (AUTOGRAD.md section 9.32)
    if save.needs:
        asked = [oid for name in save.needs for oid in call.tensors.get(name, ())]
        certain = certain & autograd.any_edge(path, asked)
    if save.what == "input" and call.operation.lower() == "linear":
        # `linear` reshapes an input of three or more dimensions; a transposed one is copied (AUTOGRAD.md section 9.24).
        certain = certain & _kept_as_it_is(path, call)
    if save.what == "input" and "adaptive_avg_pool" in _snake(call.operation):
        certain = _pools_windows(path, call)
    by_object = _keeps_the_object(path, call, save.what)
    unread = save.what in STATISTICS and any(w.what == save.what and not w.bumps for w in call.op.writes)
    if fused(path, call) is not Tri.YES:
        certain = _step_by_step(path, call, save.what, certain)
    if "parameters" in call.tensors and save.what != "parameters" and _turned(call):
        certain = Tri.NO
    if call.operation == "cov" and save.what == "aweights" and "fweights" in call.tensors:
        # The product of both weights is saved; `aweights` itself only for some inputs (measured).
        certain = certain & Tri.MAYBE
    return [
        ToSave(oid, save.what, certain & _as_given(path, call, oid), by_object=by_object, unread=unread)
        for oid in call.tensors.get(save.what, ())
    ]


def fused(path: Path, call: Application) -> Tri:
    """Whether ``nn.LSTM`` runs the kernel that its line was probed on: without a projection, on float32 (measured on 2.13).

    The others go step by step and save no result (measured for float64, bfloat16 and projections).
    """
    if call.operation != "LSTM":
        return Tri.YES
    projection = literal(call, "proj_size", 0)
    if projection != 0:
        return Tri.MAYBE if projection is None else Tri.NO
    dtypes = {path.tensor(oid).dtype for oid in call.tensors.get("input", ())}
    return Tri.NO if dtypes and not dtypes & {"float32", None} else Tri.YES


def _step_by_step(path: Path, call: Application, what: str, certain: Tri) -> Tri:
    """Whether an LSTM that is put together from products saves an operand: its input for its weights, and no bias. Which
    weights it saves hangs on the number of steps, and on what of the states requires grad.
    """
    if what == "bias":
        return Tri.NO
    if what == "input" and fused(path, call) is Tri.NO:
        return certain & autograd.any_edge(path, call.tensors.get("weight", ()))
    return certain & Tri.MAYBE


def _as_given(path: Path, call: Application, oid: int) -> Tri:
    """`ctc_loss` casts targets and lengths of narrow integers to int64 and keeps the cast copy.

    The others keep int32 as it is (measured: embeddings, indices, pivots, weights, targets of the other losses).
    """
    if "ctc" not in call.operation.lower() or call.op.origin.startswith("yaml"):
        return Tri.YES
    return Tri.NO if path.tensor(oid).dtype in shapes.INTEGRAL - {"int64", "bool"} else Tri.YES


def _turned(call: Application) -> bool:
    """Attention with ``batch_first`` transposes its inputs, and `linear` then copies them (AUTOGRAD.md section 9.24)."""
    first = call.config.get("batch_first")
    return first is not None and first != FALSE and call.config.get("norm_first", FALSE) == FALSE


_SAVES_VIEWS = frozenset({
    "einsum", "tensordot", "bilinear", "Bilinear", "LSTM", "GRU", "RNN", "MultiheadAttention",
    "multi_head_attention_forward", "chain_matmul", "inner", "kron",
})  # fmt: skip
"""Compositions that transpose, reshape or expand their operands first, and save those views."""


def _keeps_the_object(path: Path, call: Application, what: str) -> bool:
    """Is it the very tensor that is saved? Only then a later ``x.data = t`` reaches what was saved."""
    operation = call.operation.lower()
    if operation in ("linear", "matmul", "__rmatmul__"):
        # More dimensions are folded into two; `linear` transposes its weight.
        flat = all(len(path.tensor(oid).shape or ()) == 2 for oid in call.tensors.get(what, ()))
        return flat and (operation != "linear" or what == "input")
    if operation.endswith("cell"):
        return what in ("input", "hx")
    return call.operation not in _SAVES_VIEWS


def _kept_as_it_is(path: Path, call: Application) -> Tri:
    """Is the input reshaped to two dimensions without a copy? (``_flatten_nd_linear``, ``matmul``'s folding)"""
    oid = next(iter(call.tensors.get("input", ())), None)
    tensor = path.tensor(oid) if oid is not None else None
    if tensor is None or (tensor.shape is not None and len(tensor.shape) < 3):
        return Tri.YES
    if tensor.shape is None:
        return tensor.contiguous if tensor.contiguous is not Tri.NO else Tri.MAYBE
    flat = geometry.view(layout_of(tensor), (-1, tensor.shape[-1]))
    if flat is None:
        return Tri.NO
    return Tri.YES if flat.strides is not None and None not in flat.strides else tensor.contiguous


def _snake(operation: str) -> str:
    return operation.replace("AdaptiveAvgPool", "adaptive_avg_pool")


def _pools_windows(path: Path, call: Application) -> Tri:
    """Pooling to a single point is a ``mean``, which keeps no tensor (aten/src/ATen/native/AdaptiveAveragePooling.cpp)."""
    given = call.bound.get("output_size", ())
    asked = (
        shapes.sizes(path, given) if given and isinstance(given[0], ListRef) else literal(call, "output_size")
    )
    wanted = asked if isinstance(asked, tuple) else (asked,)
    if all(size == 1 for size in wanted):
        return Tri.NO
    return Tri.YES if all(isinstance(size, int) for size in wanted) and wanted else Tri.MAYBE
