"""As ``test_cures``, for what goes wrong between the rounds of a training loop."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from curing import HEAD, assert_cures, mended

pytestmark = pytest.mark.torch

MODEL = "model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))\nopt = torch.optim.SGD(model.parameters(), lr=0.1)\n"

CURES = {
    "two losses, each with something of its own": (
        "sum-losses",
        MODEL
        + """\
out = model(torch.randn(5, 3))
one, other = out.exp().mean(), out.pow(2).mean()
one.backward()
print("one")
other.backward()
""",
        'print("one")\n(one + other).backward()\n',
    ),
    "a state that a module keeps, a pair": (
        "detach-kept",
        """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.fc = nn.LSTM(3, 4), nn.Linear(4, 1)
        self.state = None

    def forward(self, x):
        out, self.state = self.lstm(x, self.state)
        return self.fc(out[-1])

net = Net()
for _ in range(2):
    net(torch.randn(5, 2, 3)).pow(2).mean().backward()
""",
        "backward()\n    net.state = tuple(each.detach() for each in net.state)\n",
    ),
    "states of a model that is a parameter": (
        "detach-kept",
        """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(3, 4)
        self.h = self.c = torch.zeros(2, 4)

    def forward(self, x):
        self.h, self.c = self.cell(x, (self.h, self.c))
        return self.h

def train(model, batches):
    for x in batches:
        model(x).pow(2).mean().backward()

train(Net(), torch.randn(3, 2, 3))
""",
        "backward()\n        model.h = model.h.detach()\n        model.c = model.c.detach()\n",
    ),
    "a state of the object that calls backward": (
        "detach-kept",
        """\
class Trainer:
    def __init__(self):
        self.cell = nn.GRUCell(3, 4)
        self.hidden = torch.zeros(2, 4)

    def step(self, x):
        self.hidden = self.cell(x, self.hidden)
        self.hidden.pow(2).mean().backward()

trainer = Trainer()
for _ in range(3):
    trainer.step(torch.randn(2, 3))
""",
        "backward()\n        self.hidden = self.hidden.detach()\n",
    ),
    "a state of a layer inside": (
        "detach-kept",
        """\
class Leaky(nn.Module):
    def __init__(self):
        super().__init__()
        self.mem = None

    def forward(self, x):
        if self.mem is None:
            self.mem = torch.zeros_like(x)
        self.mem = 0.9 * self.mem + x
        return torch.sigmoid(self.mem)

net = nn.Sequential(nn.Linear(3, 4), Leaky(), nn.Linear(4, 2), Leaky())
for _ in range(2):
    net(torch.randn(2, 3)).pow(2).mean().backward()
""",
        "        self.mem = 0.9 * self.mem.detach() + x\n",
    ),
    "what a property has computed once": (
        "detach-kept",
        """\
class Graph(nn.Module):
    def __init__(self):
        super().__init__()
        self.raw, self.kept = nn.Parameter(torch.rand(3, 3)), None

    @property
    def laplacian(self):
        if self.kept is None:
            raw = torch.sigmoid(self.raw)
            self.kept = torch.diag(raw.sum(1)) - raw
        return self.kept

    def forward(self, x):
        return (x @ self.laplacian).sum()

graph = Graph()
for _ in range(2):
    graph(torch.ones(2, 3)).backward()
""",
        "backward()\n    graph.kept = None\n",
    ),
    "the variables of a generator": (
        "detach-kept",
        """\
def states(cell, xs):
    h = c = torch.zeros(2, 4)
    for x in xs:
        h, c = cell(x, (h, c))
        yield h

for h in states(nn.LSTMCell(3, 4), torch.randn(3, 2, 3)):
    h.pow(2).mean().backward()
""",
        "        yield h\n        h = h.detach()\n        c = c.detach()\n",
    ),
    "one forward for two steps of one function": (
        "forward-after-update",
        MODEL
        + """\
def step(loss):
    opt.zero_grad()
    loss.backward(retain_graph=True)
    opt.step()

