"""Each kind of fix by name: the smallest program that asks for it, what it reads after the fix, and torch's word on it.

A program fails under torch, or (where the finding is a warning) gives a wrong gradient in silence. The named remedy's fixes that
hold are made; one of them reads as expected, and after each of them torch runs and the gradient is that of finite differences.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.fixes.verdicts import Subject, says

from gradsafe.cli.check import with_proved_fixes
from gradsafe.cli.opening import open_paths
from gradsafe.report.texts import edited_files
from gradsafe.rules.finding import Severity

pytestmark = pytest.mark.torch

HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n"

WRITES = {
    "a method": ("out-of-place", "h.relu_()", "h = h.relu()"),
    "a chain": ("out-of-place", "h.sub_(1).div_(2)", "h = h.sub(1).div(2)"),
    "an operator": ("out-of-place", "h *= 2", "h = h * 2"),
    "a power": ("out-of-place", "h **= 2", "h = h ** 2"),
    "a functional": ("out-of-place", "F.relu(h, inplace=True)", "h = F.relu(h)"),
    "dropout by position": (
        "out-of-place",
        "h = F.dropout(h, 0.5, True, True)",
        "h = F.dropout(h, 0.5, True)",
    ),
    "threshold": ("out-of-place", "F.threshold(h, 0.1, 20, True)", "h = F.threshold(h, 0.1, 20)"),
    "relu_ of the functionals": ("out-of-place", "F.relu_(h)", "h = F.relu(h)"),
    "relu_ of torch": ("out-of-place", "torch.relu_(h)", "h = torch.relu(h)"),
    "masked_fill_": ("out-of-place", "h.masked_fill_(h < 0.7, 0.0)", "h = h.masked_fill(h < 0.7, 0.0)"),
    "masked_scatter_": ("out-of-place", "h.masked_scatter_(m, x)", "h = h.masked_scatter(m, x)"),
    "index_put_": ("out-of-place", "h.index_put_((i,), x[0])", "h = h.index_put((i,), x[0])"),
    "index_add_": ("out-of-place", "h.index_add_(0, i, x[:2])", "h = h.index_add(0, i, x[:2])"),
    "index_fill_": ("out-of-place", "h.index_fill_(0, i, 1.0)", "h = h.index_fill(0, i, 1.0)"),
    "index_copy_": ("out-of-place", "h.index_copy_(0, i, x[:2])", "h = h.index_copy(0, i, x[:2])"),
    "scatter_": ("out-of-place", "h.scatter_(0, i, 0.5)", "h = h.scatter(0, i, 0.5)"),
    "scatter_add_": ("out-of-place", "h.scatter_add_(0, i, x[:2])", "h = h.scatter_add(0, i, x[:2])"),
    "clamp_": ("out-of-place", "h.clamp_(max=0.7)", "h = h.clamp(max=0.7)"),
    "zero_": ("out-of-place", "h.zero_()", "h = torch.zeros_like(h)"),
    "lerp_": ("out-of-place", "h.lerp_(x, 0.5)", "h = h.lerp(x, 0.5)"),
    "out=": ("out-of-place", "torch.mul(c, 2, out=k)", "k = torch.mul(c, 2)"),
    "out= of two": ("out-of-place", "torch.max(c, 0, out=(k, n))", "k, n = torch.max(c, 0)"),
    "_foreach": (
        "out-of-place",
        "hs = [h]\ntorch._foreach_mul_(hs, 2.0)",
        "hs = torch._foreach_mul(hs, 2.0)",
    ),
    "a mask of itself": ("out-of-place", "h[h < 0.7] = 0", "h = torch.where(h < 0.7, 0, h)"),
    "a mask, scaled": ("out-of-place", "h[h < 0.7] *= 3", "h = torch.where(h < 0.7, h * 3, h)"),
    "another mask": ("index-put", "h[m] = 0.5", "h = h.index_put((m,), h.new_tensor(0.5))"),
    "a mask and values": ("index-put", "h[x > 0] = x[x > 0]", "h = h.index_put((x > 0,), x[x > 0])"),
    "indices": ("index-put", "h[i] = 1", "h = h.index_put((i,), h.new_tensor(1))"),
    "listed indices": ("index-put", "h[[0, 2]] = x[1]", "h = h.index_put((torch.tensor([0, 2]),), x[1])"),
    "indices, scaled": ("index-put", "h[i] *= x[0] + 1", "h = h.index_put((i,), h[i] * (x[0] + 1))"),
    "declared indices": (
        "index-put",
        "def put(h, at: torch.Tensor, v: torch.Tensor):\n    h[at] = v\n    return h\nh = put(h, i, x[0])",
        "    h = h.index_put((at,), v)\n",
    ),
    "rows and columns": (
        "index-put",
        "g = h.outer(x).exp()\ng[torch.arange(2), i] = 0.0\nh = g.sum(1)",
        "g = g.index_put((torch.arange(2), i), g.new_tensor(0.0))",
    ),
    "one element": ("clone-before-write", "h[0] = 1", "h = h.clone()\nh[0] = 1"),
    "a slice": ("clone-before-write", "h[1:] = x[:2]", "h = h.clone()\nh[1:] = x[:2]"),
    "where it is saved": ("clone-at-save", "h[0] = 1", "h = x.sigmoid().clone()\n"),
}
"""``h`` is saved as the result of ``sigmoid``, ``k`` as an operand; what is written, and what it becomes."""

AROUND = """\
x = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
c, k, n = torch.ones(3, 3), torch.ones(3), torch.zeros(3, dtype=torch.long)
i, m = torch.tensor([0, 2]), torch.tensor([True, False, True])
h = x.sigmoid()
y = x * k
{}
(h.sum() + y.sum()).backward()
"""

NET = "net = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))\nopt = torch.optim.SGD(net.parameters(), 0.1)\n"

SCALE = """\
class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x.mul_(2)
        return {}

    @staticmethod
    def backward(ctx, g):
        return g * 2

