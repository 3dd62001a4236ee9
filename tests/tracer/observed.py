"""Programs on which a tracer of torch is apt to change something: each is run with and without, and compared."""

from __future__ import annotations

import copy
import io
import pickle
import threading
import weakref
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def functional_transforms() -> Any:
    def f(x: Any) -> Any:
        return (x.sin() * x).sum()

    x = torch.ones(3)
    return (
        torch.func.grad(f)(x),
        torch.func.vmap(torch.func.grad(f))(torch.ones(2, 3)),
        torch.func.hessian(f)(x),
    )


def vjp_of_a_bug() -> Any:
    _, pull = torch.func.vjp(lambda x: x.exp().mul_(2), torch.ones(3))
    return pull(torch.ones(3))


def checkpoints_of_both_kinds() -> Any:
    layer = nn.Linear(3, 3)
    x = torch.ones(2, 3, requires_grad=True)
    for reentrant in (False, True):
        checkpoint(lambda t: layer(t).exp(), x, use_reentrant=reentrant).sum().backward()
    return x.grad


def gradient_of_a_gradient() -> Any:
    x = torch.ones(3, requires_grad=True) * 1.5
    (g,) = torch.autograd.grad((x.exp() * x).sum(), x, create_graph=True)
    return torch.autograd.grad(g.pow(2).sum(), x)


def graphs_die_without_the_collector() -> Any:
    references = []
    for _ in range(3):
        y = torch.ones(3, requires_grad=True).exp().sigmoid()
        references.append(weakref.ref(y))
        del y
    return [one() is None for one in references]


def meta_tensors() -> Any:
    x = torch.ones(2, 3, requires_grad=True, device="meta")
    y = x.exp()
    y.add_(1)
    y.sum().backward()


def sparse_gradients() -> Any:
    layer = nn.Embedding(5, 3, sparse=True)
    layer(torch.tensor([1, 2])).pow(2).sum().backward()
    assert layer.weight.grad is not None
    return layer.weight.grad.coalesce().values()


def traced_by_jit() -> Any:
    return str(torch.jit.trace(nn.Linear(3, 3), torch.ones(2, 3)).graph).count("aten::")


def subclass_of_tensor() -> Any:
    class Plain(torch.Tensor):
        pass

    x = torch.ones(3).as_subclass(Plain).requires_grad_()
    y = x.exp()
    (y * x).sum().backward()
    return type(y).__name__, x.grad


def custom_function_gets_its_own_objects() -> Any:
    seen = []

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            a, b = ctx.saved_tensors
            seen.append((a is data, b is weight, type(b).__name__))
            return g * b, g * a

    data, weight = torch.ones(3), nn.Parameter(torch.ones(3))
    Product.apply(data, weight).sum().backward()
    return seen


def copied_and_pickled() -> Any:
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))
    net(torch.ones(1, 2)).sum().backward()
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    return len(pickle.dumps(copy.deepcopy(net))), len(file.getvalue())


def detached_in_place() -> Any:
    h = torch.ones(3, requires_grad=True) * 1
    y = h * h
    h.detach_()
    y.sum().backward()


def hooks_of_its_own() -> Any:
    x = torch.ones(3, requires_grad=True)
    with torch.autograd.graph.save_on_cpu():
        y = x.exp()
    y.register_hook(lambda g: g * 2)
    y.sum().backward()
    return x.grad


def optimizer_with_a_closure() -> Any:
    weight = nn.Parameter(torch.ones(3))
    optimizer = torch.optim.LBFGS([weight])

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (weight**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return weight


def transformer_in_both_modes() -> Any:
    layer = nn.TransformerEncoderLayer(8, 2, batch_first=True)
    x = torch.randn(2, 3, 8)
    layer(x).sum().backward()
    layer.eval()
    with torch.no_grad():
        return layer(x), layer.linear1.weight.grad


def autocast_region() -> Any:
    layer = nn.Linear(3, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = layer(torch.randn(2, 3)).exp()
    y.float().sum().backward()
    return layer.weight.grad


def foreach_step_in_between() -> Any:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, foreach=True)
    one, other = net(torch.ones(1, 2)).sum(), net(torch.ones(1, 2)).pow(2).sum()
    one.backward()
    optimizer.step()
    other.backward()


def in_another_thread() -> Any:
    said = []

    def work() -> None:
        x = torch.ones(3, requires_grad=True)
        y = x.exp()
        y.add_(1)
        try:
            y.sum().backward()
        except RuntimeError as error:
            said.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return said


def threads_and_attributes_are_what_they_were() -> Any:
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y.sum().backward()
    return threading.active_count(), sorted(vars(x)), sorted(vars(y)), x._version, y._version


PROGRAMS = [value for name, value in list(globals().items()) if getattr(value, "__module__", "") == __name__]
