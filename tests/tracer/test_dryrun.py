"""A dry run on ``meta``: the lines of a real run, stand-ins for numbers, and where it has to end."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from tests.oracle.report import FIXTURES

from gradsafe_tracer.running.dryrun import dry_run, run_dry
from gradsafe_tracer.running.guess import Guess, NeedsValue

from .dry import compared

SAMPLE = (
    "saved-tensor-modified/training.py",
    "saved-tensor-modified/outputs.py",
    "graph-freed/loops.py",
    "leaf-modified",
)


def _files() -> list[Path]:
    found = [
        path
        for name in SAMPLE
        for path in ([FIXTURES / name] if name.endswith(".py") else (FIXTURES / name).iterdir())
    ]
    return sorted(path for path in found if path.suffix == ".py" and path.exists())


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(FIXTURES)))
def test_names_the_lines_that_a_real_run_names(path: Path) -> None:
    """A sample; ``python -m tests.tracer.dry`` compares them all."""
    assert [one for one in compared(path) if one.verdict == "differs"] == []


def test_training_step_as_people_write_it(capsys: pytest.CaptureFixture[str]) -> None:
    with dry_run():
        device = torch.device("cuda")
        net = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(), torch.nn.Linear(8, 3)
        )
        net.to(device)
        optimizer = torch.optim.AdamW(net.parameters())
        data = torch.utils.data.TensorDataset(torch.randn(12, 4), torch.randint(0, 3, (12,)))
        total = 0.0
        for x, y in torch.utils.data.DataLoader(data, batch_size=4, shuffle=True):
            loss = torch.nn.functional.cross_entropy(net(x.to(device)), y.cuda())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            total += loss.item()
            assert not torch.isnan(loss).any()
            assert math.isfinite(loss.item())
            print(f"{loss:.3f} {loss.item():.3f} {total / 3:.1f} {math.exp(loss.item()):.2f}")
        weight: Any = net[0].weight
        assert (weight.device, weight.is_cuda, loss.device.type) == (torch.device("cuda", 0), True, "cuda")
    assert weight._version > 3
    assert weight.is_meta
    assert capsys.readouterr().out == "nan nan nan nan\n" * 3


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: x.sum() > 0 or None,
        lambda x: x.tolist(),
        lambda x: x.numpy(),
        lambda x: float(x.sum()),
        lambda x: int(x.sum()),
        lambda x: x[x > 0],
        lambda x: x.nonzero(),
        lambda x: torch.unique(x),
        lambda x: x.sum().item() < 3,
        lambda x: {x.sum().item(): 1},
        lambda x: range(x.sum().item()),
        lambda x: round(x.sum().item()) == 1,
        lambda x: math.floor(x.sum().item()),
        lambda x: max(x.sum().item(), 3),
        lambda x: torch.allclose(x, x),
        lambda x: [0, 1][x.argmax().item()],
    ],
)
def test_ends_where_a_value_is_needed(ask: Any) -> None:
    def program() -> None:
        x = torch.randn(3)
        if ask(x):
            pass

    assert "needs values, and tensors on meta have none" in str(run_dry(program))


def test_no_except_clause_goes_on_without_the_value() -> None:
    with pytest.raises(NeedsValue), dry_run():
        try:
            torch.ones(2).tolist()
        except Exception:
            pytest.fail("caught")


def test_moves_copy_where_they_would() -> None:
    with dry_run():
        x = torch.randn(3, requires_grad=True)
        assert x.to("cpu") is x and x.cpu() is x
        moved = x.to("cuda")
        assert moved.grad_fn is not None and moved.cuda() is moved
        assert (moved * 2).device == torch.device("cuda", 0)
        assert torch.zeros(2, device=moved.device).is_cuda
        assert torch.zeros(2, device=0).device == torch.zeros_like(x, device="cuda").device == moved.device
        assert x.to(moved).dtype is torch.float32
        assert x.to(torch.float64).grad_fn is not None


def test_tensors_that_no_mode_sees_have_a_twin_for_good() -> None:
    with dry_run():
        weight = torch.nn.Parameter(torch.Tensor(3, 3))
        torch.nn.init.xavier_uniform_(weight)
        (weight @ torch.ones(3)).exp().sum().backward()
        assert weight.grad is not None
        torch.optim.SGD([weight], lr=0.1).step()


def test_a_parameter_shares_the_memory_that_it_is_made_of() -> None:
    with dry_run():
        vectors = torch.randn(5, 3)
        embedding = torch.nn.Embedding.from_pretrained(vectors, freeze=False)
        vectors.mul_(2)
        assert embedding.weight._version == 1


def test_everything_is_put_back(tmp_path: Path) -> None:
    before = (torch.load, torch.from_numpy, math.exp, torch.autograd.Variable._execution_engine)
    torch.save(torch.ones(3), tmp_path / "x.pt")
    with dry_run():
        assert torch.load(tmp_path / "x.pt").shape == (3,)
    assert before == (torch.load, torch.from_numpy, math.exp, torch.autograd.Variable._execution_engine)
    assert torch.ones(1).item() == 1.0


def test_guesses_print_and_add_up() -> None:
    guess = Guess()
    assert (
        f"{guess} {guess:.2f} {guess + 1:5.1f} {sum([guess, guess]) / 2:g} {-guess!r}"
        == "nan nan   nan nan nan"
    )
    with pytest.raises(NeedsValue):
        sorted([guess, 1.0])