w = torch.ones(3, requires_grad=True)
h = w * 1
y = Scale.apply(h)
(h.sum() + y.sum()).backward()
"""

PROGRAMS = {
    "rows filled in a loop": (
        "stack-rows",
        """\
x = torch.rand(4, requires_grad=True)
out = torch.zeros(5, 4)
out[0] = x
for t in range(1, 5):
    out[t] = out[t - 1] * out[t - 1]
out.sum().backward()
""",
        "out.append(x)\nfor t in range(1, 5):\n    out.append(out[t - 1] * out[t - 1])\nout = torch.stack(out)\n",
    ),
    "torch.empty filled by index": (
        "stack-rows",
        """\
xs, h = torch.rand(5, 4, requires_grad=True), torch.zeros(4)
out = torch.empty(len(xs), 4)
for t, x in enumerate(xs):
    out[t] = torch.tanh(x + h)
    h = out[t] * out[t]
(out.sum() + h.sum()).backward()
""",
        "    out.append(torch.tanh(x + h))\n    h = out[t] * out[t]\nout = torch.stack(out)\n",
    ),
    "inplace=False at the construction": (
        "inplace-false",
        """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate, self.act = nn.Sigmoid(), nn.ReLU(inplace=True)

    def forward(self, x):
        return self.act(self.gate(x))

Net()(torch.ones(2, 3, requires_grad=True)).sum().backward()
""",
        "self.gate, self.act = nn.Sigmoid(), nn.ReLU()\n",
    ),
    "no_grad around a parameter's edit": (
        "no-grad-block",
        "w = torch.ones(3, requires_grad=True)\nw.sum().backward()\nw -= 0.1 * w.grad\n",
        "with torch.no_grad():\n    w -= 0.1 * w.grad\n",
    ),
    "no_grad around a write to a parameter's row": (
        "no-grad-block",
        "net = nn.Linear(2, 2)\nnet.bias[0] = 1.0\nnet(torch.ones(1, 2)).sum().backward()\n",
        "with torch.no_grad():\n    net.bias[0] = 1.0\n",
    ),
    ".data is bound": (
        "data-to-detach-or-rebind",
        "x = torch.ones(3, requires_grad=True)\nh = x.exp()\nh.data = h.data * 2\n(h * x).sum().backward()\n",
        "h = h * 2\n",
    ),
    ".data is written": (
        "data-to-detach-or-rebind",
        "x = torch.ones(3, requires_grad=True)\nh = x.exp()\nh.data.mul_(2)\n(h * x).sum().backward()\n",
        "h = h.mul(2)\n",
    ),
    "the step below the last backward": (
        "update-after-backward",
        NET + "out = net(torch.ones(1, 2))\na, b = out.mean(), out.pow(2).mean()\n"
        "a.backward(retain_graph=True)\nopt.step()\nb.backward()\n",
        "a.backward(retain_graph=True)\nb.backward()\nopt.step()\n",
    ),
    "the forward again, where the step is in a try": (
        "forward-after-update",
        NET
        + """\
