"""Wrong gradients that torch says nothing of: found at the line to blame, and nothing found where none is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

pytest.importorskip("torch")
pytest.importorskip("numpy")

import torch

from gradsafe_tracer import harmless, places, trace
from gradsafe_tracer.events import Place

from . import safe_programs, silent_programs


@pytest.fixture(autouse=True)
def _these_files_are_the_users() -> None:
    places.mark_user_file(safe_programs.__file__)
    places.mark_user_file(silent_programs.__file__)


@pytest.mark.parametrize("program", silent_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_found(program: Callable[[], None]) -> None:
    with trace() as report:
        program()
    lines, first = inspect.getsourcelines(program)
    marked = {first + number for number, line in enumerate(lines) if line.rstrip().endswith("# wrong")}
    rows = {event.place.row for event in report.wrong_gradients if isinstance(event.place, Place)}
    assert rows == marked
    assert (report.raised, harmless.troubles) == ([], [])


def test_proved_with_both_numbers() -> None:
    with trace() as report:
        silent_programs.no_grad_factor()
    (event,) = report.wrong_gradients
    assert (event.computed, event.protected, event.difference) == (1.0, 2.0, 0.5)
    assert "computed 1, with what was saved protected 2" in str(report)


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
