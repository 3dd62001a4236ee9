"""Statements moved past each other: which may, how their lines look afterwards, and that torch runs the result."""

from __future__ import annotations

import pytest
from marked import read

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

AFTER_BACKWARD = {
    "step": (
        "    o.zero_grad()\n    «o.step()»  # now\n    ⟪loss.backward()⟫  # late\n    return 1\n",
        "    o.zero_grad()\n    loss.backward()  # late\n    o.step()  # now\n    return 1\n",
    ),
    "one of several on a line": (
        "    a = 1; «o.step()»; b = 2\n    ⟪loss.backward()⟫\n",
        "    a = 1; b = 2\n    loss.backward()\n    o.step()\n",
    ),
    "first on its line": (
        "    «o.step()»; ⟪loss.backward()⟫\n",
        "",
    ),
    "a block": (
        "    with torch.no_grad():\n        for p, q in pairs:\n            «p.lerp_(q, 0.5)»\n    if x:\n        ⟪loss.backward()⟫\n",
        "    if x:\n        loss.backward()\n    with torch.no_grad():\n        for p, q in pairs:\n            p.lerp_(q, 0.5)\n",
    ),
    "in a short loop": (
        "    for x in xs:\n        «o.step()»\n        print(x)\n        ⟪loss.backward()⟫\n",
        "    for x in xs:\n        print(x)\n        loss.backward()\n        o.step()\n",
    ),
    "the gradients would be thrown away": ("    «o.step()»\n    o.zero_grad()\n    ⟪loss.backward()⟫\n", ""),
    "its names are bound in between": (
        "    with torch.no_grad():\n        «p.mul_(k)»\n    k = 2\n    ⟪loss.backward()⟫\n",
        "",
    ),
    "backward in an earlier line of the loop": (
        "    for x in xs:\n        ⟪loss.backward(retain_graph=True)⟫\n        «o.step()»\n",
        "",
    ),
    "no line break at the end": (
        "    «o.step()»\n    ⟪loss.backward()⟫",
        "    loss.backward()\n    o.step()\n",
    ),
}

AFTER_UPDATE = {
    "the loss": (
        "    g = ‹net(x)›.mean()\n    d.backward()\n    «o.step()»\n    ⟪g.backward()⟫\n",
        "    d.backward()\n    o.step()\n    g = net(x).mean()\n    g.backward()\n",
    ),
    "the loss and what it reads": (
        "    out = ‹net(x)›\n    g = crit(out)\n    «o.step()»\n    ⟪g.backward()⟫\n",
        "    «o.step()»\n    out = net(x)\n    g = crit(out)\n    g.backward()\n",
    ),
    "somebody reads it in between: again": (
        "    g = ‹net(x)›.mean()\n    (g + d).backward(retain_graph=True)\n    «o.step()»\n    ⟪g.backward()⟫\n",
        "    g = net(x).mean()\n    (g + d).backward(retain_graph=True)\n    o.step()\n    g = net(x).mean()\n    g.backward()\n",
    ),
    "what it reads is bound in between": (
        "    g = ‹net(x)›.mean()\n    x += 1\n    «o.step()»\n    ⟪g.backward()⟫\n",
        "",
    ),
    "made in a branch": ("    if x:\n        g = ‹net(x)›\n    «o.step()»\n    ⟪g.backward()⟫\n", ""),
}

HEAD = "import torch\n\ndef f(x, xs, o, net, crit, loss, d, pairs, p, k):\n"


@pytest.mark.parametrize(("body", "fixed"), AFTER_BACKWARD.values(), ids=AFTER_BACKWARD.keys())
def test_the_update_goes_below_the_backward(body: str, fixed: str) -> None:
    assert read(HEAD + body, "update-after-backward").results()[:1] == ([HEAD + fixed] if fixed else [])


@pytest.mark.parametrize(("body", "fixed"), AFTER_UPDATE.values(), ids=AFTER_UPDATE.keys())
def test_the_forward_goes_below_the_update(body: str, fixed: str) -> None:
    wanted = [HEAD + fixed.replace("«", "").replace("»", "")] if fixed else []
    assert read(HEAD + body, "forward-after-update").results()[-1:] == wanted


