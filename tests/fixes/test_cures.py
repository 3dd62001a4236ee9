"""From the program to the mended program: torch raises, the analysis says where, the named remedy holds, torch runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from curing import HEAD, assert_cures, mended, run

pytestmark = pytest.mark.torch

CURES = {
    "saved under another name": (
        "clone-at-save",
        """\
class Temperature(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("t", torch.ones(1))

    def forward(self, x):
        return x / self.t

m = Temperature()
x = torch.ones(2, requires_grad=True)
p = m(x)
m.t.mul_(0.5)
p.sum().backward()
""",
        "        return x / self.t.clone()\n",
    ),
    "a row that a module saved": (
        "clone-at-save",
        """\
cell = nn.GRUCell(2, 2)
h = nn.Linear(2, 2)(torch.ones(3, 2))
h[0] = cell(torch.ones(2), h[0])
h.sum().backward()
""",
        "h[0] = cell(torch.ones(2), h[0].clone())\n",
    ),
    "a weight that is kept short": (
        "clone-at-save",
        """\
emb = nn.Embedding(9, 2, max_norm=0.5)
logits = nn.Linear(2, 2)(torch.ones(1, 2)) @ emb.weight.t()
(logits.sum() + emb(torch.tensor([1])).sum()).backward()
""",
        "@ emb.weight.t().clone()\n",
    ),
    "reads what it writes": (
        "clone-operand",
        "x = torch.arange(5.0)\nx[1:].add_(x[:-1])\n",
        "x[1:].add_(x[:-1].clone())\n",
    ),
    "a mask that indexes itself": (
        "clone-operand",
        "active = torch.tensor([True, True, False])\nactive[active] = torch.tensor([False, True])\n",
        "active[active.clone()] = torch.tensor([False, True])\n",
    ),
    "a function of the operators": (
        "out-of-place",
        "x = torch.ones(2, requires_grad=True)\nreduce(operator.iadd, [x.sigmoid(), x]).sum().backward()\n",
        "reduce(operator.add, [x.sigmoid(), x])",
    ),
    "in a comprehension": (
        "out-of-place",
        "rows = torch.ones(2, 3, requires_grad=True).exp().unbind(0)\nhalf = [row.mul_(0.5) for row in rows]\n",
        "half = [row.mul(0.5) for row in rows]\n",
    ),
    "a flag in a partial": (
        "inplace-false",
        """\
def net(drop=partial(nn.ELU, alpha=2.0, inplace=True)):
    return nn.Sequential(nn.Linear(2, 2), nn.Tanh(), drop())

net()(torch.ones(1, 2)).sum().backward()
""",
        "partial(nn.ELU, alpha=2.0, inplace=False)",
    ),
    "a flag that is handed on": (
        "inplace-false",
        """\
OPTIONS = {"inplace": True}

def act(**options):
    return nn.ReLU(**options)

net = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), act(**OPTIONS))
net(torch.ones(1, 2)).sum().backward()
""",
        'OPTIONS = {"inplace": False}\n',
    ),
    "a fake batch": (
        "detach-at-use",
        """\
G, D = nn.Sequential(nn.Linear(2, 3), nn.Tanh()), nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1))
fake = G(torch.ones(4, 2))
d_loss = D(fake).mean() - D(torch.ones(4, 3)).mean()
d_loss.backward()
g_loss = -D(fake).mean()
g_loss.backward()
""",
        "d_loss = D(fake.detach()).mean() - D(torch.ones(4, 3)).mean()\n",
    ),
    "a reward with a graph": (
        "detach-at-use",
        """\
icm, policy = nn.Linear(2, 2), nn.Linear(2, 2)
reward = icm(torch.ones(3, 2)).pow(2).sum(1)
loss = reward.mean()
loss.backward()
logp = policy(torch.ones(3, 2)).log_softmax(1)[:, 0]
pi_loss = -(logp * reward).mean()
pi_loss.backward()
""",
        "pi_loss = -(logp * reward.detach()).mean()\n",
    ),
    "old values in each round": (
        "detach-at-use",
        """\
