"""As ``test_cures``, for what a loop or two steps of training have in common: states in lists and dicts, a generator's samples."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from curing import HEAD, assert_cures, mended

pytestmark = pytest.mark.torch

GAN = """\
G, D = nn.Linear(2, 3), nn.Linear(3, 1)
og, od = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())

def d_step(real, fake):
    od.zero_grad()
    loss = D(real).exp().mean() - D(fake).mean()
    loss.backward()
    od.step()

def g_step(fake):
    og.zero_grad()
    D(fake).pow(2).mean().backward()
    og.step()

"""

CURES = {
    "batches without an end": (
        "out-of-place",
        """\
def batches():
    while True:
        yield torch.randn(2, 3)

def train():
    net = nn.Linear(3, 3)
    for step, x in enumerate(batches()):
        if step >= 3:
            break
        out = net(x).sigmoid()
        out *= 2
        out.mean().backward()

train()
""",
        "        out = out * 2\n",
    ),
    "a state under a key": (
        "detach",
        """\
cell, memory = nn.GRUCell(3, 4), {"h": torch.zeros(1, 4)}
for x in torch.randn(3, 1, 3):
    memory["h"] = cell(x, memory["h"])
    memory["h"].pow(2).sum().backward()
""",
        'backward()\n    memory["h"] = memory["h"].detach()\n',
    ),
    "states of an object that the loop fills": (
        "detach",
        """\
class State:
    h = c = torch.zeros(1, 4)

cell, state = nn.LSTMCell(3, 4), State()
for x in torch.randn(3, 1, 3):
    state.h, state.c = cell(x, (state.h, state.c))
    state.h.pow(2).sum().backward()  # truncated
""",
        "# truncated\n    state.h = state.h.detach()\n    state.c = state.c.detach()\n",
    ),
    "a list of states": (
        "detach",
        """\
cells = nn.ModuleList([nn.GRUCell(3, 4), nn.GRUCell(3, 4)])
states = [torch.zeros(1, 4), torch.zeros(1, 4)]
for x in torch.randn(3, 1, 3):
    states = [cell(x, h) for cell, h in zip(cells, states)]
    sum(h.pow(2).sum() for h in states).backward()
""",
        "backward()\n    states = [each.detach() for each in states]\n",
    ),
    "a penalty that the constructor adds up": (
        "compute-in-forward",
        """\
class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.fc, self.out = nn.Linear(3, width), nn.Linear(width, 1)
        self.penalty = 0.0
        for layer in (self.fc, self.out):
            self.punish(layer)  # L2
        self.calls = 0

    def punish(self, layer):
        self.penalty = self.penalty + layer.weight.pow(2).sum()

    def forward(self, x):
        \'\'\'Run.\'\'\'
        return self.out(self.fc(x))

net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(2, 5, 3):
    loss = net(x).mean() + net.penalty
    opt.zero_grad()
    loss.backward()
    opt.step()
""",
        (
            "        self.calls = 0\n\n    def punish(self, layer):\n        self.penalty = self.penalty + layer.weight.pow(2).sum()\n\n"
            "    def forward(self, x):\n        '''Run.'''\n        self.penalty = 0.0\n        for layer in (self.fc, self.out):\n"
            "            self.punish(layer)  # L2\n        return"
        ),
    ),
    "a state that a function is handed and gives back": (
        "detach",
        """\
cell = nn.LSTMCell(3, 4)

def step(x, h, c):
    h, c = cell(x, (h, c))
    loss = h.pow(2).sum()
    loss.backward()
    return loss.item(), h, c  # to the next

h = c = torch.zeros(1, 4)
for x in torch.randn(3, 1, 3):
    _, h, c = step(x, h, c)
""",
        "    return loss.item(), h.detach(), c.detach()  # to the next\n",
    ),
    "losses of one forward": (
        "sum-in-loop",
        """\
h = torch.tanh(nn.Linear(3, 3)(torch.randn(2, 3)))
losses = [h.sum(), h.pow(2).mean()]
for loss in losses:
    loss.backward()  # each
""",
        "loss = sum(losses)\nloss.backward()  # each\n",
    ),
    "losses by name": (
        "sum-in-loop",
        """\
h = torch.tanh(nn.Linear(3, 3)(torch.randn(2, 3)))
losses = {"sum": h.sum(), "mean": h.pow(2).mean()}
for name, loss in losses.items():
    loss.backward()
""",
        "loss = sum(losses.values())\nloss.backward()\n",
    ),
    "samples that a helper trains on": (
        "detach-at-use",
        GAN
        + """\
for real in torch.randn(2, 5, 3):
    fake = torch.tanh(G(torch.randn(5, 2)))
    d_step(real, fake)  # the critic
    g_step(fake)
""",
        "    d_step(real, fake.detach())  # the critic\n",
    ),
    "samples that are made in a block": (
        "detach-at-use",
        GAN
        + """\
for real in torch.randn(2, 5, 3):
    with torch.enable_grad():
        fake = torch.tanh(G(torch.randn(5, 2)))
        loss = D(real).mean() - D(fake).mean()
    loss.backward()
    od.step()
    g_step(fake)
""",
        "        loss = D(real).mean() - D(fake.detach()).mean()\n",
    ),
}


def test_three_losses_become_one_sum(tmp_path: Path) -> None:
    head = "h = torch.tanh(nn.Linear(3, 3)(torch.randn(2, 3)))\na, b, c = h.sum(), h.exp().mean(), h.pow(2).mean()\n"
    body = HEAD + head + "(a + b).backward()\nc.backward()\n"
    assert any(
        text.endswith("mean()\n(a + b + c).backward()\n") for text in mended(body, "sum-losses", tmp_path)
    )


def test_a_round_that_does_more_than_backward_is_not_summed(tmp_path: Path) -> None:
    body = (
        "net, rows = nn.Linear(3, 1), []\nfor loss in torch.sigmoid(net(torch.randn(4, 3))):\n"
        "    net.zero_grad()\n    loss.backward()\n    rows.append(net.weight.grad.clone())\n"
    )
    assert not mended(HEAD + body, "sum-in-loop", tmp_path)


@pytest.mark.parametrize(("remedy", "body", "expected"), CURES.values(), ids=CURES.keys())
def test_cure(remedy: str, body: str, expected: str, tmp_path: Path) -> None:
    assert_cures(remedy, body, expected, tmp_path)
