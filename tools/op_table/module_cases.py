"""Modules that torch's module_db leaves out, or gives too few calls of: constructor arguments and inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

Case = tuple[str, tuple[Any, ...], dict[str, Any], Callable[[], tuple[Any, ...]]]


def f(*shape: int) -> torch.Tensor:
    """Positive numbers, all different, so that no sample sits on a kink."""
    return torch.rand(shape) + 0.1


def i(high: int, *shape: int) -> torch.Tensor:
    """Indices below ``high``."""
    return torch.arange(int(torch.tensor(shape).prod())).reshape(*shape) % high


_IMAGES: tuple[tuple[int, ...], ...] = ((2, 3, 6), (2, 3, 6, 6), (1, 3, 4, 4, 4))


def given(*shape: int, also: Any = None) -> Callable[[], tuple[Any, ...]]:
    """Makes a tensor of this shape to call a module with, each time a new one."""
    return lambda: (f(*shape),) if also is None else (f(*shape), also)


def _pooled(pool: Callable[..., tuple[Any, ...]], shape: tuple[int, ...]) -> tuple[Any, ...]:
    return pool(f(*shape), 2, return_indices=True)


def _norms() -> list[Case]:
    cases: list[Case] = []
    for n, shape in ((1, (4, 3, 5)), (2, (4, 3, 5, 5)), (3, (2, 3, 2, 2, 2))):
        for options in ({}, {"affine": False}, {"track_running_stats": False}, {"momentum": None}):
            cases.append((f"BatchNorm{n}d", (3,), dict(options), given(*shape)))
        for options in ({}, {"affine": True}, {"track_running_stats": True}):
            cases.append((f"InstanceNorm{n}d", (3,), dict(options), given(*shape)))
    for options in ({}, {"affine": False}, {"track_running_stats": False}):
        cases.append(("SyncBatchNorm", (3,), dict(options), lambda: (f(4, 3, 5),)))
    for options in ({}, {"elementwise_affine": False}, {"bias": False}):
        cases.append(("LayerNorm", (3,), dict(options), lambda: (f(4, 3),)))
        cases.append(("LayerNorm", (3,), dict(options), lambda: (f(2, 4, 3),)))
    for options in ({}, {"elementwise_affine": False}):
        cases.append(("RMSNorm", (3,), dict(options), lambda: (f(4, 3),)))
    for options in ({}, {"affine": False}):
        cases.append(("GroupNorm", (2, 4), dict(options), lambda: (f(4, 4, 3),)))
    return cases


def _linear() -> list[Case]:
    cases: list[Case] = []
    for options in ({}, {"bias": False}):
        for shape in ((3,), (4, 3), (2, 4, 3), (2, 2, 4, 3)):
            cases.append(("Linear", (3, 2), dict(options), given(*shape)))
        for n, image in enumerate(_IMAGES, 1):
            for name in (f"Conv{n}d", f"ConvTranspose{n}d"):
                cases.append((name, (3, 2, 3), dict(options), given(*image)))
                cases.append((name, (3, 2, 3), dict(options), given(*image[1:])))
            cases.append((f"Conv{n}d", (3, 3, 1), {**options, "groups": 3}, given(*image)))
            for mode in ("reflect", "circular", "replicate"):
                conv = {**options, "padding": 1, "padding_mode": mode}
                cases.append((f"Conv{n}d", (3, 2, 3), conv, given(*image)))
    return cases


def _recurrent() -> list[Case]:
    cases: list[Case] = []
    for name in ("RNN", "GRU", "LSTM"):
        for options in (
            {},
            {"num_layers": 2},
            {"bidirectional": True},
            {"batch_first": True},
            {"bias": False},
            {"num_layers": 2, "dropout": 0.5},
        ):
            cases.append((name, (3, 4), dict(options), lambda: (f(5, 2, 3),)))
        state = f(1, 2, 4)
        also = (state, state.clone()) if name == "LSTM" else state
        cases.append((name, (3, 4), {}, given(5, 2, 3, also=also)))
    cases.append(("RNN", (3, 4), {"nonlinearity": "relu"}, lambda: (f(5, 2, 3),)))
    for name in ("RNNCell", "GRUCell", "LSTMCell"):
        state = f(2, 4)
        also = (state, state.clone()) if name == "LSTMCell" else state
        for options in ({}, {"bias": False}):
            cases.append((name, (3, 4), dict(options), lambda: (f(2, 3),)))
            cases.append((name, (3, 4), dict(options), given(2, 3, also=also)))
    return cases


def _pools() -> Iterator[Case]:
    """Pooling down to one cell is a mean, which keeps nothing."""
    for n, shape in ((1, (2, 3, 6)), (2, (2, 3, 6, 6)), (3, (2, 3, 4, 4, 4))):
        for size in (1, (1,) * n, 2, (2,) * n):
            yield f"AdaptiveAvgPool{n}d", (size,), {}, given(*shape)
            yield f"AdaptiveAvgPool{n}d", (size,), {}, given(*shape[1:])


def _others() -> list[Case]:
    cases: list[Case] = [
        ("AdaptiveLogSoftmaxWithLoss", (8, 10, [3, 6]), {}, lambda: (f(4, 8), i(10, 4))),
        *_pools(),
        ("ChannelShuffle", (2,), {}, lambda: (f(1, 4, 2, 2),)),
        ("CosineSimilarity", (), {}, lambda: (f(4, 3), f(4, 3))),
        ("CrossMapLRN2d", (2,), {}, lambda: (f(1, 4, 3, 3),)),
        ("Flatten", (), {}, lambda: (f(2, 3, 4),)),
        ("Fold", ((4, 5), (2, 2)), {}, lambda: (f(1, 12, 12),)),
        ("Unfold", ((2, 2),), {}, lambda: (f(1, 3, 4, 5),)),
        ("Identity", (), {}, lambda: (f(2, 3),)),
        ("NLLLoss2d", (), {}, lambda: (f(1, 3, 2, 2), i(3, 1, 2, 2))),
        ("PairwiseDistance", (), {}, lambda: (f(4, 3), f(4, 3))),
        ("PixelShuffle", (2,), {}, lambda: (f(1, 4, 2, 2),)),
        ("PixelUnshuffle", (2,), {}, lambda: (f(1, 1, 4, 4),)),
        ("RReLU", (), {}, lambda: (f(3, 2) - 0.6,)),
        ("TripletMarginLoss", (), {}, lambda: (f(4, 3), f(4, 3), f(4, 3))),
        ("TripletMarginWithDistanceLoss", (), {}, lambda: (f(4, 3), f(4, 3), f(4, 3))),
        ("Unflatten", (1, (2, 3)), {}, lambda: (f(2, 6),)),
        ("UpsamplingBilinear2d", (), {"scale_factor": 2}, lambda: (f(1, 1, 3, 3),)),
        ("UpsamplingNearest2d", (), {"scale_factor": 2}, lambda: (f(1, 1, 3, 3),)),
        ("CTCLoss", (), {}, lambda: (f(5, 2, 4).log_softmax(2), i(3, 2, 3) + 1, torch.tensor([5, 5]), torch.tensor([3, 3]))),
        ("FractionalMaxPool2d", (2,), {"output_size": 3}, lambda: (f(1, 2, 6, 6),)),
        ("FractionalMaxPool3d", (2,), {"output_size": 2}, lambda: (f(1, 1, 4, 4, 4),)),
        ("Hardsigmoid", (), {}, lambda: (f(3, 2),)),
        ("Embedding", (5, 3), {}, lambda: (i(5, 4),)),
        ("Embedding", (5, 3), {"padding_idx": 0}, lambda: (i(5, 4),)),
        ("Embedding", (5, 3), {"max_norm": 0.01}, lambda: (i(5, 4),)),
        ("Embedding", (5, 3), {}, lambda: (i(5, 4, 2),)),
        ("TransformerDecoder", (torch.nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0), 2), {}, lambda: (f(3, 1, 4), f(2, 1, 4))),
        ("MultiheadAttention", (4, 2), {}, lambda: (f(3, 1, 4), f(2, 1, 4), f(2, 1, 4))),
        ("MultiheadAttention", (4, 2), {"batch_first": True}, lambda: (f(1, 3, 4), f(1, 2, 4), f(1, 2, 4))),
        ("MultiheadAttention", (4, 2), {"bias": False}, lambda: (f(3, 1, 4), f(2, 1, 4), f(2, 1, 4))),
    ]  # fmt: skip
    return cases


def _sweeps() -> list[Case]:
    """Classes of one family, over their modes."""
    cases: list[Case] = []
    for name in ("Dropout", "AlphaDropout", "FeatureAlphaDropout"):
        for p in (0.5, 0.0):
            cases.append((name, (p,), {}, lambda: (f(4, 3, 5),)))
    for n, shape in ((1, (2, 3, 4)), (2, (2, 3, 4, 4)), (3, (2, 3, 2, 2, 2))):
        for p in (0.5, 0.0):
            cases.append((f"Dropout{n}d", (p,), {}, given(*shape)))
        pool = getattr(torch.nn.functional, f"max_pool{n}d")
        cases.append(
            (
                f"MaxUnpool{n}d",
                (2,),
                {},
                partial(_pooled, pool, shape),
            )
        )
    for mode in ("sum", "mean", "max"):
        cases.append(("EmbeddingBag", (5, 3), {"mode": mode}, lambda: (i(5, 4, 2),)))
        cases.append(("EmbeddingBag", (5, 3), {"mode": mode}, lambda: (i(5, 6), torch.tensor([0, 2]))))
        cases.append(("EmbeddingBag", (5, 3), {"mode": mode, "max_norm": 0.01}, lambda: (i(5, 4, 2),)))
    for mode, shape in (
        ("nearest", (1, 2, 3)),
        ("linear", (1, 2, 3)),
        ("bilinear", (1, 2, 3, 3)),
        ("bicubic", (1, 2, 3, 3)),
    ):
        cases.append(("Upsample", (), {"scale_factor": 2, "mode": mode}, given(*shape)))
    for name in (
        "ReLU",
        "ReLU6",
        "SiLU",
        "Mish",
        "Hardswish",
        "Hardtanh",
        "ELU",
        "CELU",
        "SELU",
        "LeakyReLU",
        "GELU",
    ):
        cases.append((name, (), {}, lambda: (f(3, 2) - 0.6,)))
    cases.append(("Threshold", (0.1, 20), {}, lambda: (f(3, 2),)))
    return cases


def cases() -> list[Case]:
    """Every case: class, constructor arguments, and a function that makes the inputs of ``forward``."""
    return [*_norms(), *_linear(), *_recurrent(), *_others(), *_sweeps()]
