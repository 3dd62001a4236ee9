"""What tracing costs beside anomaly mode: ``make bench-trace``. A measurement, not a test."""

from __future__ import annotations

import contextlib
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

import gradsafe_tracer
from gradsafe_tracer.seen import places

ROUNDS = 5
PAGE = Path(__file__).parents[2] / "docs" / "trace.md"
BEGIN, END = "<!-- bench-trace -->", "<!-- /bench-trace -->"
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


def resnet18(batch: int = 2, size: int = 64) -> tuple[nn.Module, Any]:
    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
    ]
    before = 64
    for after, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Residual(before, after, stride), Residual(after, after, 1)]
        before = after
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    return net, torch.randn(batch, 3, size, size)


def gpt(blocks: int = 6, width: int = 256, batch: int = 4, length: int = 128) -> tuple[nn.Module, Any]:
    net = nn.Sequential(*[Attention(width, width // 64) for _ in range(blocks)], nn.LayerNorm(width))
    return net, torch.randn(batch, length, width)


class Nothing(TorchDispatchMode):
    """A dispatch mode that only passes on: what tracing with one would cost at least."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


@contextlib.contextmanager
def post_mortem() -> Iterator[None]:
    uninstall = gradsafe_tracer.install()
    try:
        yield
    finally:
        uninstall()


WAYS: dict[str, Callable[[], Any]] = {
    "untraced": contextlib.nullcontext,
    "post-mortem": post_mortem,
    "--light": lambda: gradsafe_tracer.trace(light=True),
    "full": gradsafe_tracer.trace,
    "anomaly mode": torch.autograd.detect_anomaly,
    "empty dispatch mode": Nothing,
}


Clock = Callable[[], float]


def measure(make: Make, steps: int, clock: Clock) -> dict[str, float]:
    """What a training step takes by ``clock``, in milliseconds, the 20th percentile of interleaved rounds."""
    net, x = make()
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4)

    def step() -> float:
        start = clock()
        optimizer.zero_grad()
        net(x).pow(2).mean().backward()
        optimizer.step()
        return clock() - start

    times: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            with way():
                step()
                times[name] += [step() for _ in range(steps)]
    return {name: 1000 * sorted(found)[len(found) // 5] for name, found in times.items()}


Case = tuple[str, Make, int]
"""What is measured: its name, what makes it, and the steps of a round."""
CASES: list[Case] = [
    ("100 tiny layers", tiny_operations, 40),
    ("ResNet18, 2x3x64x64", resnet18, 4),
    ("GPT, 6 blocks of 256, 4x128", gpt, 4),
]


def table(cases: list[Case] = CASES, clock: Clock = time.process_time) -> str:
    """The measurement as Markdown: milliseconds untraced, then ratios."""
    rows = ["| one training step | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    for name, make, steps in cases:
        found = measure(make, steps, clock)
        plain = found["untraced"]
        ratios = [f"{ms / plain:.2f}x" for way, ms in found.items() if way != "untraced"]
        rows.append(f"| {name} | {plain:.1f} ms | " + " | ".join(ratios) + " |")
    return "\n".join(rows)


def main() -> None:
    places.mark_user_file(__file__)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found = table()
    print(found)
    if "--write" in sys.argv:
        write(found)


def write(found: str) -> None:
    """Puts the table into the page, with its date and what it ran on."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    on = f"{time.strftime('%Y-%m-%d')}, torch {torch.__version__.split('+')[0]}, Python {platform.python_version()}, one thread"
    PAGE.write_text(f"{before}{BEGIN}\n{on}:\n\n{found}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
