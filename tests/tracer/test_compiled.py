"""``torch.compile`` under a trace: the same graphs, values, errors and lines as without one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.nn import functional as F

from gradsafe_tracer import trace
from gradsafe_tracer.care import harmless
from gradsafe_tracer.context import Report

from .running import stories

BACKENDS = ["eager", "aot_eager"]
"""Without a compiler of C++; what the default one makes is followed in the same way (measured once, docs/trace.md)."""


def counted(program: Callable[[], Any]) -> tuple[Any, int, int]:
    """What a program gives back or raises, the graphs that Dynamo made of it, and where it broke them."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    torch.manual_seed(0)
    try:
        left = program()
    except RuntimeError as error:
        left = str(error)
    counters = torch._dynamo.utils.counters
    return left, counters["stats"]["unique_graphs"], len(counters["graph_break"])


def both_ways(program: Callable[[], Any]) -> tuple[tuple[Any, int, int], tuple[Any, int, int], Report]:
    plain = counted(program)
    with trace() as report:
        traced = counted(program)
    assert harmless.troubles == []
    return plain, traced, report


@pytest.mark.parametrize("backend", BACKENDS)
def test_training(backend: str) -> None:
    def train() -> list[list[float]]:
        net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.Linear(4, 1))
        step = torch.compile(net, backend=backend)
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        for _ in range(3):
            optimizer.zero_grad()
            step(torch.randn(5, 4)).sum().backward()
            optimizer.step()
        return [value.flatten().tolist() for value in net.state_dict().values()]

    plain, traced, report = both_ways(train)
    assert plain == traced
    assert plain[1:] == (1, 0)
    assert (report.raised, report.wrong_gradients) == ([], [])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_result_is_written(backend: str) -> None:
    def scaled() -> None:
        y = torch.compile(torch.exp, backend=backend)(torch.ones(3, requires_grad=True))
        y.mul_(2)
        y.sum().backward()

    plain, traced, report = both_ways(scaled)
    assert plain == traced
    (story,) = stories(list(report.events))
    first = scaled.__code__.co_firstlineno
    assert (story.saved, story.modified, story.failed) == (first + 1, (first + 2,), first + 3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_compiled_function_writes_what_another_saved(backend: str) -> None:
    def halved() -> None:
        def halve_(t: Any) -> None:
            t.div_(2)

        h = torch.ones(3, requires_grad=True) * 2
        loss = h.pow(2).sum()
        torch.compile(halve_, backend=backend)(h)
        loss.backward()

    plain, traced, report = both_ways(halved)
    assert plain == traced
    assert "modified by an inplace operation" in plain[0]
    (story,) = stories(list(report.events))
    first = halved.__code__.co_firstlineno
    assert (story.saved, story.modified, story.failed) == (first + 5, (first + 6,), first + 7)


def test_modes_of_the_program_stay_where_they_were() -> None:
    with trace(), torch.device("cpu"):
        compiled = torch.compile(F.relu, backend="eager")
        compiled(torch.ones(3))
        stack = [type(mode).__name__ for mode in torch.overrides._get_current_function_mode_stack()]
    assert stack == ["Watch", "DeviceContext"]


def test_what_was_compiled_before_the_trace_is_left_alone_as_well() -> None:
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    compiled = torch.compile(torch.sin, backend="eager")
    with trace():
        compiled(torch.ones(3))
    assert len(torch._dynamo.utils.counters["graph_break"]) == 0
    assert "tracer" not in torch._dynamo.eval_frame.set_eval_frame.__module__


def test_threads_are_in_compiled_functions_of_their_own() -> None:
    torch._dynamo.reset()
    inside, done = threading.Event(), threading.Event()
    left: list[list[str]] = []

    @torch._dynamo.disable
    def wait() -> None:
        inside.set()
        done.wait()

    @torch._dynamo.disable
    def outlast() -> None:
        done.set()
        other.join()

    def first(t: Any) -> Any:
        wait()
        return t * 2

    def second(t: Any) -> Any:
        outlast()
        return t * 3

    def call(function: Callable[[Any], Any]) -> None:
        torch.compile(function, backend="eager")(torch.ones(3))
        left.append([type(mode).__name__ for mode in torch.overrides._get_current_function_mode_stack()])

    other = threading.Thread(target=call, args=(first,))
    with trace():
        other.start()
        inside.wait()
        call(second)
    assert left == [["Watch"], ["Watch"]]
