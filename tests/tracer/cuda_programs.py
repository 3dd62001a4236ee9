"""Programs for a machine with a GPU: what CUDA adds to the kinds of the other files. Marked as they are.

A backward's nodes run in a thread of the device there, so hooks, checkpoints and custom Functions do as well; optimizers are
``foreach`` by default; a cuDNN kernel saves other tensors than the one of a CPU; graphs are captured and replayed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

GPU = "cuda"


def _leaf(*shape: int) -> Any:
    return torch.rand(*(shape or (3,)), device=GPU, requires_grad=True)


def _net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 8), nn.ReLU(inplace=True), nn.Linear(8, 1)).to(GPU)


def loud_under_autocast() -> None:
    net = _net()
    with torch.autocast(GPU, dtype=torch.bfloat16):
        scores = net(torch.randn(4, 8, device=GPU)).sigmoid()  # saves
        scores.mul_(2)  # writes
    scores.float().sum().backward()  # fails


def loud_step_between_two_losses() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1)).to(GPU)
    optimizer = torch.optim.Adam(net.parameters())
    out = net(torch.randn(2, 4, device=GPU))  # saves
    out.sum().backward(retain_graph=True)
    optimizer.step()  # writes
    out.pow(2).sum().backward()  # fails


def loud_with_a_scaler() -> None:
    net, scaler = nn.Linear(4, 4).to(GPU), torch.amp.GradScaler(GPU)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    x = _leaf(2, 4)
    with torch.autocast(GPU, dtype=torch.float16):
        loss = net(x).float().exp()  # saves
    loss += 1  # writes
    scaler.scale(loss.sum()).backward()  # fails
    scaler.step(optimizer)


def loud_output_of_cudnn_lstm() -> None:
    lstm = nn.LSTM(4, 4).to(GPU)
    out, _ = lstm(torch.randn(3, 2, 4, device=GPU))  # saves
    out.mul_(2)  # writes
    out.sum().backward()  # fails


def loud_attention_output() -> None:
    q = _leaf(1, 2, 16, 32)
    out = F.scaled_dot_product_attention(q.half(), q.half(), q.half())  # saves
    out.mul_(2)  # writes
    out.float().sum().backward()  # fails


def loud_on_a_side_stream() -> None:
    stream = torch.cuda.Stream()
    x = _leaf()
    with torch.cuda.stream(stream):
        y = x.exp()  # saves
        y.add_(1)  # writes
        y.sum().backward()  # fails


def loud_copied_from_pinned_memory() -> None:
    batch = torch.zeros(3, device=GPU)
    loss = (_leaf() * batch).sum()  # saves
    batch.copy_(torch.ones(3).pin_memory(), non_blocking=True)  # writes
    loss.backward()  # fails


def loud_in_a_channels_last_convolution() -> None:
    body = nn.Conv2d(3, 4, 3).to(GPU, memory_format=torch.channels_last)
    y = body(torch.randn(2, 3, 8, 8, device=GPU).to(memory_format=torch.channels_last)).tanh()  # saves
    y.clamp_(-0.5, 0.5)  # writes
    y.sum().backward()  # fails


def loud_graph_of_a_gradient() -> None:
    x = _leaf()
    h = x * 2
    y = h.exp().sum()
    (grad,) = torch.autograd.grad(y, h, create_graph=True)
    loss = grad.pow(3).sum()  # saves
    grad.mul_(2)  # writes
    loss.backward()  # fails


def loud_two_backwards() -> None:
    y = F.layer_norm(_leaf(2, 4), (4,)).sum()
    y.backward()  # frees
    y.backward()  # fails


def loud_from_the_cpu() -> None:
    x = torch.rand(3, requires_grad=True)
    y = x.to(GPU).exp()  # saves
    y.sub_(1)  # writes
    y.cpu().sum().backward()  # fails


def silent_data() -> None:
    y = _leaf().exp()
    y.data.add_(2)  # wrong
    y.sum().backward()


def silent_fused_adam() -> None:
    net = nn.Linear(4, 4, device=GPU)
    optimizer = torch.optim.Adam(net.parameters(), 0.1, fused=True)
    out = net(_leaf(2, 4))
    out.sum().backward(retain_graph=True)
    optimizer.step()  # wrong
    out.pow(2).sum().backward()


def silent_cupy_array() -> None:
    import cupy

    y = _leaf().exp()
    array = cupy.asarray(y.detach())
    array *= 2  # wrong
    y.sum().backward()


def silent_dlpack() -> None:
    import cupy

    y = _leaf().exp()
    array = cupy.from_dlpack(y.detach())
    array += 1  # wrong
    y.sum().backward()


def silent_hook_in_the_thread_of_the_device() -> None:
    h = _leaf() * 2
    y = h * 3
    y.register_hook(lambda g: g.mul_(0.1))  # wrong
    (h + y).pow(2).sum().backward()


def silent_function_writes_its_gradient() -> None:
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad.mul_(0.5)  # wrong

    h = _leaf() * 2
    (h + Scaled.apply(h)).pow(2).sum().backward()


def silent_batch_norm_statistics() -> None:
    norm, x = nn.BatchNorm2d(3).to(GPU), _leaf(4, 3, 5, 5)
    norm.eval()
    y = norm(x)
    norm.train()
    norm(torch.randn(4, 3, 5, 5, device=GPU) * 5)  # wrong
    y.pow(2).sum().backward()


def silent_checkpointed_parameters_stepped() -> None:
    layer = nn.Linear(3, 3).to(GPU)
    optimizer = torch.optim.SGD(layer.parameters(), 0.5)
    layer(_leaf(2, 3)).sum().backward()
    y = checkpoint(lambda t: layer(t).tanh(), _leaf(2, 3), use_reentrant=False)
    optimizer.step()  # wrong
    y.sum().backward()


def safe_statistics_of_one_dimension() -> None:
    # Measured: no cuDNN kernel runs for two dimensions, and the one that does keeps what it has read.
    norm, x = nn.BatchNorm1d(3).to(GPU), _leaf(4, 3)
    norm.eval()
    y = norm(x)
    norm.train()
    norm(torch.randn(4, 3, device=GPU) * 5)
    y.pow(2).sum().backward()


def silent_no_grad_factor() -> None:
    y = _leaf() * 2
    with torch.no_grad():
        y.mul_(3)  # wrong
    y.sum().backward()


def safe_training_with_a_scaler() -> None:
    net, scaler = _net(), torch.amp.GradScaler(GPU)
    optimizer = torch.optim.AdamW(net.parameters())
    for _ in range(3):
        optimizer.zero_grad()
        with torch.autocast(GPU, dtype=torch.float16):
            loss = F.mse_loss(net(torch.randn(4, 8, device=GPU)), torch.zeros(4, 1, device=GPU))
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


def safe_fused_and_capturable() -> None:
    for options in ({"fused": True}, {"capturable": True}, {"foreach": False}):
        net = _net()
        optimizer = torch.optim.Adam(net.parameters(), **options)  # type: ignore[arg-type]
        for _ in range(3):
            optimizer.zero_grad()
            net(torch.randn(4, 8, device=GPU)).sum().backward()
            optimizer.step()


def safe_cudnn_networks() -> None:
    lstm, body = nn.GRU(4, 8, num_layers=2, bidirectional=True).to(GPU), nn.Conv2d(3, 4, 3).to(GPU)
    out, _ = lstm(torch.randn(5, 2, 4, device=GPU))
    (out.sum() + F.relu_(body(torch.randn(2, 3, 8, 8, device=GPU))).sum()).backward()


def safe_written_inside_a_checkpoint() -> None:
    def block(x: Any) -> Any:
        y = x.exp()
        y.mul_(2)
        return y

    checkpoint(block, _leaf() * 1, use_reentrant=False).sum().backward()


def safe_captured_step() -> None:
    net = _net()
    made = torch.cuda.make_graphed_callables(net, (torch.randn(4, 8, device=GPU),))
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    for _ in range(3):
        optimizer.zero_grad(set_to_none=True)
        made(torch.randn(4, 8, device=GPU)).sum().backward()
        optimizer.step()


def safe_whole_step_captured() -> None:
    net = nn.Linear(4, 1).to(GPU)
    optimizer = torch.optim.SGD(net.parameters(), 0.1, fused=True)
    given = torch.randn(2, 4, device=GPU)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            optimizer.zero_grad(set_to_none=True)
            net(given).sum().backward()
            optimizer.step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    optimizer.zero_grad(set_to_none=True)
    with torch.cuda.graph(graph):
        loss = net(given).sum()
        loss.backward()
        optimizer.step()
    for _ in range(3):
        given.copy_(torch.randn(2, 4, device=GPU))
        graph.replay()


def safe_checkpoints_and_random_numbers() -> None:
    body = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.ReLU(inplace=True)).to(GPU)
    for reentrant in (False, True):
        checkpoint(body, _leaf(2, 4), use_reentrant=reentrant).sum().backward()


def safe_prefetched_batches() -> None:
    net, stream = nn.Linear(4, 1).to(GPU), torch.cuda.Stream()
    for _ in range(3):
        with torch.cuda.stream(stream):
            batch = torch.randn(2, 4).pin_memory().to(GPU, non_blocking=True)
        torch.cuda.current_stream().wait_stream(stream)
        batch.record_stream(torch.cuda.current_stream())
        batch.sub_(batch.mean())
        net(batch).sum().backward()


def safe_array_only_read() -> None:
    import cupy

    y = _leaf().exp()
    float(cupy.asarray(y.detach()).sum())
    y.sum().backward()


def safe_compiled() -> None:
    net = _net()
    made = torch.compile(net)
    made(torch.randn(4, 8, device=GPU)).sum().backward()


def _programs(kind: str) -> list[Any]:
    return [value for name, value in globals().items() if name.startswith(f"{kind}_")]


LOUD, SILENT, SAFE = _programs("loud"), _programs("silent"), _programs("safe")