out = net(torch.ones(1, 2))
a, b = out.mean(), out.pow(2).mean()
try:
    a.backward(retain_graph=True)
    opt.step()
finally:
    b.backward()
""",
        "finally:\n    out = net(torch.ones(1, 2))\n    a, b = out.mean(), out.pow(2).mean()\n    b.backward()\n",
    ),
    "detach the fake batch": (
        "detach-at-use",
        """\
G, D = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
fake = G(torch.ones(3, 2)).tanh()
d = D(fake).mean()
d.backward()
g = -D(fake).mean()
g.backward()
""",
        "d = D(fake.detach()).mean()\n",
    ),
    "detach the hidden state": (
        "detach",
        """\
rnn, h = nn.RNN(2, 3), torch.zeros(1, 1, 3)
for _ in range(3):
    out, h = rnn(torch.ones(4, 1, 2), h)
    out.sum().backward()
""",
        "    out.sum().backward()\n    h = h.detach()\n",
    ),
    "detach both states": (
        "detach",
        """\
rnn, state = nn.LSTM(2, 3), (torch.zeros(1, 1, 3), torch.zeros(1, 1, 3))
for _ in range(3):
    out, state = rnn(torch.ones(4, 1, 2), state)
    out.sum().backward()
""",
        "    state = tuple(each.detach() for each in state)\n",
    ),
    "two losses, one backward": (
        "sum-losses",
        "w = torch.ones(3, requires_grad=True)\nh = w.exp()\na, b = h.mean(), (h * h).sum()\na.backward()\nb.backward()\n",
        "(a + b).backward()\n",
    ),
    "keep the graph": (
        "retain-graph",
        "w = torch.ones(3, requires_grad=True)\ny = (w * w).sum()\ny.backward()\nprint(w.grad)\ny.backward()\n",
        "y.backward(retain_graph=True)\nprint(w.grad)\n",
    ),
    "rows of unbind": (
        "views-one-by-one",
        "x = torch.ones(3, 2, requires_grad=True)\nh = x * 1\nfor row in h.unbind(0):\n    row.mul_(2)\nh.sum().backward()\n",
        "for row in (h[i] for i in range(len(h))):\n",
    ),
    "parts of split": (
        "views-one-by-one",
        "x = torch.ones(4, requires_grad=True)\nh = x * 1\nparts = h.split(2)\nfor p in parts:\n    p.mul_(2)\nh.sum().backward()\n",
        "parts = h.tensor_split(list(range(2, len(h), 2)))\n",
    ),
    "parts of a size with a name": (
        "views-one-by-one",
        "n = 2\nx = torch.ones(4, requires_grad=True)\nh = x * 1\nfor p in h.split(n):\n    p.mul_(2)\nh.sum().backward()\n",
        "for p in h.tensor_split(list(range(n, len(h), n))):\n",
    ),
    "a part without a name": (
        "views-one-by-one",
        "x = torch.ones(4, requires_grad=True)\nh = x * 1\nh.chunk(2)[0].mul_(2)\nh.sum().backward()\n",
        "h.tensor_split(2)[0].mul_(2)\n",
    ),
    "expand and clone": (
        "clone-before-write",
        "x = torch.ones(3, 1, requires_grad=True)\nh = (x * 1).expand(3, 4)\nh.mul_(2)\nh.sum().backward()\n",
        "h = h.clone()\nh.mul_(2)\n",
    ),
    "mark_dirty": ("mark-dirty", SCALE.format("x"), "        ctx.mark_dirty(x)\n        x.mul_(2)\n"),
    "kept on ctx": (
        "clone-on-context",
        """\
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.x * g

