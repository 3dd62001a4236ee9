"""Custom autograd Functions that write: an input that is marked as dirty, one that was saved, one that is kept on ``ctx``."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from curing import HEAD, assert_cures, mended, run

pytestmark = pytest.mark.torch

ADD_ONE = """\
class AddOne(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)  # written below
        x.add_(1)
        return x

    @staticmethod
    def backward(ctx, g):
        return g

w = torch.ones(3, requires_grad=True)
"""
SAVED = ADD_ONE + "h = w.exp()\ny = AddOne.apply(h)\n(y * y).sum().backward()\n"


def test_an_input_that_is_written_no_more_is_not_marked(tmp_path: Path) -> None:
    assert_cures("out-of-place", SAVED, "    def forward(ctx, x):\n        x = x.add(1)\n", tmp_path)
    assert_cures(
        "clone-before-write", SAVED, "ctx, x):\n        x = x.clone()\n        x.add_(1)\n", tmp_path
    )


def test_torch_refuses_a_mark_of_what_is_not_returned(tmp_path: Path) -> None:
    one_of_several = SAVED.replace("mark_dirty(x)", "mark_dirty(x, *())")
    assert not mended(HEAD + one_of_several, "out-of-place", tmp_path)
    with pytest.raises(RuntimeError, match="were not returned as output"):
        run(HEAD + SAVED.replace("x.add_(1)", "x = x.add(1)"))


def test_a_leaf_is_given_as_a_copy(tmp_path: Path) -> None:
    body = ADD_ONE + "y = AddOne.apply(w)\ny.sum().backward()\n"
    assert_cures("clone-before-write", body, "y = AddOne.apply(w.clone())\n", tmp_path)
    assert not mended(HEAD + body, "no-grad-block", tmp_path)
