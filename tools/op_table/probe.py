"""Runs one call for each pattern of who requires grad, forward only, and notes what torch keeps, writes and returns.

What a node saves is seen by pack hooks; two tensors share a version counter if bumping one moves the other.
"""

from __future__ import annotations

import copy
import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from gradsafe.ops.notation import Return, Write
from tools.op_table.outcome import Labelled, classify, outputs_of

MOST_PATTERNS = 4
"""Up to so many differentiable operands, every pattern is tried; with more: none, one, all but one, all."""


@dataclass(frozen=True)
class Call:
    """One call of a python-visible name. ``make`` builds fresh arguments; a module's call has a ``module`` to run."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    module: torch.nn.Module | None = None


@dataclass(frozen=True)
class Observation:
    """What one call did: saved labels per pattern, its results, its writes.

    ``silent`` are operands that give the result no grad, though they require it (a weight of ``nll_loss``).
    """

    call: Call
    labels: tuple[str, ...]
    differentiable: tuple[str, ...]
    saved: Mapping[frozenset[str], frozenset[str]]
    silent: frozenset[str]
    returns: Return
    writes: tuple[Write, ...]


def observe(call: Call, label_of: Callable[[int | str], str]) -> Observation | None:
    """Probe a call; None where torch refuses it. ``label_of`` names the parameter at a position or keyword."""
    names = tuple(dict.fromkeys(differentiable_labels(call, label_of)))
    saved: dict[frozenset[str], frozenset[str]] = {}
    silent: set[str] = set()
    last: tuple[Return, tuple[Write, ...], tuple[str, ...]] | None = None
    for pattern in patterns(names):
        try:
            found = _run(call, label_of, pattern)
        except Exception:
            continue
        saved[pattern] = found[0]
        last = found[1:4]
        if len(pattern) == 1 and not found[4]:
            silent |= pattern
    if last is None:
        return None
    return Observation(call, last[2], names, saved, frozenset(silent), last[0], last[1])


def patterns(names: Sequence[str]) -> Iterator[frozenset[str]]:
    """From nobody to everybody: the last one run has the most grads."""
    sizes: Iterable[int] = range(len(names) + 1)
    if len(names) > MOST_PATTERNS:
        sizes = (0, 1, len(names) - 1, len(names))
    for size in sizes:
        yield from map(frozenset, itertools.combinations(names, size))


def differentiable_labels(call: Call, label_of: Callable[[int | str], str]) -> Iterator[str]:
    places: list[tuple[int | str, Any]] = [*enumerate(call.args), *call.kwargs.items()]
    for where, value in places:
        if any(tensor.is_floating_point() or tensor.is_complex() for tensor in tensors_of(value)):
            yield label_of(where)
    if call.module is not None:
        yield from (label_of_state(call.module, name) for name, _ in call.module.named_parameters())


def label_of_state(module: torch.nn.Module, name: str) -> str:
    """A parameter or buffer as the table names it: those of a nested or recurrent module are told as a group."""
    if isinstance(module, torch.nn.RNNBase):
        return name.partition("_")[0]
    nested = any(module.children())
    return "parameters" if nested else name


def tensors_of(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_of(item)


def _run(
    call: Call, label_of: Callable[[int | str], str], pattern: frozenset[str]
) -> tuple[frozenset[str], Return, tuple[Write, ...], tuple[str, ...], bool]:
    function, args, kwargs, held = prepare(call, label_of, pattern)
    kept: list[torch.Tensor] = []
    before = [(item.tensor._version, item.tensor.detach().clone()) for item in held]
    with warnings.catch_warnings(), torch.autograd.graph.saved_tensors_hooks(_keeper(kept), _unpack):
        warnings.simplefilter("ignore")
        result = function(*args, **kwargs)
    writes = tuple(_writes(held, before))
    returns = classify(result, held)
    labels = tuple(item.label for item in held)
    graph = any(tensor.requires_grad for tensor in tensors_of(result))
    return _saved_labels(kept, held, result), returns, writes, labels, graph


def prepare(
    call: Call, label_of: Callable[[int | str], str], pattern: frozenset[str]
) -> tuple[Callable[..., Any], list[Any], dict[str, Any], list[Labelled]]:
    """Fresh arguments in which exactly the operands of ``pattern`` require grad, and every tensor by its label."""
    held: list[Labelled] = []
    args = [_fresh(value, label_of(where), pattern, held) for where, value in enumerate(call.args)]
    kwargs = {key: _fresh(value, label_of(key), pattern, held) for key, value in call.kwargs.items()}
    function = call.function
    if call.module is not None:
        module = copy.deepcopy(call.module)
        function = module
        for name, parameter in module.named_parameters():
            label = label_of_state(module, name)
            parameter.requires_grad_(label in pattern)
            held.append(Labelled(label, parameter))
        held += (Labelled(name, buffer) for name, buffer in module.named_buffers())
    return function, args, kwargs, held


def _keeper(kept: list[torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor)
        return tensor

    return pack


def _unpack(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def _fresh(value: Any, label: str, pattern: frozenset[str], held: list[Labelled]) -> Any:
    """A copy of an argument whose tensors are non-leaves (so that they may be written) and known by ``label``."""
    if isinstance(value, torch.Tensor):
        copied = value.detach().clone()
        if label in pattern and (copied.is_floating_point() or copied.is_complex()):
            copied = copied.requires_grad_().clone()
        held.append(Labelled(label, copied))
        return copied
    if type(value) in (list, tuple):
        return type(value)(_fresh(item, label, pattern, held) for item in value)
    return value


def _writes(held: Sequence[Labelled], before: Sequence[tuple[int, torch.Tensor]]) -> Iterator[Write]:
    seen: set[str] = set()
    for item, (version, content) in zip(held, before, strict=True):
        bumps = item.tensor._version - version
        if item.label in seen or (not bumps and _equal(item.tensor, content)):
            continue
        seen.add(item.label)
        yield Write(item.label, bumps)


def writes_overlapping(call: Call) -> bool:
    """Does the call write its first operand even where many of its elements are one place in memory?"""
    first, *rest = call.args
    if not isinstance(first, torch.Tensor) or first.ndim == 0 or first.shape[0] < 2:
        return False
    overlapping = first.detach()[:1].clone().expand(first.shape)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            call.function(overlapping, *copy.deepcopy(rest), **copy.deepcopy(dict(call.kwargs)))
    except Exception:
        return False
    return bool(overlapping._version > 0)


def _equal(tensor: torch.Tensor, content: torch.Tensor) -> bool:
    if tensor.shape != content.shape or tensor.dtype != content.dtype:
        return False
    if tensor.layout is not torch.strided:
        return True
    return bool(torch.allclose(tensor.detach(), content, rtol=0, atol=0, equal_nan=True))


def _saved_labels(kept: Iterable[torch.Tensor], held: Sequence[Labelled], result: Any) -> frozenset[str]:
    candidates = [*held, *outputs_of(result, held)]
    return frozenset(label for tensor in kept if (label := _owner(tensor, candidates)))


def _owner(tensor: torch.Tensor, candidates: Sequence[Labelled]) -> str:
    """The label of the operand or result whose version counter ``tensor`` shares; empty for a copy."""
    for item in candidates:
        before = tensor._version
        torch.autograd.graph.increment_version(item.tensor)
        if tensor._version != before:
            return item.label
    return ""
