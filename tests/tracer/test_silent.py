"""Wrong gradients that torch says nothing of: found at the line to blame, and nothing found where none is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

pytest.importorskip("torch")
pytest.importorskip("numpy")

import torch

from gradsafe_tracer import trace
from gradsafe_tracer.care import harmless
from gradsafe_tracer.events import Place
from gradsafe_tracer.seen import places

from . import safe_programs, silent_programs


@pytest.fixture(autouse=True)
def _these_files_are_the_users() -> None:
    places.mark_user_file(safe_programs.__file__)
    places.mark_user_file(silent_programs.__file__)


def marked_wrong(program: Callable[[], None]) -> set[int]:
    """The rows that are to blame."""
    lines, first = inspect.getsourcelines(program)
    return {first + number for number, line in enumerate(lines) if line.rstrip().endswith("# wrong")}


@pytest.mark.parametrize("program", silent_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_found(program: Callable[[], None]) -> None:
    with trace() as report:
        program()
    rows = {event.place.row for event in report.wrong_gradients if isinstance(event.place, Place)}
    assert rows == marked_wrong(program)
    assert (report.raised, harmless.troubles) == ([], [])


def test_proved_with_both_numbers() -> None:
    with trace() as report:
        silent_programs.no_grad_factor()
    (event,) = report.wrong_gradients
    assert (event.computed, event.protected, event.difference) == (1.0, 2.0, 0.5)
    assert "computed 1, with what was saved protected 2" in str(report)


def test_a_root_is_proved_with_both_numbers() -> None:
    with trace() as report:
        silent_programs.scaled_loss_through_data()
    (event,) = report.wrong_gradients
    assert event.computed is not None and event.protected is not None
    assert abs(event.computed / event.protected - 4) < 1e-5


def test_told_without_numbers_where_the_program_would_notice() -> None:
    x, ran = torch.ones(3, requires_grad=True), []
    with trace() as report:
        y = x.exp()
        y.register_hook(lambda grad: ran.append(1))
        y.data.add_(1)
        y.sum().backward()
    (event,) = report.wrong_gradients
    assert (ran, event.computed) == ([1], None)


def test_a_loop_is_not_accused_after_it_was_cleared() -> None:
    with trace() as report:
        for _ in range(8):
            y = torch.ones(3, requires_grad=True) * 1
            with torch.no_grad():
                y.mul_(2)
            (y * 0).sum().backward()
    assert report.wrong_gradients == []


@pytest.mark.parametrize("program", safe_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_silent_where_nothing_is_wrong(program: Callable[[], None]) -> None:
    with trace() as report:
        program()
    assert (report.findings, harmless.troubles) == ([], [])


def test_a_spoilt_gradient_names_its_tensor_and_both_numbers() -> None:
    with trace() as report:
        x = torch.ones(3, requires_grad=True)
        h = x * 2
        y = h * 3
        y.register_hook(lambda g: g.mul_(0))
        (h + y).pow(2).sum().backward()
    (event,) = report.wrong_gradients
    assert (event.reason, event.operation, event.name) == ("gradient-write", "mul_", "y")
    # h + y is 8, so 16 comes in; what goes by h alone is 2 * 16, and nothing comes by y.
    assert (event.leaf, event.computed, event.protected) == ("x.grad", 0.0, 32.0)
    assert "changes the gradient of `y` where it lies" in str(report)


def test_the_hook_that_wrote_runs_once_and_the_others_as_often_as_alone() -> None:
    def program() -> tuple[list[str], object]:
        ran: list[str] = []
        x = torch.ones(3, requires_grad=True)
        x.register_hook(lambda g: ran.append("leaf"))
        y = x * 2

        def write(g: torch.Tensor) -> None:
            ran.append("hook")
            g[0] = 0

        y.register_hook(write)
        y.sum().backward()
        assert x.grad is not None
        return ran, x.grad.tolist()

    alone = program()
    with trace() as report:
        watched = program()
    assert watched == alone == (["hook", "leaf"], [0.0, 0.0, 0.0])
    (event,) = report.wrong_gradients
    assert event.computed is None, "the leaf's hook would run again for a proof"


def test_hooks_from_before_the_trace_run_once() -> None:
    ran: list[str] = []
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y.register_hook(lambda g: ran.append("tensor"))
    assert y.grad_fn is not None
    y.grad_fn.register_hook(lambda passed, given: ran.append("node"))
    y.grad_fn.register_prehook(lambda given: ran.append("before"))
    with trace() as report:
        z = y.exp()
        z.data.add_(1)
        z.sum().backward()
    assert sorted(ran) == ["before", "node", "tensor"]
    (event,) = report.wrong_gradients
    assert event.computed is None


def test_a_node_whose_hooks_are_gone_is_proved_again() -> None:
    with trace() as report:
        y = torch.ones(3, requires_grad=True).exp()
        assert y.grad_fn is not None
        y.grad_fn.register_hook(lambda passed, given: None).remove()
        y.data.add_(1)
        y.sum().backward()
    (event,) = report.wrong_gradients
    assert event.computed is not None