net = nn.Linear(2, 2)
old = net(torch.ones(3, 2)).log_softmax(1)
for _ in range(2):
    new = net(torch.ones(3, 2)).log_softmax(1)
    loss = (new - old).exp().mean()
    loss.backward()
""",
        "    loss = (new - old.detach()).exp().mean()\n",
    ),
    "a closure that is called again": (
        "compute-each-round",
        """\
net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
opt = torch.optim.LBFGS(net.parameters(), max_iter=3)
pred = net(torch.ones(3, 2))

def closure():
    \"\"\"For LBFGS.\"\"\"
    opt.zero_grad()
    loss = (pred - 1).pow(2).mean()
    loss.backward()
    return loss

opt.step(closure)
""",
        '    """For LBFGS."""\n    pred = net(torch.ones(3, 2))\n    opt.zero_grad()\n',
    ),
    "a graph that a model keeps": (
        "compute-each-round",
        """\
class Graph(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Parameter(torch.ones(3, 3))
        self.adjacency = None

    def forward(self, x):
        if self.adjacency is None:
            self.adjacency = torch.softmax(self.e, dim=1)
        return self.adjacency @ x

net = Graph()
for _ in range(2):
    net(torch.ones(3, 2)).sum().backward()
""",
        "    def forward(self, x):\n        self.adjacency = torch.softmax(self.e, dim=1)\n        return",
    ),
    "parts used after their base was written": (
        "view-again",
        """\
x = torch.ones(4, 2, requires_grad=True)
h = x * 1
a, b = h.chunk(2)  # halves
h.mul_(2)
(a * b).sum().backward()
""",
        "h.mul_(2)\na, b = h.chunk(2)  # halves\n(a * b)",
    ),
    "a view without grad used after its base was written": (
        "view-again",
        """\
h = torch.ones(4, requires_grad=True) * 2
with torch.no_grad():
    v = h[:2]
h.add_(1)
(v * h[2:]).sum().backward()
""",
        "h.add_(1)\nwith torch.no_grad():\n    v = h[:2]\n(v * h[2:])",
    ),
    "parts that were saved before their base was written": (
        "view-of-copy",
        """\
h = torch.ones(3, 2, requires_grad=True) * 1
first, _, _ = h.unbind(0)
y = first * torch.ones(2, requires_grad=True)
h.add_(1)
y.sum().backward()
""",
        "h.clone().unbind(0)",
    ),
    "an update inside the forward": (
        "update-before-forward",
        """\
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.dec = nn.Linear(3, 2), nn.Linear(2, 3)

    @torch.no_grad()
    def tie(self):
        self.dec.weight.copy_(self.enc.weight.t())

    def forward(self, x):
        out = self.dec(self.enc(x))
        self.tie()
        return out

Tied()(torch.ones(4, 3)).sum().backward()
""",
        "        self.tie()\n        out = self.dec(self.enc(x))\n        return out\n",
    ),
    "an update in two steps": (
        "update-before-forward",
        """\
w = torch.ones(3, requires_grad=True)
table = w.detach()
out = w.abs()
table += 1
table.mul_(2)
out.sum().backward()
""",
        "table = w.detach()\ntable += 1\ntable.mul_(2)\nout = w.abs()\nout.sum().backward()\n",
    ),
}


@pytest.mark.parametrize(("remedy", "body", "expected"), CURES.values(), ids=CURES.keys())
def test_cure(remedy: str, body: str, expected: str, tmp_path: Path) -> None:
    assert_cures(remedy, body, expected, tmp_path)


def test_in_place_modules_are_mended_one_after_the_other(tmp_path: Path) -> None:
    body = HEAD + (
        'acts = nn.ModuleDict({"r": nn.ReLU(inplace=True), "s": nn.SiLU(inplace=True)})\n'
        "h = torch.ones(3, requires_grad=True).tanh()\nfor key in acts:\n    h = acts[key](h)\nh.sum().backward()\n"
    )
    (once,) = mended(body, "inplace-false", tmp_path)
    (twice,) = mended(once, "inplace-false", tmp_path)
    assert 'nn.ModuleDict({"r": nn.ReLU(), "s": nn.SiLU()})' in twice
    run(twice)


DEAD_ENDS = {
    "a list that text does not tell from a tensor": (
        "clone-before-write",
        "class Bag(list):\n    pass\n\nx = torch.ones(2, requires_grad=True)\nb = Bag([x.exp()])\nb[0].add_(1)\nb[0].sum().backward()\n",
    ),
    "a field of a named tuple cannot be bound": (
        "out-of-place",
        (
            "from collections import namedtuple\nOut = namedtuple('Out', 'hidden')\nx = torch.ones(2, requires_grad=True)\n"
            "o = Out(x.exp())\no.hidden.add_(1)\no.hidden.sum().backward()\n"
        ),
    ),
    "nor one of what max gives": (
        "out-of-place",
        "x = torch.ones(2, 2, requires_grad=True)\no = (x * 2).max(dim=1)\no.indices.zero_()\no.values.sum().backward()\n",
    ),
    "a module has no clone": (
        "clone-before-write",
        (
            "net = nn.Linear(2, 1)\nnet(torch.ones(1, 2)).sum().backward()\nkept = (net.weight.grad * torch.ones(1, 2, requires_grad=True)).sum()\n"
            "nn.utils.clip_grad_value_(net.parameters(), 0.1)\nkept.backward()\n"
        ),
    ),
    "what is in a branch is not taken out of it": (
        "sum-losses",
        "w = torch.ones(2, requires_grad=True)\ntrained = bool(len('x'))\nif trained:\n    h = w * w\n    h.sum().backward()\nh.mean().backward()\n",
    ),
    "nor has a module of functions": (
        "clone-before-write",
        "Fn = nn.functional\nx = torch.ones(2, requires_grad=True)\nh = x.exp()\nz = Fn.relu_(h)\nz.sum().backward()\n",
    ),
    "a copy would have the wrong shape, too": (
        "clone-before-write",
        (
            "x = torch.ones(3, requires_grad=True)\nq, _ = x.exp()[:2].unbind()\nq = q.sqrt()\nby = q.view(-1)\n"
            "q.mul_(by)\nby.sum().backward()\n"
        ),
    ),
    "backward would find no graph": (
        "out-of-place",
        "w = torch.ones(2, requires_grad=True)\nloss = (w.detach() * 2).sum()\nw /= 2\nloss.backward()\n",
    ),
    "what is written was computed, so who reads the new values has the history of the old ones": (
        "update-before-forward",
        (
            "x = torch.rand(4, 3, requires_grad=True)\nmix = x.square()\nstates = torch.zeros_like(mix)\nfor i in range(1, 4):\n"
            "    states[i] = states[i - 1] * mix[i]\nwith torch.no_grad():\n    mix[mix > 1] *= 0.5\nstates.max().backward()\n"
        ),
    ),
    "nothing else has a graph": (
        "detach-at-use",
        "w = torch.ones(2, requires_grad=True)\nh = w.exp()\nh.sum().backward()\nloss = h.pow(2).sum()\nloss.backward()\n",
    ),
    "a further write stands elsewhere": (
        "update-before-forward",
        """\
w = torch.ones(3, requires_grad=True)
table = w.detach()

def scale():
    table.mul_(2)

def loss_of():
    out = w.abs()
    table.add_(1)
    return out.sum()

loss = loss_of()
scale()
loss.backward()
""",
    ),
    "the update needs what the forward gives": (
        "update-before-forward",
        """\
net = nn.Linear(2, 2)

def loss_of(x):
    h = net(x)
    with torch.no_grad():
        net.weight.mul_(h.mean())
    return h.sum()

loss_of(torch.ones(1, 2, requires_grad=True)).backward()
""",
    ),
}


@pytest.mark.parametrize(("remedy", "body"), DEAD_ENDS.values(), ids=DEAD_ENDS.keys())
def test_no_cure(remedy: str, body: str, tmp_path: Path) -> None:
    assert not mended(HEAD + body, remedy, tmp_path)
