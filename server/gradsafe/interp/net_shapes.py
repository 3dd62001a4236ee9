"""The shapes that ``torch.nn`` layers and ``torch.nn.functional`` give, beside those of ``result_shapes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Shape
from gradsafe.domain.values import ListRef
from gradsafe.interp.result_shapes import literal, result_layout, shaper
from gradsafe.interp.shapes import broadcast, sizes

if TYPE_CHECKING:
    from gradsafe.interp.torch_ops import Application

__all__ = ["result_layout"]

_CONVOLUTIONS = tuple(f"{name}{rank}d" for name in ("conv", "Conv", "LazyConv") for rank in "123")
_TRANSPOSED = tuple(f"{name}{rank}d" for name in ("conv_transpose", "ConvTranspose") for rank in "123")
_POOLS = tuple(
    f"{name}{rank}d"
    for name in ("max_pool", "MaxPool", "avg_pool", "AvgPool", "lp_pool", "LPPool")
    for rank in "123"
)
_ADAPTIVE = tuple(
    f"{name}{rank}d"
    for name in ("adaptive_avg_pool", "AdaptiveAvgPool", "adaptive_max_pool", "AdaptiveMaxPool")
    for rank in "123"
)
_LOSSES = (
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "cross_entropy", "nll_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "kl_div", "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "CrossEntropyLoss", "NLLLoss",
    "BCELoss", "BCEWithLogitsLoss", "KLDivLoss", "poisson_nll_loss", "gaussian_nll_loss", "hinge_embedding_loss",
    "cosine_embedding_loss", "margin_ranking_loss", "triplet_margin_loss", "soft_margin_loss", "ctc_loss", "CTCLoss",
    "MarginRankingLoss", "TripletMarginLoss", "CosineEmbeddingLoss",
)  # fmt: skip


def _tensor(path: Path, call: Application, name: str) -> Shape:
    oid = next(iter(call.tensors.get(name, ())), None)
    return path.tensor(oid).shape if oid is not None else None


def _per_dim(path: Path, call: Application, name: str, rank: int, default: object) -> tuple[int | None, ...]:
    """An argument that is one int for all dimensions, or one for each."""
    value = literal(call, name, default)
    if value in ((), None) and default is not None:
        value = default
    given = call.bound.get(name, ())
    if given and isinstance(given[0], ListRef):
        value = sizes(path, given)
    if isinstance(value, tuple):
        return value if len(value) == rank else value * rank if len(value) == 1 else (None,) * rank
    known = value if isinstance(value, int) and not isinstance(value, bool) else None
    return (known,) * rank


def _rank(call: Application) -> int:
    return int(call.operation[-2])


def _batched(shape: Shape, rank: int) -> tuple[tuple[int | None, ...], tuple[int | None, ...]] | None:
    """The batch dimension (none, or one), and channels with spatial dimensions."""
    if shape is None or len(shape) not in (rank + 1, rank + 2):
        return None
    return shape[: -rank - 1], shape[-rank - 1 :]


@shaper(*_CONVOLUTIONS)
def _conv(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    rank = _rank(call)
    split, weight = _batched(inputs[0] if inputs else None, rank), _tensor(path, call, "weight")
    if split is None or not weight or len(weight) != rank + 2:
        return None
    batch, (_, *spatial) = split
    stride, dilation = (_per_dim(path, call, name, rank, 1) for name in ("stride", "dilation"))
    asked = literal(call, "padding", 0)
    if asked == "same":
        return (*batch, weight[0], *spatial)
    padding = (0,) * rank if asked == "valid" else _per_dim(path, call, "padding", rank, 0)
    windows = zip(spatial, weight[2:], stride, padding, dilation, strict=True)
    return (*batch, weight[0], *(_windows(*each) for each in windows))


def _windows(
    size: int | None,
    kernel: int | None,
    stride: int | None,
    padding: int | None,
    dilation: int | None,
    ceil: bool = False,
) -> int | None:
    """How often a kernel fits."""
    if size is None or kernel is None or not stride or padding is None or dilation is None:
        return None
    free = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (-(-free // stride) if ceil else free // stride) + 1
    if ceil and (count - 1) * stride >= size + padding:
        count -= 1  # the last window must start inside
    return count


@shaper(*_TRANSPOSED)
def _conv_transpose(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    rank = _rank(call)
    split, weight = _batched(inputs[0] if inputs else None, rank), _tensor(path, call, "weight")
    groups = literal(call, "groups", 1)
    if split is None:
        return None
    batch, (_, *spatial) = split
    if weight and len(weight) == rank + 2 and weight[1] is not None and isinstance(groups, int):
        channels: int | None = weight[1] * groups
        kernel = weight[2:]
    else:
        made = literal(call, "out_channels")
        channels = made if isinstance(made, int) else None
        kernel = _per_dim(path, call, "kernel_size", rank, None)
    stride, dilation = (_per_dim(path, call, name, rank, 1) for name in ("stride", "dilation"))
    padding, extra = (_per_dim(path, call, name, rank, 0) for name in ("padding", "output_padding"))
    sizes_found: list[int | None] = []
    for size, k, s, p, d, e in zip(spatial, kernel, stride, padding, dilation, extra, strict=True):
        if size is None or k is None or s is None or p is None or d is None or e is None:
            sizes_found.append(None)
        else:
            sizes_found.append((size - 1) * s - 2 * p + d * (k - 1) + e + 1)
    return (*batch, channels, *sizes_found)


@shaper(*_POOLS)
def _pool(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    rank = _rank(call)
    split = _batched(inputs[0] if inputs else None, rank)
    if split is None:
        return None
    batch, (channels, *spatial) = split
    kernel = _per_dim(path, call, "kernel_size", rank, None)
    stride = _per_dim(path, call, "stride", rank, None)
    stride = kernel if literal(call, "stride") in (None, ()) else stride
    padding, dilation = _per_dim(path, call, "padding", rank, 0), _per_dim(path, call, "dilation", rank, 1)
    ceil = literal(call, "ceil_mode", False)
    if not isinstance(ceil, bool):
        return (*batch, channels, *(None,) * rank)
    return (
        *batch,
        channels,
        *(_windows(*e, ceil) for e in zip(spatial, kernel, stride, padding, dilation, strict=True)),
    )


@shaper(*_ADAPTIVE)
def _adaptive(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    rank = _rank(call)
    split = _batched(inputs[0] if inputs else None, rank)
    if split is None:
        return None
    batch, (channels, *_) = split
    asked = literal(call, "output_size")
    wanted = asked if isinstance(asked, tuple) and len(asked) == rank else (asked,) * rank
    if call.bound.get("output_size") and isinstance(call.bound["output_size"][0], ListRef):
        wanted = sizes(path, call.bound["output_size"]) or (None,) * rank
    return (*batch, channels, *(size if isinstance(size, int) else None for size in wanted))


@shaper("linear", "Linear", "LazyLinear")
def _linear(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    weight = _tensor(path, call, "weight")
    shape = inputs[0] if inputs else None
    if shape is None:
        return None
    if weight is not None and len(weight) == 1:
        return shape[:-1]
    return (*shape[:-1], weight[0] if weight else None)


@shaper("bilinear", "Bilinear")
def _bilinear(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    weight = _tensor(path, call, "weight")
    made = literal(call, "out_features")
    out = weight[0] if weight else made if isinstance(made, int) else None
    return (*inputs[0][:-1], out) if inputs and inputs[0] is not None else None


@shaper("embedding", "Embedding")
def _embedding(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    weight, indices = _tensor(path, call, "weight"), _tensor(path, call, "input")
    return (*indices, weight[1] if weight and len(weight) == 2 else None) if indices is not None else None


@shaper(*_LOSSES)
def _loss(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    reduction = literal(call, "reduction", "mean")
    return () if reduction in ("mean", "sum", "batchmean") else None


@shaper("cosine_similarity", "CosineSimilarity", "pairwise_distance", "PairwiseDistance")
def _similarity(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    shape = broadcast(inputs[:2])
    dim = literal(call, "dim", 1) if call.operation.lower().startswith("cosine") else -1
    if not shape or not isinstance(dim, int) or literal(call, "keepdim", False) is not False:
        return None
    at = dim % len(shape)
    return shape[:at] + shape[at + 1 :]


@shaper(
    "pad",
    "ZeroPad2d",
    "ReflectionPad2d",
    "ReplicationPad2d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ReflectionPad1d",
)
def _pad(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    shape = inputs[0] if inputs else None
    asked = sizes(path, call.bound["pad"]) if call.bound.get("pad") else None
    if not call.bound.get("pad"):
        asked = _per_dim(path, call, "padding", 2 * _rank(call), None)
    if shape is None or asked is None or len(asked) > 2 * len(shape):
        return None
    result = list(shape)
    for number in range(len(asked) // 2):
        before, after, size = asked[2 * number], asked[2 * number + 1], result[-1 - number]
        result[-1 - number] = (
            None if before is None or after is None or size is None else size + before + after
        )
    return tuple(result)


@shaper("interpolate", "Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d", "upsample")
def _interpolated(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    shape = inputs[0] if inputs else None
    if shape is None or len(shape) < 3:
        return None
    rank = len(shape) - 2
    size, factor = literal(call, "size"), literal(call, "scale_factor")
    if call.bound.get("size") and isinstance(call.bound["size"][0], ListRef):
        size = sizes(path, call.bound["size"])
    if isinstance(size, int):
        return (*shape[:2], *(size,) * rank)
    if isinstance(size, tuple) and len(size) == rank:
        return (*shape[:2], *size)
    if isinstance(factor, (int, float)):
        return (*shape[:2], *(None if s is None else int(s * factor) for s in shape[2:]))
    return (*shape[:2], *(None,) * rank)


@shaper("pixel_shuffle", "PixelShuffle")
def _pixel_shuffled(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    shape, factor = inputs[0] if inputs else None, literal(call, "upscale_factor")
    if shape is None or len(shape) < 3 or not isinstance(factor, int):
        return None
    channels, height, width = shape[-3:]
    return (
        *shape[:-3], None if channels is None else channels // factor**2, None if height is None else height * factor,
        None if width is None else width * factor,
    )  # fmt: skip


@shaper("glu", "GLU")
def _halved(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    shape, dim = inputs[0] if inputs else None, literal(call, "dim", -1)
    if not shape or not isinstance(dim, int) or not -len(shape) <= dim < len(shape):
        return None
    at = dim % len(shape)
    size = shape[at]
    return (*shape[:at], None if size is None else size // 2, *shape[at + 1 :])


@shaper("scaled_dot_product_attention")
def _attention(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    query, value = _tensor(path, call, "query"), _tensor(path, call, "value")
    return (*query[:-1], value[-1]) if query and value else None


@shaper("MultiheadAttention")
def _multihead(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return _tensor(path, call, "query")


@shaper("LSTMCell", "GRUCell", "RNNCell")
def _cell(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    hidden, shape = literal(call, "hidden_size"), _tensor(path, call, "input")
    return (*shape[:-1], hidden if isinstance(hidden, int) else None) if shape else None


@shaper("LSTM[0]", "GRU[0]", "RNN[0]")
def _recurrent(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    hidden, projected = literal(call, "hidden_size"), literal(call, "proj_size", 0)
    shape, both = _tensor(path, call, "input"), literal(call, "bidirectional", False)
    if not shape or not isinstance(hidden, int) or projected != 0 or not isinstance(both, bool):
        return (*shape[:-1], None) if shape else None
    return (*shape[:-1], hidden * (2 if both else 1))


@shaper("LSTM[1]", "GRU[1]", "RNN[1]", "LSTM[10]", "LSTM[11]")
def _recurrent_state(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    hidden, layers = literal(call, "hidden_size"), literal(call, "num_layers", 1)
    shape, both = _tensor(path, call, "input"), literal(call, "bidirectional", False)
    first = literal(call, "batch_first", False)
    known = isinstance(hidden, int) and isinstance(layers, int) and literal(call, "proj_size", 0) == 0
    if not shape or not known or not isinstance(both, bool) or not isinstance(first, bool):
        return None
    count = int(str(layers)) * (2 if both else 1)
    batch = () if len(shape) == 2 else (shape[0 if first else 1],)
    return (count, *batch, int(str(hidden)))


@shaper("LSTMCell[0]", "LSTMCell[1]")
def _cell_states(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return _cell(path, call, inputs)


@shaper("MultiheadAttention[0]")
def _multihead_output(path: Path, call: Application, inputs: list[Shape]) -> Shape:
    return _multihead(path, call, inputs)
