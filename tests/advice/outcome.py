"""All that a program shows of what it computed: how it ends, what it prints, its tensors, and every gradient that it asks for."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable, Iterator
from typing import Any
from unittest import mock

import torch

Fact = tuple[Any, ...]


def outcome(text: str, functions: Iterable[str] = ()) -> list[Fact]:
    """Run as a script from the same random state; then call the functions, and differentiate what they return."""
    facts: list[Fact] = []
    backward, engine, grad = torch.Tensor.backward, torch.autograd.backward, torch.autograd.grad

    def watched(run: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            roots = list(_tensors(args[:1] or tuple(kwargs.values())))
            leaves = _leaves(roots)
            facts.append(("loss", *map(_value, roots)))
            given = run(*args, **kwargs)
            facts.append(("gradients", *sorted(repr(_value(leaf.grad)) for leaf in leaves)))
            facts.extend(("given", _value(each)) for each in _tensors(given))
            return given

        return call

    patched = (
        mock.patch.object(torch.Tensor, "backward", watched(backward)),
        mock.patch.object(torch.autograd, "backward", watched(engine)),
        mock.patch.object(torch.autograd, "grad", watched(grad)),
    )
    printed = io.StringIO()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(printed))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for each in patched:
            stack.enter_context(each)
        facts.append(("module", _ending(lambda: exec(compile(text, "<advice>", "exec"), namespace))))
        facts.extend((name, *map(_shown, _tensors(value))) for name, value in sorted(namespace.items()))
        for name in functions:
            facts.append((name, _ending(lambda name=name: _differentiate(facts, namespace[name]))))
    return [*facts, ("printed", printed.getvalue())]


def _differentiate(facts: list[Fact], function: Any) -> None:
    found = list(_tensors(function()))
    facts.append(("returned", *map(_shown, found)))
    wanted = [each.sum() for each in found if each.requires_grad and each.is_floating_point()]
    if wanted:
        torch.autograd.backward(wanted)


def _ending(run: Any) -> str:
    torch.manual_seed(0)
    try:
        run()
    except Exception as error:  # whatever a program raises
        return f"{type(error).__name__}: {str(error)[:60]}"
    return "runs"


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, torch.nn.Module):
        yield from (*value.parameters(), *value.buffers())
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _tensors(each)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _leaves(roots: list[torch.Tensor]) -> list[torch.Tensor]:
    """The tensors that a backward from here gives gradients to."""
    todo: list[Any] = [each.grad_fn for each in roots]
    seen: set[Any] = set()
    leaves: list[torch.Tensor] = [each for each in roots if each.grad_fn is None and each.requires_grad]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        todo.extend(above for above, _ in node.next_functions)
    return leaves


def _shown(tensor: torch.Tensor) -> Fact:
    try:
        grad = tensor.grad if tensor.is_leaf else None
    except RuntimeError as error:  # a view that torch does not give the history of any more
        return (*_value(tensor), str(error))
    return (*_value(tensor), tensor.requires_grad, tensor.is_leaf, _value(grad))


def _value(tensor: torch.Tensor | None) -> Fact:
    if tensor is None:
        return ()
    plain = tensor.detach()
    numbers = plain.to_dense().flatten().tolist() if plain.device.type == "cpu" else []
    return (str(plain.dtype), tuple(plain.shape), repr(numbers))
