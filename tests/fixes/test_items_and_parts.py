"""Items, parts and views of a tensor: which of them may be written, copied, bound anew, or are better built when they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from curing import HEAD, assert_cures, mended

pytestmark = pytest.mark.torch

BASE = "a = torch.ones(4, 2, requires_grad=True) * 2\n"

CURES = {
    "rows of a tensor": (
        "views-one-by-one",
        BASE + "for row in a:\n    row.mul_(3)\na.sum().backward()\nassert a[0, 0] == 6\n",
        "for row in (a[i] for i in range(len(a))):\n",
    ),
    "rows that are counted": (
        "views-one-by-one",
        BASE
        + "for i, row in enumerate(a.unbind(0)):\n    row.mul_(i)\na.sum().backward()\nassert a[3, 0] == 6\n",
        "for i, row in enumerate((a[i] for i in range(len(a)))):\n",
    ),
    "parts of one size": (
        "views-one-by-one",
        BASE + "for part in a.split(1, dim=1):\n    part.mul_(3)\na.sum().backward()\nassert a[0, 1] == 6\n",
        "for part in a.tensor_split(list(range(1, a.size(1), 1)), dim=1):\n",
    ),
    "parts of several sizes": (
        "views-one-by-one",
        BASE + "one, two = torch.split(a, [1, 3])\ntwo.mul_(3)\na.sum().backward()\nassert a[3, 0] == 6\n",
        "one, two = torch.tensor_split(a, [1])\n",
    ),
    "so many parts": (
        "views-one-by-one",
        BASE + "parts = a.chunk(2)\nparts[0].zero_()\na.sum().backward()\nassert a[0, 0] == 0\n",
        "parts = a.tensor_split(2)\n",
    ),
    "rows of what inference mode made": (
        "clone-before-write",
        """\
x = torch.ones(2, requires_grad=True)
with torch.inference_mode():
    kept = torch.ones(3, 2)
for row in kept:
    row.mul_(2)
assert kept[0, 0] == 2
(x * kept).sum().backward()
""",
        "kept = kept.clone()\nfor row in kept:\n",
    ),
    "parts in a tuple": (
        "copy-the-parts",
        BASE + "parts = a.chunk(2)\nparts[0].zero_()\n(parts[0] + parts[1]).sum().backward()\n",
        "parts = [part.clone() for part in a.chunk(2)]\n",
    ),
    "parts that were made without grad": (
        "copy-the-parts",
        BASE + "with torch.no_grad():\n    parts = a.unbind(0)\nparts[0].mul_(2)\na.sum().backward()\n",
        "    parts = [part.clone() for part in a.unbind(0)]\n",
    ),
    "a result with another name where it is written": (
        "clone-at-save",
        """\
class Store:
    kept = None

def store():
    return Store

x = torch.ones(2, requires_grad=True)
h = x.exp()
Store.kept = h
store().kept.add_(1)
h.sum().backward()
""",
        "h = x.exp().clone()\n",
    ),
    "a result that has no name": (
        "out-of-place",
        "x = torch.ones(2, requires_grad=True)\ny = x.exp().add_(1)\ny.sum().backward()\n",
        "y = x.exp().add(1)\n",
    ),
    "a penalty that is built once": (
        "compute-each-round",
        """\
class Net(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale
        self.fc = nn.Linear(2, 1)
        self.penalty = self.scale * self.fc.weight.pow(2).sum()

    def forward(self, x):
        return self.fc(x)

net = Net(0.1)
for _ in range(2):
    (net(torch.ones(3, 2)).mean() + net.penalty).backward()
""",
        "    @property\n    def penalty(self):\n        return self.scale * self.fc.weight.pow(2).sum()\n\n    def forward",
    ),
}


@pytest.mark.parametrize(("remedy", "body", "expected"), CURES.values(), ids=CURES.keys())
def test_cures(remedy: str, body: str, expected: str, tmp_path: Path) -> None:
    assert_cures(remedy, body, expected, tmp_path)


ROWS_SAVED = "w = torch.ones(3, 2)\nx = torch.ones(2, requires_grad=True)\ny = (w * x).sum()\nfor row in w:\n    {}\ny.backward()\n"
PENALTY = """\
class Net(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.fc = nn.Linear(2, 1)
        self.penalty = {}

net = Net(0.1)
for _ in range(2):
    (net.fc(torch.ones(3, 2)).mean() + net.penalty).backward()
"""

DEAD_ENDS = {
    "nobody would see a new row": ("out-of-place", ROWS_SAVED.format("row.add_(1)")),
    "nor a row that `+=` makes": ("out-of-place", ROWS_SAVED.format("row += 1")),
    "nor a copy of it": ("clone-before-write", ROWS_SAVED.format("row[0] = 1")),
    "nor a row that is counted": (
        "out-of-place",
        ROWS_SAVED.replace("row in w", "i, row in enumerate(w)").format("row.add_(i)"),
    ),
    "nor one that the next round counts anew": (
        "out-of-place",
        """\
for _ in range(2):
    w = torch.ones(3, 2, requires_grad=True) * 1
    y = w.exp() * w
    for i, row in enumerate(w):
        row.add_(i)
    y.sum().backward()
""",
    ),
    "the rows of another tensor": (
        "views-one-by-one",
        BASE + "for row in a:\n    a = a + 1\n    row.add_(1)\na.sum().backward()\n",
    ),
    "a packed sequence has no clone": (
        "clone-before-write",
        """\
rnn, x = nn.GRU(2, 2), torch.ones(3, 2, 2, requires_grad=True).exp()
packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([3, 2]))
out, _ = rnn(packed)
packed.data.mul_(2)
out.data.sum().backward()
""",
    ),
    "a weak dict forgets a copy": (
        "clone-before-write",
        (
            "import weakref\nx = torch.ones(2, requires_grad=True)\nh = x.exp()\nd = weakref.WeakValueDictionary()\n"
            "d['h'] = h\nd['h'].add_(1)\nh.sum().backward()\n"
        ),
    ),
    "a property knows nothing of what the constructor was given": (
        "compute-each-round",
        PENALTY.format("scale * self.fc.weight.pow(2).sum()"),
    ),
    "nor can somebody else bind it": (
        "compute-each-round",
        PENALTY.format("self.fc.weight.pow(2).sum()").replace(
            "backward()", "backward()\n    net.penalty = net.penalty * 0.5"
        ),
    ),
    "nor can it be bound": (
        "compute-each-round",
        PENALTY.format("0.0\n        self.penalty = self.penalty + self.fc.weight.pow(2).sum()"),
    ),
}


@pytest.mark.parametrize(("remedy", "body"), DEAD_ENDS.values(), ids=DEAD_ENDS.keys())
def test_no_cure(remedy: str, body: str, tmp_path: Path) -> None:
    assert not mended(HEAD + body, remedy, tmp_path)


def test_a_row_that_is_read_below_may_be_bound_anew(tmp_path: Path) -> None:
    """Not so the variable of a loop that the next round binds before it is read."""
    read = ROWS_SAVED.format("row.add_(1)\n    print(row.sum())")
    assert mended(HEAD + read, "out-of-place", tmp_path)