h = torch.ones(3, requires_grad=True) * 2
y = Square.apply(h)
h.mul_(10)
y.sum().backward()
""",
        "        (x,) = ctx.saved_tensors\n        return 2 * x * g\n",
    ),
    "a result that is saved and written": (
        "clone-at-save",
        """\
class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]

h = Exp.apply(torch.ones(3, requires_grad=True))
h.mul_(2)
h.sum().backward()
""",
        "h = Exp.apply(torch.ones(3, requires_grad=True)).clone()\n",
    ),
}


@pytest.mark.parametrize(("remedy", "write", "expected"), WRITES.values(), ids=WRITES.keys())
def test_write(remedy: str, write: str, expected: str, tmp_path: Path) -> None:
    assert_offered(remedy, AROUND.format(write), expected, tmp_path)


@pytest.mark.parametrize(("remedy", "body", "expected"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_program(remedy: str, body: str, expected: str, tmp_path: Path) -> None:
    assert_offered(remedy, body, expected, tmp_path)


NOT_OFFERED = {
    "a number among the indices": ("index-put", "g = h.outer(x).exp()\ng[i, 0] = 0.0\nh = g.sum(1)"),
    "a slice among them": ("index-put", "g = h.outer(x).exp()\ng[:, i] = 0.0\nh = g.sum(1)"),
    "a tuple of indices under a name": ("index-put", "at = (i,)\nh[at] = 0.0"),
    "a list under a name": ("index-put", "at = [0, 2]\nh[at] = 0.0"),
    "a value of another shape": ("index-put", "h[i] = torch.ones(1, 1, 2)"),
    "a value that may be a number": ("index-put", "def put(h, v):\n    h[i] = v\nput(h, 1.0)"),
    "declared, and bound to a number": (
        "index-put",
        "def put(h, at: torch.Tensor):\n    if len(h) > 3:\n        at = 0\n    h[at] = 0.5\n    return h\nh = put(h, i)",
    ),
    "a remark in it": ("index-put", "h[\n    [0, 2]  # the ends\n] = 1.0"),
    "parts that are all saved": ("views-one-by-one", "a, b = (x[:2] * 1).chunk(2)\na.mul_(b)\nh = h * a"),
}


@pytest.mark.parametrize(("remedy", "write"), NOT_OFFERED.values(), ids=NOT_OFFERED.keys())
def test_not_offered(remedy: str, write: str, tmp_path: Path) -> None:
    assert not offered(remedy, HEAD + AROUND.format(write), tmp_path)


def test_what_is_not_returned_is_not_marked(tmp_path: Path) -> None:
    assert not offered("mark-dirty", HEAD + SCALE.format("x * 3"), tmp_path)


def assert_offered(remedy: str, body: str, expected: str, folder: Path) -> None:
    """One fix of this remedy reads as expected, and torch agrees with all of them."""
    fixed = offered(remedy, HEAD + body, folder)
    assert any(expected in text for text, _ in fixed), [text for text, _ in fixed]
    assert all(said == "right" for _, said in fixed), [said for _, said in fixed]


def offered(remedy: str, text: str, folder: Path) -> list[tuple[str, str]]:
    """The program after each fix of the remedy that holds, and what torch says of it."""
    file = folder / "program.py"
    file.write_text(text, "utf-8")
    judge = open_paths([str(file)]).judge
    told = [each for each in judge.check(str(file)).entries if each.severity is not Severity.HINT]
    assert told, "nothing is found"
    found = []
    for entry in told:
        for fix in with_proved_fixes(judge, entry).fixes:
            if fix.remedy == remedy:
                fixed = edited_files({str(file): text}, fix.edits)[str(file)]
                found.append((fixed, says(Subject("named", text), fixed, entry, fix, [])))
    return found


def test_what_has_no_derivative_is_not_ours_to_mend(tmp_path: Path) -> None:
    body = (
        HEAD + "x = torch.rand(3, requires_grad=True)\nh = x.sigmoid()\nh //= 2\n(h * x).sum().backward()\n"
    )
    with pytest.raises(RuntimeError, match="derivative for aten::floor_divide_ is not implemented"):
        exec(compile(body, "program.py", "exec"), {})
    (tmp_path / "program.py").write_text(body, "utf-8")
    assert not open_paths([str(tmp_path / "program.py")]).judge.check(str(tmp_path / "program.py")).entries
