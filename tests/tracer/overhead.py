"""What tracing costs beside anomaly mode: ``python -m tests.tracer.overhead``. A measurement, not a test."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from gradsafe_tracer import places, trace

ROUNDS = 3
Make = Callable[[], tuple[nn.Module, Any]]


class Residual(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        same = before == after and stride == 1
        self.short = nn.Identity() if same else nn.Conv2d(before, after, 1, stride, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Any) -> Any:
        return self.relu(self.body(x) + self.short(x))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.project, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Any) -> Any:
        batch, length, width = x.shape
        parts = self.project(self.norms[0](x)).split(width, 2)
        q, k, v = (one.view(batch, length, self.heads, -1).transpose(1, 2) for one in parts)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        x = x + self.out(seen.reshape(batch, length, width))
        return x + self.feed(self.norms[1](x))


def tiny_operations() -> tuple[nn.Module, Any]:
    layers = [layer for _ in range(50) for layer in (nn.Linear(8, 8), nn.Tanh())]
    return nn.Sequential(*layers), torch.randn(4, 8)


def resnet18() -> tuple[nn.Module, Any]:
    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
    ]
    before = 64
    for after, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Residual(before, after, stride), Residual(after, after, 1)]
        before = after
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)), torch.randn(
        2, 3, 32, 32
    )


def small_gpt() -> tuple[nn.Module, Any]:
    return nn.Sequential(*[Attention(256, 4) for _ in range(6)], nn.LayerNorm(256)), torch.randn(4, 128, 256)


def measure(make: Make, steps: int) -> dict[str, float]:
    """CPU time of a training step in milliseconds, the 20th percentile of interleaved rounds."""
    net, x = make()
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4)

    def step() -> float:
        start = time.process_time()
        optimizer.zero_grad()
        net(x).pow(2).mean().backward()
        optimizer.step()
        return time.process_time() - start

    ways: dict[str, Callable[[], Any]] = {
        "plain": contextlib.nullcontext,
        "traced": trace,
        "anomaly mode": torch.autograd.detect_anomaly,
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            with way():
                for _ in range(max(2, steps)):
                    step()
                times[name] += [step() for _ in range(steps)]
    return {name: 1000 * sorted(found)[len(found) // 5] for name, found in times.items()}


def main() -> None:
    places.mark_user_file(__file__)
    torch.set_num_threads(1)
    for make, steps in ((tiny_operations, 40), (resnet18, 6), (small_gpt, 4)):
        found = measure(make, steps)
        ratios = "  ".join(f"{name} {ms:.2f} ms ({ms / found['plain']:.2f}x)" for name, ms in found.items())
        print(f"{make.__name__}: {ratios}")


if __name__ == "__main__":
    main()
