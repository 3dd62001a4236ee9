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


def operands_live_as_long_as_the_graph() -> Any:
    a = torch.ones(3, requires_grad=True) * 1
    y, reference = a * a, weakref.ref(a)
    del a
    alive = reference() is not None
    y.sum().backward()
    return alive, reference() is None


def names_of_their_operations() -> Any:
    h = torch.ones(4, requires_grad=True) * 1
    a, _ = h.chunk(2)
    y = a * a.sin()
    h.add_(1)
    y.sum().backward()


def compiled_without_a_compiler() -> Any:
    layer = nn.Linear(3, 3)
    step = torch.compile(lambda t: layer(t).tanh(), backend="eager")
    x = torch.randn(2, 3)
    step(x).sum().backward()
    step(x).sum().backward()
    return layer.weight.grad


def checkpoint_with_dropout() -> Any:
    layer, x = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)), torch.randn(4, 3, requires_grad=True)
    for reentrant in (False, True):
        checkpoint(layer, x, use_reentrant=reentrant).sum().backward()
    return x.grad, torch.rand(1)


def hooks_come_and_go() -> Any:
    said: list[str] = []
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    first = y.register_hook(lambda g: said.append("tensor"))
    node = y.grad_fn.register_hook(lambda *_: said.append("node"))
    x.register_post_accumulate_grad_hook(lambda t: said.append("leaf"))
    y.sum().backward(retain_graph=True)
    first.remove()
    node.remove()
    y.sum().backward()
    return said


def hooks_run_once_though_a_gradient_is_wrong() -> Any:
    said: list[str] = []
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y.register_hook(lambda g: said.append("tensor"))
    y.data.add_(1)
    y.sum().backward()
    return said, x.grad


def wrong_gradient_stays_wrong() -> Any:
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    h = x * w
    y = h * w
    h.data.mul_(3)
    with torch.no_grad():
        y.mul_(2)
    y.pow(2).sum().backward()
    return x.grad, w.grad


def subclass_that_listens() -> Any:
    heard: list[str] = []

    class Listening(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            heard.append(getattr(func, "__name__", str(func)))
            return super().__torch_function__(func, types, args, kwargs or {})

    x = torch.ones(3).as_subclass(Listening).requires_grad_()
    y = (x.exp() * x).sum()
    y.add_(1)
    y.backward()
    return heard, x.grad


def anomaly_mode_at_once() -> Any:
    with torch.autograd.detect_anomaly(check_nan=False):
        x = torch.ones(3, requires_grad=True)
        y = x.exp()
        y.add_(1)
        y.sum().backward()


def data_loaded_by_workers() -> Any:
    data = torch.utils.data.TensorDataset(torch.arange(4.0))
    return [batch[0] for batch in torch.utils.data.DataLoader(data, batch_size=2, num_workers=1)]


def module_copied_after_use() -> Any:
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))
    net(torch.ones(1, 2)).sum().backward()
    other = copy.deepcopy(net)
    other(torch.ones(1, 2)).sum().backward()
    return [p.grad for p in other.parameters()]


def moved_with_its_graph_alive() -> Any:
    layer = nn.Linear(2, 2)
    y = layer(torch.ones(1, 2))
    layer.double()
    y.sum().backward()


def forked() -> Any:
    import os

    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        x = torch.ones(3, requires_grad=True)
        (x * x).sum().backward()
        os.write(writing, str(x.grad).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(reading, 100)


def hooks_of_every_kind() -> Any:
    """Which run, in which order, how often, on which memory; one takes itself away, one replaces what passes."""
    seen: list[Any] = []
    layer = nn.Linear(3, 3)
    layer.register_full_backward_pre_hook(lambda module, given: seen.append("module before"))
    layer.register_full_backward_hook(lambda module, passed, given: seen.append("module"))
    x = torch.ones(2, 3, requires_grad=True)
    h = x * 2
    once = h.register_hook(lambda g: (seen.append("once"), once.remove())[0])
    h.register_hook(lambda g: g * 3)
    node: Any = h.grad_fn
    node.register_prehook(lambda given: seen.append("node before"))
    first = node.register_hook(lambda passed, given: seen.append("first"))
    node.register_hook(lambda passed, given: seen.append("second"))
    h.retain_grad()
    layer.weight.register_hook(lambda g: seen.append(("leaf", g.data_ptr())))

    def accumulated(p: Any) -> None:
        [address] = [one[1] for one in seen if one[0] == "leaf"][-1:]
        seen.append("stolen" if p.grad.data_ptr() == address else "copied")

    layer.weight.register_post_accumulate_grad_hook(accumulated)
    (layer(h) + h).pow(2).sum().backward(retain_graph=True)
    first.remove()
    (layer(h) + h).pow(2).sum().backward()
    assert h.grad is not None
    order = [one if isinstance(one, str) else one[0] for one in seen]
    return order, x.grad, h.grad, layer.weight.grad, layer.bias.grad, len(h._backward_hooks)


def hook_that_raises() -> Any:
    def refuse(g: Any) -> None:
        raise RuntimeError("not this gradient")

    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y.register_hook(refuse)
    try:
        (y * y).sum().backward(retain_graph=True)
    except RuntimeError as error:
        return str(error), x.grad, list(y._backward_hooks.values()) == [refuse]
    return None


def batched_and_sparse_gradients_with_hooks() -> Any:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: g * 2)
    rows = torch.autograd.grad(y * y, x, torch.eye(3), is_grads_batched=True)
    layer = nn.Embedding(5, 3, sparse=True)
    layer.weight.register_hook(lambda g: g * 2)
    (layer(torch.tensor([1, 2])) + 1).pow(2).sum().backward()
    assert layer.weight.grad is not None
    return rows, layer.weight.grad.coalesce().values()


def swapped_with_a_hook() -> Any:
    if not hasattr(torch.utils, "swap_tensors"):
        return None
    a = torch.ones(3, requires_grad=True) * 1
    b = torch.zeros(3)
    a.register_hook(lambda g: g * 2)
    a = a.detach()
    torch.utils.swap_tensors(a, b)
    return a, b


PROGRAMS = [value for name, value in list(globals().items()) if getattr(value, "__module__", "") == __name__]
