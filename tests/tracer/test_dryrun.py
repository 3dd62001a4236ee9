"""A dry run on ``meta``: the lines of a real run, stand-ins for numbers, and where it has to end."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from tests.oracle.report import FIXTURES

from gradsafe_tracer import trace
from gradsafe_tracer.running.dryrun import dry_run, run_dry
from gradsafe_tracer.running.guess import Guess, NeedsValue

from .dry import compared

SAMPLE = (
    "saved-tensor-modified/training.py",
    "saved-tensor-modified/outputs.py",
    "graph-freed/loops.py",
    "leaf-modified",
    "expanded-tensor-modified",
    "facts/foreach_out_and_packed.py",
    "facts/modules.py",
    "language/threads.py",
    "autograd_facts/saves.py",
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


@pytest.mark.parametrize("kind", ["Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "RMSprop", "SGD"])
def test_optimizers_over_lists_count_their_steps(kind: str) -> None:
    with dry_run():
        net = torch.nn.Linear(3, 3).to("cuda")
        optimizer = getattr(torch.optim, kind)(net.parameters(), lr=0.1, foreach=True)  # the default on a GPU
        for _ in range(3):
            optimizer.zero_grad()
            net(torch.rand(2, 3, device="cuda")).sum().backward()
            optimizer.step()


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
        lambda x: x[: x.argmax()],
        lambda x: torch.tensor(3).add_(1).item() < 3,
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


def test_numbers_that_the_program_wrote_down_are_known_until_they_are_written() -> None:
    with dry_run():
        count, flag = torch.tensor(2), torch.tensor(True)
        assert flag and count.item() == 2 and int(count) == 2 and len(range(count)) == 2
        assert torch.randn(5)[:count].shape == (2,)
        assert torch.tensor([3, 1]).tolist() == [3, 1]
        part = torch.randn(5)[torch.randint(0, 5, ())]  # torch takes it for a number, and gives a view
        assert part._is_view() and part.shape == ()
        count.add_(1)
        with pytest.raises(NeedsValue):
            range(count)


def test_a_thread_that_has_to_end_ends_the_run_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found: dict[str, Any] = {}

    def score() -> None:
        found["score"] = torch.ones(3).exp().tolist()

    def program() -> None:
        thread = threading.Thread(target=score)
        thread.start()
        thread.join()
        print(found["score"])

    why = run_dry(program)
    assert why is not None and "`.tolist()` needs values" in why and "test_dryrun.py" in why
    assert capsys.readouterr() == ("", "")


_MASK = [[True, False, True]] * 2
OVERLAPPING: list[Callable[[Any], Any]] = [
    lambda v: v.zero_(),
    lambda v: v.fill_(1),
    lambda v: v.masked_fill_(torch.tensor(_MASK), 0.0),
    lambda v: v.__setitem__(0, 1.0),
    lambda v: v.__setitem__(slice(None), 1.0),
    lambda v: v.__setitem__((0, 0), 1.0),
    lambda v: v.add_(1),
    lambda v: v.copy_(torch.ones(3)),
    lambda v: v.normal_(),
    lambda v: v.bernoulli_(0.5),
    lambda v: v.scatter_(0, torch.zeros(2, 3, dtype=torch.long), 1.0),
    lambda v: v.index_add_(0, torch.tensor([0]), torch.ones(1, 3)),
    lambda v: v.index_fill_(0, torch.tensor([0]), 1.0),
    lambda v: torch.nn.functional.relu(v, inplace=True),
    lambda v: torch.nn.functional.dropout(v, 0.5, inplace=True),
    lambda v: v.clamp_(max=0),
    lambda v: v.tril_(),
    lambda v: v.t_(),
    lambda v: torch.add(v, 1, out=v.detach()),
    lambda v: v[0].add_(v[1]),
    lambda v: v._base[1:].add_(v._base[:-1]),
    lambda v: v._base[1:].sub_(v._base[1:]),
]


def _end(write: Callable[[Any], Any]) -> tuple[str, str]:
    base = torch.ones(3, requires_grad=True) * 2
    view = base.expand(2, 3)
    version = view._version
    try:
        write(view)
    except RuntimeError as error:
        return f"forward, {view._version - version}", str(error)
    try:
        view.sum().backward()
    except RuntimeError as error:
        return "backward", str(error)
    return "runs", ""


@pytest.mark.parametrize("write", OVERLAPPING)
@pytest.mark.filterwarnings("ignore")
def test_writes_to_memory_that_overlaps_end_as_on_a_device(write: Callable[[Any], Any]) -> None:
    """Also where a trace is on: a refused write is its error, and moves no counter."""
    real, state = _end(write), torch.get_rng_state()
    with trace(light=True) as report, dry_run():
        assert _end(write) == real
    reasons = [one.reason for one in report.raised]
    assert reasons == ([] if real[0] == "runs" else ["overlap"]) or "out=" in real[1]
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("light", [False, True], ids=["full", "light"])
def test_a_write_that_torch_refuses_in_backward_only_is_named(light: bool) -> None:
    with trace(light) as report, pytest.raises(RuntimeError, match="single memory location"):
        view = (torch.ones(3, requires_grad=True) * 2).expand(2, 3)
        view.zero_()
        view.sum().backward()
    assert [(one.reason, one.operation) for one in report.raised] == [("overlap", "zero_")]


LSTMS: list[dict[str, Any]] = [
    {}, {"num_layers": 2}, {"batch_first": True}, {"bias": False}, {"bidirectional": True}, {"proj_size": 3},
    {"dtype": torch.float64},
]  # fmt: skip


@pytest.mark.parametrize("options", LSTMS, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_the_output_of_an_lstm_is_saved_where_one_kernel_runs(options: dict[str, Any]) -> None:
    def message(written: int) -> str:
        lstm = torch.nn.LSTM(4, 6, **options)
        output, (hidden, cell) = lstm(torch.ones(3, 5, 4, dtype=options.get("dtype", torch.float32)) * 2)
        with torch.no_grad():
            (output, hidden, cell)[written].mul_(1)
        try:
            (output.sum() + hidden.sum() + cell.sum()).backward()
        except RuntimeError as error:
            return str(error).replace("Meta", "torch.").replace("Type", "Tensor")
        return ""

    for written in range(3):
        real = message(written)
        with dry_run():
            assert message(written) == real
