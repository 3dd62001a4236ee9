"""What torch alone cannot grade: frameworks that are not installed, gradients that a custom Function defines itself."""

from __future__ import annotations

import pytest
from tests.fuzz.compare import predictions

GAN = """
import torch
from torch import nn
import lightning as L


class GAN(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.G, self.D = nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
        self.automatic_optimization = False

    def configure_optimizers(self):
        return torch.optim.Adam(self.G.parameters()), torch.optim.Adam(self.D.parameters())

    def training_step(self, batch, batch_idx):
        opt_g, opt_d = self.optimizers()
        fake = self.G(torch.randn(5, 4))
        g_loss = -self.D(fake).mean()
        d_loss = self.D(fake.detach()).mean()
        self.manual_backward(d_loss)
        opt_d.step()
        self.manual_backward(g_loss)
        opt_g.step()
"""

ACCELERATE = """
import torch
from torch import nn
from accelerate import Accelerator

accelerator = Accelerator()
net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.AdamW(net.parameters())
net, opt = accelerator.prepare(net, opt)
early = net(torch.randn(2, 4)).mean()
accelerator.backward(net(torch.randn(2, 4)).mean())
opt.step()
accelerator.backward(early)
"""

ATTRIBUTE = """
import torch


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.x * g


h = torch.randn(3, requires_grad=True) * 1
y = Square.apply(h)
h.mul_(3)
y.sum().backward()
"""

STATISTICS = """
import torch
from torch import nn

bn = nn.BatchNorm1d(4).eval()
x = torch.randn(6, 4, requires_grad=True)
loss = bn(x).pow(2).sum()
bn.train()
bn(torch.randn(6, 4) * 5)
loss.backward()
"""


@pytest.mark.parametrize(
    ("text", "severity", "line", "slug"),
    [
        (GAN, "error", 22, "saved-tensor-modified"),
        (ACCELERATE, "error", 12, "saved-tensor-modified"),
        (ATTRIBUTE, "warning", 18, "data-bypasses-autograd"),
        (ATTRIBUTE.replace("h.mul_", "h.data.mul_"), "warning", 18, "data-bypasses-autograd"),
        (STATISTICS, "warning", 9, "data-bypasses-autograd"),
    ],
    ids=["lightning", "accelerate", "ctx attribute", "ctx attribute through data", "statistics"],
)
def test_found(text: str, severity: str, line: int, slug: str) -> None:
    (found,) = predictions([text])
    assert [(v.severity, v.line, v.slug) for v in found] == [(severity, line, slug)]


@pytest.mark.parametrize(
    "text",
    [
        GAN.replace("        self.manual_backward(g_loss)\n        opt_g.step()\n", ""),
        ACCELERATE.replace("opt.step()\n", ""),
        ATTRIBUTE.replace("ctx.x = x", "ctx.x = x.clone()"),
        STATISTICS.replace("bn.train()\n", ""),
    ],
    ids=["lightning", "accelerate", "ctx attribute", "statistics"],
)
def test_silent(text: str) -> None:
    assert predictions([text]) == [[]]
