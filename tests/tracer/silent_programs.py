"""Programs whose gradient is wrong without a word: the line to blame carries ``# wrong``."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn


def _leaf(*shape: int) -> Any:
    return torch.randn(*(shape or (3,)), requires_grad=True)


def data_write_to_a_result() -> None:
    y = _leaf().exp()
    y.data.add_(2)  # wrong
    y.sum().backward()


def data_write_through_a_view() -> None:
    y = _leaf().exp()
    y.data.view(-1)[0] = 5  # wrong
    y.sum().backward()


def parameter_made_of_data() -> None:
    p = nn.Parameter(torch.rand(3))
    y = _leaf() * p
    nn.Parameter(p.data).data.mul_(2)  # wrong
    y.sum().backward()


def copied_object() -> None:
    import copy

    t = torch.ones(3)
    y = _leaf() * t
    copy.copy(t).add_(1)  # wrong
    y.sum().backward()


def dlpack_alias() -> None:
    y = _leaf().exp()
    shared = torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(y.detach()))  # wrong
    shared.mul_(2)
    y.sum().backward()


def numpy_array() -> None:
    y = _leaf().exp()
    array = np.asarray(y.detach())
    array *= 2  # wrong
    y.sum().backward()


def untyped_storage() -> None:
    y = _leaf().exp()
    storage = y.untyped_storage()
    storage.fill_(7)  # wrong
    y.sum().backward()


def batch_norm_statistics() -> None:
    norm, x = nn.BatchNorm1d(3), _leaf(4, 3)
    norm.eval()
    y = norm(x)
    norm.train()
    norm(torch.randn(4, 3) * 5)  # wrong
    y.pow(2).sum().backward()


def undeclared_mutation() -> None:
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.mul_(2)  # wrong
            return x.clone()

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return grads[0] * 2

    h = _leaf() * 1
    (Doubled.apply(h) + h.pow(2)).sum().backward()


def no_grad_factor() -> None:
    y = _leaf() * 1
    with torch.no_grad():
        y.mul_(2)  # wrong
    y.sum().backward()


def no_grad_write_to_a_row() -> None:
    y = _leaf(3, 3) * 1
    with torch.no_grad():
        y[0].mul_(2)  # wrong
    y.sum().backward()


def no_grad_write_to_the_base_of_a_view() -> None:
    y = _leaf() * 1
    v = y.view(3, 1)
    with torch.no_grad():
        y.clamp_(0, 0.1)  # wrong
    v.sum().backward()


def write_through_detach() -> None:
    y = _leaf() * 1
    y.detach().mul_(3)  # wrong
    y.sum().backward()


def fused_step() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    one, other = net(torch.randn(2, 3)).sum(), net(torch.randn(2, 3)).sum()
    other.backward()
    optimizer.step()  # wrong
    one.backward()


def data_swapped_after_use() -> None:
    w = torch.ones(3, requires_grad=True)
    y = w * w
    w.data = w.data - 1  # wrong
    y.sum().backward()


def convolution_weight_swapped() -> None:
    layer = nn.Conv1d(2, 2, 1)
    y = layer(_leaf(1, 2, 3))
    layer.weight.data = torch.zeros(2, 2, 1)  # wrong
    y.sum().backward()


def data_write_to_rows_of_an_operand() -> None:
    h, w = _leaf(4, 3) * 1, _leaf(4, 3)
    y = h * w
    h.data[1:3] = 5  # wrong
    y.sum().backward()


def array_written_by_a_function() -> None:
    buffer, w = torch.zeros(3), _leaf()
    array = buffer.numpy()
    y = w * buffer
    np.add(array, 1, out=array)  # wrong
    y.sum().backward()


def tensor_made_of_an_array() -> None:
    array = np.ones(3, dtype=np.float32)
    y = _leaf() * torch.from_numpy(array)
    array[:] = 9  # wrong
    y.sum().backward()


def map_moves_no_counter() -> None:
    t = torch.ones(3)
    y = _leaf() * t
    t.map_(torch.zeros(3), lambda a, b: a * 3)  # wrong
    y.sum().backward()


def attribute_of_a_context() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.x = x
            return x * x

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return 2 * ctx.x * grads[0]

    h = _leaf() * 1
    y = Square.apply(h)
    h.mul_(10)  # wrong
    y.sum().backward()


def list_on_a_context() -> None:
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.kept = [a, b]
            return a * b

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            a, b = ctx.kept
            return b * grads[0], a * grads[0]

    h = _leaf() * 1
    y = Product.apply(_leaf(), h)
    h.mul_(10)  # wrong
    y.sum().backward()


def hooks_that_keep_the_tensor() -> None:
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        y = _leaf().exp()
    y.add_(1)  # wrong
    y.sum().backward()


def saved_on_the_cpu_it_is_on() -> None:
    with torch.autograd.graph.save_on_cpu():
        y = _leaf().exp()
    y.mul_(3).add_(1)  # wrong
    y.sum().backward()


def fused_sgd_of_two_losses() -> None:
    w, v = nn.Parameter(torch.rand(3)), nn.Parameter(torch.rand(3))
    optimizer = torch.optim.SGD([w, v], 0.5, fused=True)
    first, second = (w * v).sum(), (w * v).pow(2).sum()
    first.backward(retain_graph=True)
    optimizer.step()  # wrong
    second.backward()


def checkpointed_parameters_stepped() -> None:
    from torch.utils.checkpoint import checkpoint

    layer = nn.Linear(3, 3)
    optimizer = torch.optim.SGD(layer.parameters(), 0.5)
    layer(torch.rand(2, 3)).sum().backward()
    y = checkpoint(lambda t: layer(t).tanh(), _leaf(2, 3), use_reentrant=False)
    optimizer.step()  # wrong
    y.sum().backward()


def normalised_between_two_uses() -> None:
    w = _leaf()
    first = (w * torch.ones(3)).sum()
    w.data = w.data / w.data.norm()  # wrong
    (first + (w * torch.rand(3)).sum()).backward()


def result_replaced_by_its_double() -> None:
    h = _leaf() * 1
    h.data = h.data * 2  # wrong
    h.sum().backward()


def power_of_a_clamped_value() -> None:
    h = torch.tensor([0.5, 2.0, 3.0], requires_grad=True) * 1
    with torch.no_grad():
        h.clamp_(max=1)  # wrong
    h.pow(2).sum().backward()


def running_mean_of_a_channel_norm() -> None:
    norm, x = nn.BatchNorm2d(2), _leaf(2, 2, 3, 3)
    norm.eval()
    y = norm(x)
    norm.train()
    norm(torch.randn(2, 2, 3, 3) * 9 + 4)  # wrong
    y.sum().backward()


def hook_writes_one_element_of_an_expanded_gradient() -> None:
    y = _leaf() * 2

    def mask(g: Any) -> None:
        g[0] = 0  # wrong

    y.register_hook(mask)
    y.sum().backward()


def hook_zeroes_a_row_of_an_expanded_gradient() -> None:
    y = _leaf(2, 3) * 2

    def mask(g: Any) -> None:
        g[0].zero_()  # wrong

    y.register_hook(mask)
    y.sum().backward()


def hook_scales_what_a_shortcut_still_reads() -> None:
    h = _leaf() * 2
    y = h * 3
    y.register_hook(lambda g: g.mul_(0.1))  # wrong
    (h + y).pow(2).sum().backward()


def hook_of_a_parameter_clamps_that_of_another() -> None:
    p, q = _leaf(), _leaf()
    p.register_hook(lambda g: g.clamp_(max=-9))  # wrong
    (p + q).pow(2).sum().backward()


def hook_writes_through_data_and_an_alias() -> None:
    p, q = _leaf(), _leaf()
    p.register_hook(lambda g: g.data.view(-1).neg_())  # wrong
    (q - 2 + p).pow(2).sum().backward()


def hook_of_a_node_scales_both_sides() -> None:
    both: Any = _leaf() * 1 + _leaf() * 1

    def scale(passed: Any, _given: Any) -> None:
        passed[1].mul_(2)  # wrong

    both.grad_fn.register_hook(scale)
    both.pow(2).sum().backward()


def pre_hook_of_a_module_zeroes_what_the_shortcut_gets() -> None:
    layer, x = nn.Linear(3, 3), _leaf(2, 3) * 1

    def scale(module: Any, gradients: Any) -> None:
        gradients[0].mul_(0.5)  # wrong

    layer.register_full_backward_pre_hook(scale)
    (layer(x) + x).pow(2).sum().backward()


def hook_of_a_module_writes_what_it_passes_on() -> None:
    layer, x, z = nn.Identity(), _leaf(), _leaf()

    def scale(module: Any, passed: Any, given: Any) -> None:
        passed[0].mul_(0.5)  # wrong

    layer.register_full_backward_hook(scale)
    branch = z * 2
    (layer(x * 2) + branch).pow(2).sum().backward()


def backward_of_a_function_writes_its_gradient() -> None:
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return grads[0].mul_(2)  # wrong

    branch = _leaf() * 3
    (Doubled.apply(_leaf()) + branch).pow(2).sum().backward()


def hook_writes_a_gradient_that_is_asked_for() -> None:
    z, x = _leaf() * 1, _leaf() * 1
    z.register_hook(lambda g: g.zero_())  # wrong
    torch.autograd.grad((z + x).pow(2).sum(), [z, x])


def hook_registered_before_the_loop_clips_late() -> None:
    p, q = _leaf(), _leaf()
    p.register_hook(lambda g: g.clamp_(max=1000))  # wrong
    for step in range(40):
        ((p + q).exp() * (1 if step < 35 else 1e6)).sum().backward()


def scaled_loss_before_backward() -> None:
    loss = _leaf().exp().sum()
    with torch.no_grad():
        loss.mul_(2)  # wrong
    loss.backward()


def scaled_loss_through_data() -> None:
    loss = (_leaf() * 3).pow(2).mean()
    loss.data.div_(4)  # wrong
    loss.backward()


def one_of_two_losses_scaled() -> None:
    w = _leaf()
    first, second = w.exp().sum(), (w * 2).sum()
    with torch.no_grad():
        second *= 5  # wrong
    torch.autograd.grad([first, second], [w])


def hook_writes_the_array_of_a_shared_gradient() -> None:
    h = _leaf() * 2
    y = h * 3

    def mask(g: Any) -> None:
        array = g.numpy()
        array[0] = 0  # wrong

    y.register_hook(mask)
    (h + y).pow(2).sum().backward()


def hook_of_whichever_gradient_comes_first() -> None:
    h = _leaf() * 2
    y = h * 3

    def scale(g: Any) -> None:
        g.mul_(0.1)  # wrong

    torch.autograd.graph.register_multi_grad_hook((y,), scale, mode="any")
    (h + y).pow(2).sum().backward()


PROGRAMS = [
    value
    for name, value in list(globals().items())
    if getattr(value, "__module__", "") == __name__ and not name.startswith("_")
]
