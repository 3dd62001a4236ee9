"""The tracer must not change the program that it watches."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from gradsafe_tracer import places, selftest, trace
from gradsafe_tracer.events import Raise

from . import observed


def _ended(program: Callable[[], Any]) -> tuple[str, str]:
    torch.manual_seed(0)
    random.seed(0)
    try:
        result = program()
    except RuntimeError as error:
        return type(error).__name__, str(error)
    return "", repr((result, torch.get_rng_state().sum()))


@pytest.mark.parametrize("program", observed.PROGRAMS, ids=lambda program: program.__name__)
def test_ends_as_it_does_alone(program: Callable[[], Any]) -> None:
    alone = _ended(program)
    with trace():
        watched = _ended(program)
    assert watched == alone
    assert _ended(program) == alone, "something of the tracer is left behind"


def test_known_loud_case_stays_loud() -> None:
    assert selftest.silenced() is None


def test_other_threads_are_seen() -> None:
    places.mark_user_file(observed.__file__)
    with trace() as report:
        observed.in_another_thread()
    assert [event.reason for event in report.raised] == ["version"]


def test_many_steps_keep_the_log_small() -> None:
    weight = torch.ones(3, requires_grad=True)
    with trace() as report:
        for _ in range(300):
            y = weight.exp()
            y.sum().backward()
            with torch.no_grad():
                weight.add_(0.0)
    assert len(report.events) < 400


def test_late_failure_is_told_although_its_place_was_seen_often() -> None:
    weight = torch.ones(3, requires_grad=True)
    with trace() as report, pytest.raises(RuntimeError):
        for step in range(100):
            y = weight.exp()
            if step == 99:
                y.add_(1)
            y.sum().backward()
    (event,) = [event for event in report.events if isinstance(event, Raise)]
    assert event.save in {getattr(one, "save", None) for one in report.events if one.kind == "save"}
    assert "modified" in str(report)