GAN = """\
import torch
from torch import nn
torch.manual_seed(0)
D, G = nn.Linear(2, 1), nn.Linear(2, 2)
od, og = torch.optim.SGD(D.parameters(), 0.1), torch.optim.SGD(G.parameters(), 0.1)
for _ in range(2):
    fake = G(torch.randn(4, 2))
    d_loss = D(fake.detach()).mean() - D(torch.randn(4, 2)).mean()
    g_loss = -‹D(fake)›.mean()
    od.zero_grad()
    d_loss.backward()
    «od.step()»
    og.zero_grad()
    ⟪g_loss.backward()⟫
    og.step()
"""


@pytest.mark.parametrize("remedy", ["forward-after-update", "update-after-backward"])
def test_a_step_between_two_backward_calls(remedy: str) -> None:
    marked = read(GAN, remedy)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        run(marked.text)
    for result, fix in zip(marked.results(), marked.fixes(), strict=True):
        assert not fix.safe
        run(result)


STEPS = {
    "a function that is called": (
        (
            "def clip(module):\n    with torch.no_grad():\n        for p in module.parameters():\n            «p.clamp_(-1, 1)»\n\n\n"
            "loss = ‹net(x)›.sum()\nclip(net)\n⟪loss.backward()⟫\n"
        ),
        "update-after-backward",
        "loss = net(x).sum()\nloss.backward()\nclip(net)\n",
    ),
    "a carried state": (
        (
            "h = torch.zeros(2, 4)\ncell = nn.RNNCell(3, 4)\no = torch.optim.SGD(cell.parameters(), 0.1)\nfor _ in range(3):\n"
            "    h = ‹cell(x, h)›\n    ⟪h.sum().backward(retain_graph=True)⟫  # why?\n    «o.step()»\n"
        ),
        "detach",
        "    h.sum().backward(retain_graph=True)  # why?\n    h = h.detach()\n    o.step()\n",
    ),
    "computed before the loop": (
        (
            "o = torch.optim.SGD(net.parameters(), 0.1)\ntotal = ‹net(x)›.sum()  # once\nfor _ in range(2):\n"
            "    o.zero_grad()\n    ⟪«total.backward()»⟫\n"
        ),
        "compute-each-round",
        "for _ in range(2):\n    total = net(x).sum()  # once\n    o.zero_grad()\n    total.backward()\n",
    ),
    "computed by a call before the loop": (
        (
            "class Net(nn.Module):\n    def keep(self):\n        self.kept = ‹net(x)›\n\n\nn = Net()\nn.keep()\n"
            "for _ in range(2):\n    print()\n    ⟪«n.kept.sum().backward()»⟫\n"
        ),
        "compute-each-round",
        "for _ in range(2):\n    n.keep()\n    print()\n    n.kept.sum().backward()\n",
    ),
    "an accumulated loss": (
        (
            "total = 0\no = torch.optim.SGD(net.parameters(), 0.1)\nfor _ in range(3):\n    total += ‹net(x)›.sum()\n"
            "    ⟪total.backward(retain_graph=True)⟫\n    «o.step()»\n"
        ),
        "detach",
        "    total.backward(retain_graph=True)\n    total = total.detach()\n    o.step()\n",
    ),
}


@pytest.mark.parametrize(("body", "remedy", "fixed"), STEPS.values(), ids=STEPS.keys())
def test_a_training_script_runs_after_it(body: str, remedy: str, fixed: str) -> None:
    head = "import torch\nfrom torch import nn\nx = torch.ones(2, 3)\nnet = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1))\n"
    marked = read(head + body, remedy)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation|backward through the graph"):
        run(marked.text)
    (result,) = marked.results()
    assert result.endswith(fixed)
    run(result)


def run(text: str) -> None:
    exec(compile(text, "program.py", "exec"), {})
