"""A tensor that a loop fills row by row, as a list that is stacked: where every row is filled, and none is read too early."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from curing import HEAD, assert_cures, mended

pytestmark = pytest.mark.torch

CURES = {
    "a recurrence": (
        """\
x, n = torch.rand(4, requires_grad=True), 5
seq = torch.zeros(n, 4)  # rows
seq[0] = x
for t in range(1, n):
    seq[t] = seq[t - 1] * torch.sigmoid(seq[t - 1])  # next
assert seq.shape == (5, 4)
seq.sum().backward()
""",
        """\
seq = []  # rows
seq.append(x)
for t in range(1, n):
    seq.append(seq[t - 1] * torch.sigmoid(seq[t - 1]))  # next
seq = torch.stack(seq)
assert seq.shape == (5, 4)
""",
    ),
    "the first row stays as it was made": (
        """\
rate = torch.rand((), requires_grad=True)
u = rate.new_zeros(5)
for k in range(1, 5):
    u[k] = (u[k - 1] + 1) * rate * u[k - 1].cos()
u.sum().backward()
""",
        "u = [rate.new_zeros(())]\nfor k in range(1, 5):\n    u.append(",
    ),
    "columns": (
        """\
def scan(x):
    y = torch.empty((3, 5), dtype=x.dtype)
    y[:, 0] = x[:, 0]
    for j in range(1, 5):
        y[:, j] = (
            x[:, j] * y[:, j - 1].cos()
        )
    return y

y = scan(torch.rand(3, 5, requires_grad=True))
assert y.shape == (3, 5)
y.sum().backward()
""",
        "            x[:, j] * y[j - 1].cos()\n        ))\n    y = torch.stack(y, dim=1)\n    return y\n",
    ),
    "as long as another": (
        """\
x, w = torch.rand(4, 3), torch.ones(3, requires_grad=True)
out = torch.zeros_like(x)
for t in range(1, x.shape[0]):
    out[t] = out[t - 1] * w + x[t]
assert out.shape == (4, 3)
out.sum().backward()
""",
        "out = [torch.zeros_like(x[0])]\nfor t in range(1, x.shape[0]):\n    out.append(",
    ),
    "as many as there are inputs": (
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
    "all rows up to now": (
        """\
q = torch.rand(4, requires_grad=True)
memory = torch.zeros(4, 4)
memory[0] = q.exp()
for t in range(1, 4):
    memory[t] = torch.softmax(memory[:t] @ q, 0) @ memory[:t]
memory.sum().backward()
""",
        "    memory.append(torch.softmax(torch.stack(memory[:t]) @ q, 0) @ torch.stack(memory[:t]))\n",
    ),
}


@pytest.mark.parametrize(("body", "expected"), CURES.values(), ids=CURES.keys())
def test_cure(body: str, expected: str, tmp_path: Path) -> None:
    assert_cures("stack-rows", body, expected, tmp_path)


LOOP = """\
x = torch.rand(4, requires_grad=True)
seq = torch.zeros(5, 4)
seq[0] = x
for t in range(1, 5):
    seq[t] = seq[t - 1] * seq[t - 1]
seq.sum().backward()
"""

REFUSED = {
    "not up to the last row": ("range(1, 5)", "range(1, 4)"),
    "not in each round": ("    seq[t]", "    if t: seq[t]"),
    "not to the end": ("seq[t - 1]\n", "seq[t - 1]\n    if t > 9: break\n"),
    "a row is missing": ("seq[0] = x", "seq[1] = x"),
    "a row that is not there yet": ("seq[t - 1] * seq", "seq[t] * seq"),
    "one from behind": ("range(1, 5)", "range(0, 5)"),
    "a number is no row": ("    seq[t] =", "    seq[t] = 0\n    seq[t] ="),
    "somebody else has it": ("seq[0] = x", "seq[0] = x\nrows = seq.unbind()"),
    "what is stored is written later": ("seq[t - 1]\n", "seq[t - 1] * x\n    x = x * 1\n    x.mul_(2)\n"),
}


@pytest.mark.parametrize(("old", "new"), REFUSED.values(), ids=REFUSED.keys())
def test_no_cure(old: str, new: str, tmp_path: Path) -> None:
    assert mended(HEAD + LOOP, "stack-rows", tmp_path)
    changed = LOOP.replace(old, new)
    assert changed != LOOP
    assert not mended(HEAD + changed, "stack-rows", tmp_path)


def test_in_a_loop_a_copy_of_the_row_that_is_read_comes_first(tmp_path: Path) -> None:
    (first,) = mended(HEAD + LOOP, "clone-at-save", tmp_path)
    assert "seq[t] = seq[t - 1].clone() * seq[t - 1].clone()\n" in first
