"""What is offered in a function holds whoever calls it: other dtypes, autocast, no_grad, vmap, forward mode, checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

CASE = Path(__file__).parent / "cases" / "called.py"


class Called:
    """The program's net and function, and arguments for them, always the same."""

    def __init__(self, text: str) -> None:
        namespace: dict[str, Any] = {}
        exec(compile(text, "<called>", "exec"), namespace)
        torch.manual_seed(0)
        self.net, self.function = namespace["Net"](), namespace["function"]
        self.image, self.ids = torch.randn(2, 3, 6, 6), torch.tensor([1, 5])
        torch.manual_seed(1)

    def gradients(self, loss: Any = None) -> list[Any]:
        """Of the parameters, after a backward from there."""
        (self.net(self.image, self.ids) if loss is None else loss).backward()
        grads = [parameter.grad for parameter in self.net.parameters()]
        return [grad.tolist() if grad is not None else None for grad in grads]

    def evaluated(self) -> Called:
        """Without dropout and batch statistics."""
        self.net.eval()
        return self


def _under_autocast(called: Called) -> list[Any]:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = called.net(called.image, called.ids)
    return [str(loss.dtype), *called.gradients(loss)]


def _in(mode: Any) -> Callable[[Called], list[Any]]:
    def run(called: Called) -> list[Any]:
        with mode():
            return [called.net(called.image, called.ids).tolist()]

    return run


def _frozen(called: Called) -> list[Any]:
    called.net.requires_grad_(False)
    called.image.requires_grad_()
    called.net(called.image, called.ids).backward()
    return [called.image.grad.tolist()]


def _functional(called: Called) -> list[Any]:
    values = {name: each.detach() for name, each in called.evaluated().net.named_parameters()}
    loss = lambda given: torch.func.functional_call(called.net, given, (called.image, called.ids))  # noqa: E731
    return [each.tolist() for each in torch.func.grad(loss)(values).values()]


def _ensemble(called: Called) -> list[Any]:
    net = called.evaluated().net
    values = {name: torch.stack([each.detach()] * 3) for name, each in net.named_parameters()}
    call = lambda given: torch.func.functional_call(net, given, (called.image, called.ids))  # noqa: E731
    return [torch.vmap(call)(values).tolist()]


def _vmap(called: Called) -> list[Any]:
    net = called.evaluated().net
    return [torch.vmap(lambda image: net(image[None], called.ids))(called.image).tolist()]


def _jacobians(called: Called) -> list[Any]:
    point = torch.randn(3)
    transforms = (torch.func.jacrev, torch.func.jacfwd, torch.func.hessian)
    return [each(called.function)(point).tolist() for each in transforms]


def _checkpoint(called: Called) -> list[Any]:
    from torch.utils.checkpoint import checkpoint

    net = called.evaluated().net
    return called.gradients(checkpoint(net, called.image, called.ids, use_reentrant=False))


def _twice(called: Called) -> list[Any]:
    net = called.evaluated().net
    called.image.requires_grad_()
    (first,) = torch.autograd.grad(net(called.image, called.ids), called.image, create_graph=True)
    return called.gradients(first.pow(2).sum())


def _forward_mode(called: Called) -> list[Any]:
    forward = torch.autograd.forward_ad
    with forward.dual_level():
        image = forward.make_dual(called.image, torch.ones_like(called.image))
        return [forward.unpack_dual(called.evaluated().net(image, called.ids)).tangent.tolist()]


def _of_dtype(dtype: Any) -> Callable[[Called], list[Any]]:
    def run(called: Called) -> list[Any]:
        called.net.to(dtype)
        return called.gradients(called.net(called.image.to(dtype), called.ids))

    return run


CONTEXTS: dict[str, Callable[[Called], list[Any]]] = {
    "plain": Called.gradients,
    "eval": lambda called: called.evaluated().gradients(),
    "double": _of_dtype(torch.float64),
    "bfloat16": _of_dtype(torch.bfloat16),
    "autocast": _under_autocast,
    "no_grad": _in(torch.no_grad),
    "inference mode": _in(torch.inference_mode),
    "frozen": _frozen,
    "functional": _functional,
    "ensemble": _ensemble,
    "vmap": _vmap,
    "jacobians": _jacobians,
    "checkpoint": _checkpoint,
    "double backward": _twice,
    "forward mode": _forward_mode,
}


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> str:
    from tests.advice.offers import offers

    whole = offers(CASE.read_text("utf-8"), tmp_path_factory.mktemp("called"))[-1]
    assert whole.row == 0
    return whole.text


@pytest.mark.parametrize("context", CONTEXTS)
def test_what_a_caller_has_in_force_makes_no_difference(mended: str, context: str) -> None:
    run = CONTEXTS[context]
    assert run(Called(mended)) == run(Called(CASE.read_text("utf-8")))