out = model(torch.randn(5, 3))
step(out.mean())
step(out.std())
""",
        "step(out.mean())\nout = model(torch.randn(5, 3))\nstep(out.std())\n",
    ),
    "an update in a thread": (
        "forward-after-update",
        "import threading\n"
        + MODEL
        + """\
out = model(torch.randn(5, 3))

def worker():
    model(torch.randn(5, 3)).mean().backward()
    opt.step()

thread = threading.Thread(target=worker)
thread.start()
thread.join()
loss = out.pow(2).mean()
loss.backward()
""",
        "thread.join()\nout = model(torch.randn(5, 3))\nloss = out",
    ),
    "a comprehension has variables of its own": (
        "forward-after-update",
        """\
nets = [nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)) for _ in range(2)]
losses = [net(torch.randn(2, 3)).mean() for net in nets]
for net in nets:
    net.load_state_dict(nets[0].state_dict())
for loss in losses:
    loss.backward()
""",
        "nets[0].state_dict())\nlosses = [net(",
    ),
    "losses of one forward, a step after each": (
        "compute-each-round",
        """\
nets = {"actor": nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), "critic": nn.Linear(2, 1)}
opts = {name: torch.optim.Adam(net.parameters()) for name, net in nets.items()}

def losses_of(x):
    q = nets["critic"](nets["actor"](x))
    return {"critic": (q - 1).pow(2).mean(), "actor": -q.mean()}

losses = losses_of(torch.randn(4, 3))
for name in ("critic", "actor"):
    losses[name].backward(retain_graph=True)
    opts[name].step()
""",
        '"actor"):\n    losses = losses_of(torch.randn(4, 3))\n',
    ),
    "pairs of a loss and an optimizer": (
        "update-after-backward",
        """\
actor, critic = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), nn.Linear(2, 1)
opt_a, opt_c = torch.optim.Adam(actor.parameters()), torch.optim.Adam(critic.parameters())
q = critic(actor(torch.randn(4, 3)))
critic_loss, actor_loss = (q - 1).pow(2).mean(), -q.mean()
for loss, opt in ((critic_loss, opt_c), (actor_loss, opt_a)):
    loss.backward(retain_graph=True)
    opt.step()
""",
        "retain_graph=True)\nfor loss, opt in ((critic_loss, opt_c), (actor_loss, opt_a)):\n    opt.step()\n",
    ),
    "weights that a ``with`` scales for its time": (
        "backward-inside-with",
        """\
from contextlib import contextmanager

@contextmanager
def scaled(layer):
    with torch.no_grad():
        layer.weight.mul_(0.5)
    yield
    with torch.no_grad():
        layer.weight.div_(0.5)

body, head = nn.Linear(3, 4), nn.Linear(4, 2)
with scaled(head):
    out = head(body(torch.randn(5, 3)))
loss = out.pow(2).mean()  # of the scaled weights
loss.backward()
""",
        "torch.randn(5, 3)))\n    loss = out.pow(2).mean()  # of the scaled weights\n    loss.backward()\n",
    ),
    "two losses of one forward": (
        "sum-losses",
        """\
x = torch.rand(3, requires_grad=True)
h = x.exp()
h.sum().backward()
count = len(h)
(h * 2 if count else h).mean().backward()
""",
        "count = len(h)\n(h.sum() + (h * 2 if count else h).mean()).backward()\n",
    ),
    "rows that a caller's operation saved": (
        "clone-at-save",
        """\
