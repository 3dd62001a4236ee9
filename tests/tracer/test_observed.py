"""The tracer must not change the program that it watches."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from gradsafe_tracer import trace
from gradsafe_tracer.care import selftest
from gradsafe_tracer.context import running_session
from gradsafe_tracer.events import Raise, Write
from gradsafe_tracer.seen import places, recorder, records
from gradsafe_tracer.seen.families import Family
from gradsafe_tracer.unseen import user_code

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


def _records() -> int:
    gc.collect()
    kinds = (
        records.SaveNote,
        records.Saved,
        records.WriteNote,
        records.BackwardNote,
        records.PlainNote,
        Family,
    )
    return sum(isinstance(one, kinds) for one in gc.get_objects())


def test_many_steps_leave_no_more_records_than_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "FREED", 100)
    monkeypatch.setattr(recorder, "PAST", 100)
    places.mark_user_file(__file__)
    weight = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.0)
    counts = []
    with trace() as report:
        for step in range(2001):
            weight.exp().sum().backward()
            optimizer.step()
            if step in (200, 1000, 2000):
                counts.append(_records())
    assert max(counts[1:]) <= counts[0]  # fewer, where records of earlier tests have died meanwhile
    (last,) = {event.version_after for event in report.events[-3:] if isinstance(event, Write)}
    assert last == 2001, "the last writes are kept, not the first"


def test_hooks_of_many_steps_are_forgotten_and_new_graphs_are_still_proved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(user_code, "REMEMBERED", 50)
    weight = torch.ones(3, requires_grad=True)
    with trace() as report:
        for _ in range(300):
            y = weight * 2
            y.register_hook(lambda g: g * 0.5)
            y.pow(2).sum().backward()
        session = running_session()
        assert session is not None
        assert len(session.recorder.hooks._known) == 50
        assert len(session.recorder.flowing) == 1
        z = weight.exp()
        z.data.add_(1)
        z.sum().backward()
    (event,) = report.wrong_gradients
    assert event.computed is not None


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
