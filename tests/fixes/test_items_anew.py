"""New tensors in a list or a dict, where a loop would write into those that it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from curing import HEAD, assert_cures, mended

pytestmark = pytest.mark.torch

BASE = "x = torch.ones(3, requires_grad=True)\nts = [x.exp(), x.tanh()]\n"
END = "sum(t.sum() for t in ts).backward()\nassert ts[0][0] > 5\n"

CURES = {
    "a loop that does nothing else": (
        BASE + "for t in ts:\n    t.mul_(2)  # twice\n" + END,
        "ts = [t.mul(2) for t in ts]  # twice\n",
    ),
    "an operator": (
        BASE + "for t in ts:\n    t *= x + 1\n" + END,
        "ts = [t * (x + 1) for t in ts]\n",
    ),
    "a comment in the loop's line": (
        BASE + "for t in ts:  # each\n    t.mul_(2).clamp_(0)\n" + END,
        "for i, t in enumerate(ts):  # each\n    ts[i] = t.mul(2).clamp(0)\n",
    ),
    "the last one is read below": (
        BASE + "for t in ts:\n    t.mul_(2)\nt.sum().backward()\nassert ts[0][0] > 5\n",
        "for i, t in enumerate(ts):\n    ts[i] = t = t.mul(2)\n",
    ),
    "the new one is read": (
        BASE + "i = 0\nfor t in ts:\n    t.mul_(2)\n    i += t.sum()\ni.backward()\nassert ts[0][0] > 5\n",
        "for j, t in enumerate(ts):\n    ts[j] = t = t.mul(2)\n",
    ),
    "rounds that are counted": (
        BASE + "for k, t in enumerate(ts):\n    if k >= 0:\n        t.mul_(2)\n" + END,
        "        ts[k] = t.mul(2)\n",
    ),
    "side by side with others": (
        BASE + "for t, by in zip(ts, [2, 3]):\n    t.mul_(by)\n" + END,
        "for i, (t, by) in enumerate(zip(ts, [2, 3])):\n    ts[i] = t.mul(by)\n",
    ),
    "items of a dict": (
        BASE + "d = {'a': ts[0]}\nfor name, t in d.items():\n    t.mul_(2)\nd['a'].sum().backward()\n",
        "    d[name] = t.mul(2)\n",
    ),
    "items of a dict, side by side with others": (
        BASE
        + "d = {'a': ts[0]}\nfor (k, t), by in zip(d.items(), [2]):\n    t *= by\nd['a'].sum().backward()\n",
        "    d[k] = t * by\n",
    ),
    "values of a dict": (
        BASE + "d = {'a': ts[0]}\nfor t in d.values():\n    t.mul_(2)\nd['a'].sum().backward()\n",
        "for i, t in d.items():\n    d[i] = t.mul(2)\n",
    ),
    "a list that an object keeps": (
        """\
class Store:
    def __init__(self, x):
        self.kept = [x.exp(), x.sigmoid()]

    def halve(self):
        for h in self.kept:
            h.div_(2)
        return sum(self.kept)

Store(torch.ones(3, requires_grad=True)).halve().sum().backward()
""",
        "        self.kept = [h.div(2) for h in self.kept]\n",
    ),
}


@pytest.mark.parametrize(("body", "expected"), CURES.values(), ids=CURES.keys())
def test_cure(body: str, expected: str, tmp_path: Path) -> None:
    assert_cures("items-anew", body, expected, tmp_path)


def test_a_new_tensor_that_the_list_never_sees_is_no_fix(tmp_path: Path) -> None:
    body = BASE + "for t in ts:\n    t.clamp_(min=0.1).mul_(2)\n" + END
    assert not mended(HEAD + body, "out-of-place", tmp_path)
    assert not mended(HEAD + body, "clone-before-write", tmp_path)


def test_without_grad_a_new_tensor_would_have_no_history(tmp_path: Path) -> None:
    body = BASE + "with torch.no_grad():\n    for t in ts:\n        t.mul_(2)\n" + END
    assert not mended(HEAD + body, "items-anew", tmp_path)
