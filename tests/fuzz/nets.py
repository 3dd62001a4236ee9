"""Level 4: modules, optimizers, training loops."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from . import blocks, training
from .emit import Wishes

ACTIVATIONS = ("nn.ReLU()", "nn.Tanh()", "nn.Sigmoid()", "nn.GELU()", "nn.ReLU(inplace=True)", "nn.ELU()",
               "nn.LeakyReLU(0.1, inplace=True)", "nn.Softplus()", "nn.SiLU(inplace=True)", "nn.Identity()",
               "nn.Hardtanh(inplace=True)", "nn.ReLU(True)")  # fmt: skip
BETWEEN = (
    "nn.LayerNorm({0})",
    "nn.BatchNorm1d({0})",
    "nn.Dropout(0.2)",
    "nn.Dropout(0.2, inplace=True)",
    "nn.Identity()",
)
OPTIMIZERS = ("torch.optim.SGD({0}, lr=0.1)", "torch.optim.Adam({0}, lr=1e-3)", "torch.optim.SGD({0}, lr=0.1, momentum=0.9)",
              "torch.optim.AdamW({0})", "torch.optim.RMSprop({0}, lr=1e-3)", "torch.optim.Adagrad({0})")  # fmt: skip
FORWARD_WRITES = ("h += x_res", "h *= 2", "h.relu_()", "h.mul_(self.scale)", "h[:, 0] = 0", "h.clamp_(min=0)", "h -= h.mean()",
                  "F.relu(h, inplace=True)", "h /= h.norm(dim=-1, keepdim=True)", "h[h < 0] = 0", "h.add_(1)",
                  "h.masked_fill_(h > 1, 0.0)", "h = F.dropout(h, 0.1, self.training, inplace=True)")  # fmt: skip
FORWARD_STEPS = ("h = torch.relu(h)", "h = h.sigmoid()", "h = torch.tanh(h)", "h = h * self.scale", "h = F.gelu(h)",
                 "h = self.norm(h)", "h = h + x_res", "h = F.softmax(h, dim=-1)", "h = self.mid(h)", "gate = h.sigmoid(); h = h * gate")  # fmt: skip
LOSSES = ("F.mse_loss(out, y)", "(out - y).pow(2).mean()", "(out - y).abs().mean()", "F.smooth_l1_loss(out, y)",
          "((out - y) ** 2).sum()", "out.mean()")  # fmt: skip

WIDTH = 4
T = TypeVar("T")


class Net:
    """Collects the lines of one program."""

    def __init__(self, rng: random.Random, wishes: Wishes) -> None:
        self.rng = rng
        self.wishes = wishes
        self.lines: list[str] = []

    def some(self, pool: Sequence[T]) -> T:
        return self.rng.choice(pool)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def writes(self) -> bool:
        return self.chance(min(0.9, 0.45 * self.wishes.of("write")))

    # -- modules --------------------------------------------------------------------------

    def sequential(self, width: int = WIDTH) -> str:
        layers = [f"nn.Linear({width}, {width})"]
        for _ in range(self.rng.randint(1, 4)):
            kind = self.rng.random()
            if kind < 0.5:
                layers.append(self.some(ACTIVATIONS))
            elif kind < 0.75:
                layers.append(self.some(BETWEEN).format(width))
            else:
                layers.append(f"nn.Linear({width}, {width})")
        if self.chance(0.4):
            layers.append(f"nn.Linear({width}, {width})")
        return f"nn.Sequential({', '.join(layers)})"

    def module(self, name: str) -> None:
        """A class with a forward of its own."""
        steps = [self.some(FORWARD_STEPS) for _ in range(self.rng.randint(1, 3))]
        for _ in range(self.rng.randint(0, 2) if self.writes() else 0):
            steps.insert(self.rng.randint(0, len(steps)), self.some(FORWARD_WRITES))
        steps = [part for step in steps for part in step.split("; ")]
        if self.chance(0.15 * self.wishes.of("nograd")):
            steps.insert(self.rng.randint(0, len(steps)), "with torch.no_grad():\n            h.mul_(0.5)")
        if self.chance(0.1 * self.wishes.of("data")):
            steps.insert(
                self.rng.randint(0, len(steps)),
                self.some(
                    (
                        "h.data.mul_(2)",
                        "h.data = h.data * 2",
                        "h.data = torch.tanh(h)",
                        "self.mid.weight.data.mul_(0.9)",
                    )
                ),
            )
        self.lines += [
            f"class {name}(nn.Module):",
            "    def __init__(self, width):",
            "        super().__init__()",
            "        self.inp = nn.Linear(width, width)",
            f"        self.mid = {self.some(('nn.Linear(width, width)', self.sequential()))}",
            f"        self.norm = {self.some(('nn.LayerNorm(width)', 'nn.BatchNorm1d(width)'))}",
            f"        self.scale = nn.Parameter({self.some(('torch.ones(width)', 'torch.rand(width)'))})",
            "",
            "    def forward(self, x):",
            f"        x_res = {self.some(('x', 'self.inp(x)'))}",
            "        h = self.inp(x)",
            *(f"        {step}" for step in steps),
            f"        return {self.some(('h', 'self.mid(h)', 'h + x_res', 'self.mid(h) * self.scale'))}",
            "",
            "",
        ]

    # -- training -------------------------------------------------------------------------

    def supervised(self) -> None:
        """The loop of every tutorial, with something between forward and backward now and then."""
        net = self.build()
        self.lines += [f"opt = {self.some(OPTIMIZERS).format(f'{net}.parameters()')}", ""]
        between = [
            "opt.step()", "nn.utils.clip_grad_norm_(net.parameters(), 1.0)", "net.eval()", "y[0] = 0.0", "x.mul_(2)", "out += 1",
            "out *= 2", "opt.zero_grad()", "out[0] = 0", "with torch.no_grad():\n        out.clamp_(0, 1)", "x = x * 2",
            "net.load_state_dict(net.state_dict())",
        ]  # fmt: skip
        keep = self.chance(0.2 * self.wishes.of("twice"))
        body = ["x, y = torch.randn(6, 4), torch.randn(6, 4)", f"out = {net}(x)"]
        if self.chance(0.3):
            body.append(f"prob = out.{self.some(('sigmoid', 'exp', 'tanh'))}()")
            body.append(
                self.some(
                    ("prob += 1", "prob.mul_(2)", "prob[0] = 0", "prob = prob + 1", "prob.clamp_(0, 1)")
                )
            )
            body.append("out = prob")
        early = self.writes() and self.chance(0.5)
        if early:
            body.append(self.some(tuple(between)).replace("net.", f"{net}."))
        body.append(f"loss = {self.some(LOSSES)}")
        if self.writes() and not early:
            body.append(self.some(tuple(between)).replace("net.", f"{net}."))
        body += self.some((("opt.zero_grad()",), ("opt.zero_grad(set_to_none=False)",), ()))
        body.append("loss.backward(retain_graph=True)" if keep and self.chance(0.5) else "loss.backward()")
        if keep:
            body += self.some(
                (("loss.backward()",), ("opt.step()", "loss.backward()"), ("out.sum().backward()",))
            )
        body.append("opt.step()")
        self.loop(body)

    def build(self) -> str:
        if self.chance(0.5):
            self.module("Net")
            self.lines.append("net = Net(4)")
        else:
            self.lines.append(f"net = {self.sequential()}")
        if self.chance(0.15):
            self.lines.append(self.some(("net.eval()", "net.train()")))
        return "net"

    def loop(self, body: list[str]) -> None:
        header = self.some(("for step in range(3):", "for epoch in range(2):", "for _ in range(2):"))
        self.lines += [header, *(f"    {line}" for line in body)]

    def adversarial(self) -> None:
        """Two networks, two optimizers; whose step comes first decides."""
        self.lines += [
            f"gen = {self.sequential()}",
            f"disc = {self.sequential()}",
            f"opt_g = {self.some(OPTIMIZERS).format('gen.parameters()')}",
            f"opt_d = {self.some(OPTIMIZERS).format('disc.parameters()')}",
            "",
        ]
        detach = self.some((".detach()", ".detach()", ""))
        keep = "" if detach else self.some(("retain_graph=True", "retain_graph=True", ""))
        body = ["z, real = torch.randn(5, 4), torch.randn(5, 4)", "fake = gen(z)"]
        early = self.chance(0.5)
        if early:
            body.append(f"g_loss = {self.some(('-disc(fake).mean()', 'disc(fake).pow(2).mean()'))}")
        body += [
            f"d_loss = disc(fake{detach}).mean() - disc(real).mean()",
            "opt_d.zero_grad()",
            f"d_loss.backward({keep})",
            "opt_d.step()",
        ]
        if not early:
            body.append("g_loss = -disc(fake).mean()")
        body += ["opt_g.zero_grad()", "g_loss.backward()", "opt_g.step()"]
        self.loop(body)

    def recurrent(self) -> None:
        """A state carried from step to step, detached or not."""
        cell = self.some(("nn.RNNCell(4, 4)", "nn.GRUCell(4, 4)", "nn.Linear(4, 4)"))
        call = "cell(x + h).tanh()" if "Linear" in cell else "cell(x, h)"
        carry = self.some(("h = h.detach()", "h.detach_()", "", "", "h = h.data", "h[0] = 0", "h *= 0.5"))
        keep = self.some(("", "", "retain_graph=True"))
        self.lines += [
            f"cell = {cell}",
            f"opt = {self.some(OPTIMIZERS).format('cell.parameters()')}",
            "h = torch.zeros(2, 4)",
            "",
        ]
        body = ["x = torch.randn(2, 4)", *([carry] if carry else []), f"h = {call}"]
        if self.writes():
            body.append(
                self.some(
                    (
                        "h += x",
                        "h.mul_(0.9)",
                        "h[:, 0] = 0",
                        "h = h * 2",
                        "h.clamp_(-1, 1)",
                        "h.data.mul_(0.9)",
                    )
                )
            )
        body += [f"loss = {self.some(('h.pow(2).mean()', 'h.sum()', '(h - x).abs().mean()'))}", "opt.zero_grad()",
                 f"loss.backward({keep})", "opt.step()"]  # fmt: skip
        self.lines += ["for t in range(3):", *(f"    {line}" for line in body)]

    def by_hand(self) -> None:
        """A gradient step without an optimizer."""
        self.lines += [
            "w = torch.randn(4, 4, requires_grad=True)",
            f"b = {self.some(('torch.zeros(4, requires_grad=True)', 'nn.Parameter(torch.zeros(4))'))}",
            "",
        ]
        step = self.some(
            ("with torch.no_grad():\n        w -= 0.1 * w.grad\n        b -= 0.1 * b.grad", "w.data -= 0.1 * w.grad\n    b.data -= 0.1 * b.grad",
             "w -= 0.1 * w.grad", "with torch.no_grad():\n        w.sub_(w.grad, alpha=0.1)", "w = w - 0.1 * w.grad",
             "w.data.add_(w.grad, alpha=-0.1)")
        )  # fmt: skip
        clear = self.some(("w.grad = None", "w.grad.zero_()", ""))
        body = [
            "x, y = torch.randn(6, 4), torch.randn(6, 4)",
            f"out = {self.some(('x @ w + b', 'torch.tanh(x @ w + b)', 'F.linear(x, w, b)'))}",
        ]
        before = self.writes() and self.chance(0.3)
        body.append(f"loss = {self.some(LOSSES)}")
        if before:
            body.append(
                self.some(
                    (
                        "w.data.mul_(0.9)",
                        "w.data.clamp_(-1, 1)",
                        "with torch.no_grad():\n        w.mul_(0.9)",
                        "x.zero_()",
                        "out += 1",
                    )
                )
            )
        body += ["loss.backward()", step]
        if clear and "w = w" not in step:
            body.append(clear)
        self.loop(body)

    def target_network(self) -> None:
        """A slow copy of the network, updated in place."""
        self.lines += [
            "import copy",
            f"net = {self.sequential()}",
            "target = copy.deepcopy(net)",
            f"opt = {self.some(OPTIMIZERS).format('net.parameters()')}",
            "",
        ]
        ahead = self.some(
            ("with torch.no_grad():\n        y = target(x)", "y = target(x).detach()", "y = target(net(x))")
        )
        update = "with torch.no_grad():\n        for p, q in zip(target.parameters(), net.parameters()):\n            p.mul_(0.9).add_(q, alpha=0.1)"
        body = [
            "x = torch.randn(5, 4)",
            ahead,
            "out = net(x)",
            "loss = (out - y).pow(2).mean()",
            "opt.zero_grad()",
        ]
        at = self.some(("before", "after"))
        body += (
            [update, "loss.backward()", "opt.step()"]
            if at == "before"
            else ["loss.backward()", "opt.step()", update]
        )
        self.loop(body)

    def accumulated(self) -> None:
        """A loss summed over steps, backward at the end or at each."""
        net = self.build()
        self.lines += [
            f"opt = {self.some(OPTIMIZERS).format(f'{net}.parameters()')}",
            "total = torch.zeros(())",
            "",
        ]
        body = ["x, y = torch.randn(5, 4), torch.randn(5, 4)", f"out = {net}(x)", f"loss = {self.some(LOSSES)}",
                self.some(("total = total + loss", "total += loss", "total += loss.item()", "total = total + loss.detach()"))]  # fmt: skip
        inside = self.chance(0.6)
        if inside:
            body += [
                "opt.zero_grad()",
                self.some(
                    (
                        "total.backward()",
                        "loss.backward()",
                        "loss.backward(retain_graph=True)",
                        "total.backward(retain_graph=True)",
                    )
                ),
            ]
            body += self.some((("opt.step()",), ()))
        self.loop(body)
        if not inside and "loss.detach" not in body[3] and "item" not in body[3]:
            self.lines.append("total.backward()")
        elif not inside:
            self.lines.append("loss.backward()")


def write_net(rng: random.Random, wishes: Wishes) -> str:
    """A program of level 4."""
    net = Net(rng, wishes)
    net.lines += ["import torch", "from torch import nn", "import torch.nn.functional as F", "", ""]
    leafy = 5.0 if wishes.of("leaf") > 1 else 1.0
    twice = 3.0 if wishes.of("twice") > 1 else 1.0
    acts = (
        (5.0, net.supervised),
        (2.0, net.adversarial),
        (1.5 * twice, net.recurrent),
        (1.0 * leafy, net.by_hand),
        (0.7, net.target_network),
        (1.2 * twice, net.accumulated),
    )
    more = (*blocks.ACTS, *training.ACTS)
    if rng.random() < 0.6:
        rng.choices([act for _, act in more], [weight for weight, _ in more])[0](net)
    else:
        rng.choices([act for _, act in acts], [weight for weight, _ in acts])[0]()
    return "\n".join(net.lines) + "\n"
