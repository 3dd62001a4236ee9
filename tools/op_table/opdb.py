"""Calls out of op_db, torch's own operator database: functions, methods, in-place variants, operators."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput

from tools.op_table.declared import resolve
from tools.op_table.probe import Call, tensors_of

MOST_SAMPLES = 16
"""Samples of one operation and dtype, about; they are spread over all that op_db makes."""
LONGEST = 400
"""Samples of one operation and dtype that are looked at."""
LARGEST = 20_000
"""Elements of one tensor at most: a probe needs no more."""

_PREFIXES = {
    "nn.functional.": "F.",
    "linalg.": "torch.linalg.",
    "fft.": "torch.fft.",
    "special.": "torch.special.",
}


def calls(only: frozenset[str] | None = None, held_out: bool = False) -> Iterator[Call]:
    """Samples of every operation, once for each name under which python knows it.

    ``only``: calls of these names. ``held_out``: other samples than those that make the table.
    """
    for info in op_db:
        names = [pair for pair in _names(info) if only is None or pair[0] in only]
        if not names or info.name.rpartition(".")[2].startswith("_"):
            continue
        for sample in _samples(info, held_out):
            for name, function in names:
                yield Call(name, function, (sample.input, *sample.args), dict(sample.kwargs))


def _names(info: OpInfo) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Function, method, in-place and reflected names, as far as torch has them."""
    for base in dict.fromkeys((info.name, *(alias.name for alias in info.aliases))):
        base = base.removeprefix("torch.")
        if base.startswith("ops."):
            continue
        dotted = next(
            (short + base[len(p) :] for p, short in _PREFIXES.items() if base.startswith(p)), f"torch.{base}"
        )
        found = resolve(dotted)
        if callable(found):
            yield dotted, found
        method = base.rpartition(".")[2]
        if dotted.startswith(("F.", "torch.fft.")) or (
            dotted.startswith("torch.linalg.") and method == "norm"
        ):
            continue
        for name in (method, f"{method}_", f"__r{method.strip('_')}__"):
            found = getattr(torch.Tensor, name, None)
            if callable(found) and f"Tensor.{name}" != dotted:
                yield f"Tensor.{name}", found
        found = getattr(torch, f"{base}_", None)
        if callable(found):
            yield f"torch.{base}_", found
    if info.name.startswith("nn.functional."):
        found = getattr(torch.nn.functional, f"{info.name.rpartition('.')[2]}_", None)
        if callable(found):
            yield f"F.{info.name.rpartition('.')[2]}_", found


def _samples(info: OpInfo, held_out: bool) -> tuple[SampleInput, ...]:
    torch.manual_seed(0)
    found: list[SampleInput] = []
    for dtype in (torch.float64, torch.float32, torch.complex64, torch.int64, torch.bool):
        if dtype not in info.dtypes or (found and not dtype.is_floating_point):
            continue
        try:
            samples = info.sample_inputs("cpu", dtype, requires_grad=False)
            usable = [sample for sample in itertools.islice(samples, LONGEST) if _is_usable(sample)]
        except Exception:
            continue
        step = max(1, len(usable) // MOST_SAMPLES)
        found += usable[1::step] if held_out and step > 1 else [] if held_out else usable[::step]
    return tuple(found)


def _is_usable(sample: SampleInput) -> bool:
    tensors = list(tensors_of((sample.input, *sample.args, *sample.kwargs.values())))
    return all(0 < tensor.numel() <= LARGEST for tensor in tensors)