class Passing(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(6, 6)

    def forward(self, h):
        for row in range(2):
            h[row] = self.cell(h[2].unsqueeze(0), h[row].unsqueeze(0)).squeeze(0)
        return h

Passing()(torch.relu(nn.Linear(4, 6)(torch.randn(5, 4)))).sum().backward()
""",
        "Passing()(torch.relu(nn.Linear(4, 6)(torch.randn(5, 4))).clone())",
    ),
    "what inference mode made has no history to lose": (
        "clone-before-write",
        """\
x = torch.rand(3, requires_grad=True)
with torch.inference_mode():
    target = x * 2
with torch.no_grad():
    target[0] = 1.0
(x - target).pow(2).sum().backward()
""",
        "    target = target.clone()\n    target[0] = 1.0\n",
    ),
    "a step for each of several losses of one forward": (
        "sum-in-loop",
        MODEL
        + """\
out = model(torch.randn(5, 3))
losses = [out.mean(), out.pow(2).mean()]
for loss in losses:
    # one step for each
    opt.zero_grad()

    loss.backward(retain_graph=True)
    opt.step()  # here
""",
        "loss = sum(losses)\n# one step for each\nopt.zero_grad()\n\nloss.backward(retain_graph=True)\nopt.step()  # here\n",
    ),
}


@pytest.mark.parametrize(("remedy", "body", "expected"), CURES.values(), ids=CURES.keys())
def test_cure(remedy: str, body: str, expected: str, tmp_path: Path) -> None:
    assert_cures(remedy, body, expected, tmp_path)


DEAD_ENDS = {
    "zeros have no graph": (
        "out-of-place",
        "x = torch.rand(3, requires_grad=True)\ny = x.reciprocal()\ny.zero_()\ny.sum().backward()\n",
    ),
    "a leaf would be one no more": (
        "out-of-place",
        "x = torch.rand(3, requires_grad=True)\nx.fill_(0.5)\n(x * 2).sum().backward()\n",
    ),
    "the gradients of the first loss are used": (
        "sum-losses",
        """\
x = torch.rand(3, requires_grad=True)
h = x.exp()
h.sum().backward()
x.grad = None
h.mean().backward()
""",
    ),
    "what was computed while the object was made would be a constant": (
        "detach-kept",
        """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 1)
        self.penalty = torch.zeros(1)
        self.add(self.fc.weight)

    def add(self, weight):
        self.penalty = self.penalty + weight.norm()

    def forward(self, x):
        return self.fc(x).mean() + self.penalty

net = Net()
for _ in range(2):
    net(torch.ones(2, 3)).backward()
""",
    ),
    "a sum over the rounds begins once": (
        "compute-each-round",
        MODEL
        + """\
total = 0.0
for _ in range(3):
    model(torch.randn(5, 3)).mean().backward()
    opt.step()
    total = total + model(torch.randn(5, 3)).mean()
total.backward()
""",
    ),
    "the copy of a result goes into the queue as well": (
        "clone-at-save",
        """\
import queue

waiting = queue.Queue()
layers = [nn.Linear(3, 3), nn.Linear(3, 3)]
waiting.put(torch.randn(2, 3))
outs = []
for layer in layers:
    out = torch.sigmoid(layer(waiting.get()))
    waiting.put(out)
    outs.append(out)
outs[0].mul_(0.5)
sum(out.sum() for out in outs).backward()
""",
    ),
    "what is computed again would be without a write": (
        "forward-after-update",
        """\
x = torch.rand(3, requires_grad=True)
y = x * 2
y.exp_()
with torch.no_grad():
    y /= y.norm()
y.sum().backward()
""",
    ),
    "each round's own update": (
        "update-after-backward",
        MODEL
        + """\
out = model(torch.randn(5, 3))
for power in (1, 2):
    loss = out.pow(power).mean()
    step = opt.step
    loss.backward(retain_graph=True)
    step()
""",
    ),
    "a loop over losses that has an end of its own": (
        "sum-in-loop",
        MODEL
        + """\
out = model(torch.randn(5, 3))
for loss in [out.mean(), out.pow(2).mean()]:
    opt.zero_grad()
    loss.backward(retain_graph=True)
    opt.step()
else:
    print("done")
""",
    ),
}


@pytest.mark.parametrize(("remedy", "body"), DEAD_ENDS.values(), ids=DEAD_ENDS.keys())
def test_no_cure(remedy: str, body: str, tmp_path: Path) -> None:
    assert not mended(HEAD + body, remedy, tmp_path)
