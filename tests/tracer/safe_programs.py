"""Idioms with writes behind autograd's back that do no harm: nothing may be said of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrizations, prune


def _net() -> nn.Sequential:
    torch.manual_seed(0)
    body = (nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.Dropout(0.1), nn.Linear(4, 1))
    return nn.Sequential(*body)


def _step(net: nn.Module, optimizer: Any) -> None:
    loss = net(torch.randn(5, 3)).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def weights_put_back_before_backward() -> None:
    net = _net()
    loss = net(torch.randn(5, 3)).sum()
    kept = [p.data.clone() for p in net.parameters()]
    for p in net.parameters():
        p.data.zero_()
    for p, old in zip(net.parameters(), kept, strict=True):
        p.data.copy_(old)
    loss.backward()


def weights_clamped_after_the_step() -> None:
    net = _net()
    optimizer = torch.optim.RMSprop(net.parameters())
    for _ in range(3):
        _step(net, optimizer)
        for p in net.parameters():
            p.data.clamp_(-0.1, 0.1)


def target_network() -> None:
    net, target = _net(), _net()
    optimizer = torch.optim.Adam(net.parameters())
    for _ in range(3):
        _step(net, optimizer)
        for p, q in zip(net.parameters(), target.parameters(), strict=True):
            q.data.mul_(0.9).add_(0.1 * p.data)
            q.data.copy_(0.1 * p.data + 0.9 * q.data)


def norms_of_weights() -> None:
    layers = nn.Sequential(
        parametrizations.spectral_norm(nn.Linear(3, 3)), parametrizations.weight_norm(nn.Linear(3, 3))
    )
    optimizer = torch.optim.SGD(layers.parameters(), 0.1)
    for _ in range(3):
        _step(layers, optimizer)


def straight_through() -> None:
    y = torch.randn(3, requires_grad=True) * 2
    (y + (y.round() - y).detach()).pow(2).sum().backward()
    h = torch.randn(3, requires_grad=True) * 1
    h.data = h.data.round()
    h.pow(2).sum().backward()


def array_only_read() -> None:
    y = torch.randn(3, requires_grad=True).sigmoid()
    array = y.detach().numpy()
    copied = array.copy()
    copied[:] = 0
    y.sum().backward()


def gradients_scaled_and_accumulated() -> None:
    net = _net()
    optimizer = torch.optim.AdamW(net.parameters(), foreach=True)
    for step in range(4):
        (net(torch.randn(5, 3)).sum() / 2).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        for p in net.parameters():
            assert p.grad is not None
            p.grad.data.mul_(0.5)
        if step % 2:
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)


def weights_made_by_hand() -> None:
    net = _net()
    net[0].weight.data.normal_()
    net[0].weight.data = torch.randn(4, 3)
    net(torch.randn(5, 3)).sum().backward()


def both_modes_in_turn() -> None:
    net = _net()
    for training in (True, False, True):
        net.train(training)
        net(torch.randn(5, 3)).sum().backward()
    (net(torch.randn(5, 3)) + net(torch.randn(5, 3))).sum().backward()


def writes_where_no_graph_is() -> None:
    net = _net().eval()
    with torch.inference_mode():
        net(torch.randn(5, 3)).mul_(2)[0] = 1
    with torch.no_grad():
        y = net(torch.randn(5, 3))
        y.mul_(2)
        y.data.zero_()


def embedding_with_a_norm() -> None:
    table, layer = nn.Embedding(5, 3, padding_idx=0, max_norm=1.0), nn.Linear(3, 1)
    x = torch.tensor([0, 1, 2])
    (layer(table(x)).sum() + layer(table(x)).sum()).backward()


def perturbation_stepped_by_data() -> None:
    net, x = _net(), torch.rand(5, 3)
    delta = torch.zeros_like(x, requires_grad=True)
    for _ in range(3):
        net(x + delta).sum().backward()
        assert delta.grad is not None
        delta.data = (delta + 0.1 * delta.grad.sign()).clamp(-0.1, 0.1)
        delta.grad.zero_()


def weight_stepped_by_data() -> None:
    w = torch.randn(3, requires_grad=True)
    for _ in range(3):
        (g,) = torch.autograd.grad((w * torch.randn(3)).pow(2).sum(), w)
        w.data = w - 0.1 * g


def pruned() -> None:
    layer = nn.Linear(3, 3)
    prune.l1_unstructured(layer, "weight", 0.5)
    layer(torch.randn(2, 3)).sum().backward()
    prune.remove(layer, "weight")
    layer(torch.randn(2, 3)).sum().backward()


def averaged() -> None:
    net = _net()
    mean = torch.optim.swa_utils.AveragedModel(net)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    for _ in range(3):
        _step(net, optimizer)
        mean.update_parameters(net)
    torch.optim.swa_utils.update_bn([torch.randn(5, 3)], mean)


def written_with_what_it_held() -> None:
    y = torch.randn(3, requires_grad=True).exp()
    y.data.copy_(y.data.clone())
    y.sum().backward()


def part_that_nobody_reads() -> None:
    h, w = torch.randn(4, requires_grad=True) * 1, torch.randn(4, requires_grad=True)
    y = h[:2] * w[:2]
    h.data[2:] = 5
    y.sum().backward()


def factor_behind_a_zero() -> None:
    y = torch.randn(3, requires_grad=True) * 1
    with torch.no_grad():
        y.mul_(2)
    (y * 0).sum().backward()


def stepped_by_nothing() -> None:
    w, v = nn.Parameter(torch.rand(3)), nn.Parameter(torch.rand(3))
    optimizer = torch.optim.SGD([w, v], 0.0, fused=True)
    first, second = (w * v).sum(), (w * v).pow(2).sum()
    first.backward(retain_graph=True)
    optimizer.step()
    second.backward()


def evaluated_twice() -> None:
    norm = nn.BatchNorm1d(3).eval()
    y = norm(torch.randn(4, 3, requires_grad=True))
    norm(torch.randn(4, 3))
    y.sum().backward()


def array_of_a_copy() -> None:
    y = torch.randn(3, requires_grad=True).exp()
    array = y.detach().clone().numpy()
    array[:] = 0
    y.sum().backward()


def context_that_saves() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            ctx.scale = torch.ones(())
            return x * x

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            return 2 * ctx.saved_tensors[0] * grads[0] * ctx.scale

    Square.apply(torch.randn(3, requires_grad=True) * 1).add_(1).sum().backward()


def hooks_that_copy() -> None:
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = torch.randn(3, requires_grad=True).exp()
    y.add_(1)
    y.sum().backward()


def hook_writes_a_gradient_of_its_own_memory() -> None:
    y = torch.randn(3, requires_grad=True) * 2
    y.register_hook(lambda g: g.mul_(0.1))
    y.pow(2).sum().backward()


def hook_returns_what_it_has_made() -> None:
    h = torch.randn(3, requires_grad=True) * 2
    y = h * 3
    y.register_hook(lambda g: g.clone().mul_(0.1))
    h.register_hook(lambda g: g.clamp(-1, 1))
    (h + y).sum().backward()


def hook_scales_what_it_passes_to_both() -> None:
    h = torch.randn(3, requires_grad=True) + torch.randn(3, requires_grad=True)
    h.register_hook(lambda g: g.mul_(0.1))
    h.pow(2).sum().backward()


def hook_runs_when_the_others_have_read() -> None:
    x, z = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)
    y = x * 2
    w = z * 3
    y.register_hook(lambda g: g.mul_(0.1))
    (y + w).pow(2).sum().backward()


def hook_clamps_nothing() -> None:
    p, q = torch.randn(3, requires_grad=True), torch.randn(3, requires_grad=True)
    p.register_hook(lambda g: g.clamp_(-1e6, 1e6))
    (p + q).pow(2).sum().backward()


def hook_zeroes_an_expanded_gradient() -> None:
    y = torch.randn(3, requires_grad=True) * 2
    y.register_hook(lambda g: g.zero_())
    y.sum().backward()


def hook_writes_its_part_of_a_gradient() -> None:
    x = torch.randn(3, requires_grad=True)
    a, b = x * 1, x * 2
    a.register_hook(lambda g: g.mul_(0))
    torch.cat([a, b]).pow(2).sum().backward()


def hooks_that_clip_and_log() -> None:
    def halve(p: Any) -> None:
        p.grad.mul_(0.5)

    net, seen = _net(), []
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    for p in net.parameters():
        p.register_hook(lambda g: g.clamp_(-0.01, 0.01))
        p.register_hook(lambda g: seen.append(float(g.norm())))
        p.register_post_accumulate_grad_hook(halve)
    net[0].register_full_backward_hook(lambda module, passed, given: seen.append(float(given[0].sum())))
    for _ in range(3):
        loss = net(torch.randn(5, 3)).pow(2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def optimizer_steps_in_a_hook() -> None:
    net = _net()[4:]
    steps = {p: torch.optim.SGD([p], 0.1) for p in net.parameters()}

    def step(p: Any) -> None:
        steps[p].step()
        steps[p].zero_grad()

    for p in net.parameters():
        p.register_post_accumulate_grad_hook(step)
    for _ in range(2):
        net(torch.randn(5, 4)).pow(2).sum().backward()


def mean_of_a_softmax_depends_on_nothing() -> None:
    layer = nn.Linear(4, 4)
    h = layer(torch.randn(5, 4))
    with torch.no_grad():
        h.mul_(0.5)  # what is halved is the noise of rounding
    h.sigmoid().softmax(-1).mean().backward()


def loss_shifted_before_backward() -> None:
    loss = torch.randn(3, requires_grad=True).exp().sum()
    with torch.no_grad():
        loss.sub_(1)
    loss.backward()


def loss_written_after_backward() -> None:
    loss = torch.randn(3, requires_grad=True).exp().sum()
    loss.backward(retain_graph=True)
    with torch.no_grad():
        loss.mul_(2)
    torch.randn(3, requires_grad=True).exp().sum().backward()


def loss_clamped_where_it_is_small() -> None:
    loss = torch.randn(3, requires_grad=True).sigmoid().sum()
    with torch.no_grad():
        loss.clamp_(max=1e6)
    loss.backward()


def hook_reads_the_array_of_a_shared_gradient() -> None:
    sums: list[float] = []
    h = torch.randn(3, requires_grad=True) * 2
    y = h * 3
    y.register_hook(lambda g: sums.append(float(g.numpy().sum())))
    (h + y).pow(2).sum().backward()


def hook_puts_back_what_it_scaled() -> None:
    norms: list[float] = []

    def measure(g: Any) -> None:
        g.mul_(2)
        norms.append(float(g.norm()))
        g.div_(2)

    for _ in range(6):  # more often than one place is put to the proof
        h = torch.randn(3, requires_grad=True) * 2
        y = h * 3
        y.register_hook(measure)
        (h + y).pow(2).sum().backward()


def one_of_two_hooks_puts_back_what_it_clamped() -> None:
    def clamp(g: Any) -> None:
        old = g.clone()
        g.clamp_(-0.1, 0.1)
        g.copy_(old)

    h = torch.randn(3, requires_grad=True) * 2
    y = h * 3
    y.register_hook(clamp)
    y.register_hook(lambda g: None)
    (h + y).pow(2).sum().backward()


def hook_of_many_gradients_logs_them() -> None:
    norms: list[float] = []
    h = torch.randn(3, requires_grad=True) * 2
    y = h * 3
    torch.autograd.graph.register_multi_grad_hook(
        (h, y), lambda gs: norms.extend(float(g.norm()) for g in gs)
    )
    (h + y).pow(2).sum().backward()


PROGRAMS = [
    value
    for name, value in list(globals().items())
    if getattr(value, "__module__", "") == __name__ and not name.startswith("_")
]
