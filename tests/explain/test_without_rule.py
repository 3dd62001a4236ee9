"""Errors of autograd that no rule is about: real texts of torch, each told what it means and what to do."""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from gradsafe.cli import main
from gradsafe.explain.cuts import cuts
from gradsafe.explain.error_text import read_error
from gradsafe.explain.markdown import markdown
from gradsafe.explain.without_rule import BY_CODE
from gradsafe.explain.words import explain


def _leaf() -> torch.Tensor:
    return torch.ones(3, requires_grad=True)


def _no_graph() -> None:
    torch.ones(3).sum().backward()


def _first_derivative_without_graph() -> None:
    w = _leaf()
    (grad,) = torch.autograd.grad((w * w).sum(), w)
    grad.sum().backward()


def _unused() -> None:
    torch.autograd.grad((_leaf() * 2).sum(), [_leaf()])


def _input_without_grad() -> None:
    torch.autograd.grad((_leaf() * 2).sum(), [torch.ones(3)])


def _vector() -> None:
    (_leaf() * 2).backward()


def _numpy() -> None:
    _leaf().numpy()


def _deepcopy() -> None:
    copy.deepcopy(_leaf() * 2)


def _flag() -> None:
    (_leaf() * 2).requires_grad = False


def _out() -> None:
    torch.add(_leaf(), 1, out=torch.zeros(3))


def _integers() -> None:
    torch.tensor([1, 2], requires_grad=True)


def _nan() -> None:
    w = torch.zeros(3, requires_grad=True)
    with torch.autograd.detect_anomaly(check_nan=True):
        (w.sqrt() * 0).sum().backward()


def _once() -> None:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):  # type: ignore[no-untyped-def]
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):  # type: ignore[no-untyped-def]
            (x,) = ctx.saved_tensors
            return 2 * x * grad

    w = _leaf()
    out = Square.apply(w)
    (first,) = torch.autograd.grad((out * out).sum(), w, create_graph=True)
    first.sum().backward()


def _fused_attention() -> None:
    q = torch.randn(1, 1, 4, 8, requires_grad=True)
    with nn.attention.sdpa_kernel(nn.attention.SDPBackend.FLASH_ATTENTION):
        out = nn.functional.scaled_dot_product_attention(q, q, q)
    (first,) = torch.autograd.grad(out.pow(2).sum(), q, create_graph=True)
    first.sum().backward()


def _checkpoint() -> None:
    seen: list[int] = []

    def region(x: torch.Tensor) -> torch.Tensor:
        seen.append(1)
        return x.exp() if len(seen) == 1 else x[:2].exp()

    torch.utils.checkpoint.checkpoint(region, _leaf(), use_reentrant=False).sum().backward()


def _detached_view() -> None:
    (_leaf() * 2)[0].detach_()


REAL: dict[str, tuple[Callable[[], None], ...]] = {
    "no-graph": (_no_graph, _first_derivative_without_graph),
    "unused-input": (_unused,),
    "input-without-grad": (_input_without_grad,),
    "not-a-scalar": (_vector,),
    "numpy-of-a-graph": (_numpy,),
    "copy-of-a-graph": (_deepcopy,),
    "flag-of-a-result": (_flag,),
    "out-records-nothing": (_out,),
    "wrong-dtype": (_integers,),
    "nan-in-backward": (_nan,),
    "differentiated-twice": (_once,),
    "no-derivative": (_fused_attention,),
    "recomputed-otherwise": (_checkpoint,),
    "detached-view": (_detached_view,),
}
SEVERAL_PROCESSES = {"ready-twice", "reduction-unfinished"}
"""Torch says these only where several processes train."""


def test_each_kind_is_what_torch_says() -> None:
    assert set(REAL) | SEVERAL_PROCESSES == set(BY_CODE)


@pytest.mark.parametrize(("code", "fail"), [(code, each) for code, group in REAL.items() for each in group])
def test_a_real_error_is_told(code: str, fail: Callable[[], None]) -> None:
    with warnings.catch_warnings(), pytest.raises((RuntimeError, ValueError)) as raised:
        warnings.simplefilter("ignore")
        fail()
    error = read_error(f"{type(raised.value).__name__}: {raised.value}\n")
    assert error is not None, str(raised.value)
    assert error.code == code
    told = dict(explain(error))
    assert told["what it means"] and told["step 1"]
    assert "Run and trace" not in markdown(error, [], str), "a trace tells of writes"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "train.py"
    file.write_text(
        "import torch\nnet = torch.nn.Linear(2, 1)\nx = torch.ones(3, 2)\nloss = net(x).detach().mean()\nloss.backward()\n"
    )
    monkeypatch.chdir(tmp_path)
    return file


def test_the_line_that_cut_the_graph_is_named(
    program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        f'[rank0]: Traceback (most recent call last):\n[rank0]:   File "{program}", line 5, in <module>\n'
        "[rank0]: RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn\n"
    )
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert "train.py:4: loss = net(x).detach().mean()" in out
    assert "gradsafe rule" not in out, "there is no such rule"


def test_a_word_in_a_comment_or_a_string_cuts_nothing() -> None:
    assert cuts("x = 1  # .detach()\ny = 'x.detach()'\n", 2) == []
    assert [each.row for each in cuts("a = b.item()\n\nc = d.data\n", 3)] == [3, 1]
    assert cuts("def broken(:\n", 1) == []
