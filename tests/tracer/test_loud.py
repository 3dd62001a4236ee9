"""Errors of torch, traced: the saving, modifying and failing lines are the marked ones, in a full and in a light trace."""

from __future__ import annotations

import contextlib
import inspect
import io
import linecache
import sys
from collections.abc import Callable

import pytest

pytest.importorskip("torch")

from gradsafe_tracer import trace
from gradsafe_tracer.care import harmless
from gradsafe_tracer.events import Place, Save, Write
from gradsafe_tracer.seen import places

from . import loud_programs
from .running import stories


@pytest.fixture(autouse=True)
def _the_file_is_the_users() -> None:
    places.mark_user_file(loud_programs.__file__)


def marked(program: Callable[[], None]) -> dict[str, set[int]]:
    """The rows of the program by what happens there."""
    lines, first = inspect.getsourcelines(program)
    found: dict[str, set[int]] = {"saves": set(), "writes": set(), "fails": set(), "frees": set()}
    for number, line in enumerate(lines):
        for word in line.partition("  # ")[2].split():
            found[word].add(first + number)
    return found


def differs(program: Callable[[], None], light: bool) -> str | None:
    """How the trace's story differs from the marked lines; None where it is exact."""
    rows = marked(program)
    with trace(light) as report, contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(RuntimeError):
        program()
    told = stories(list(report.events))
    if len(told) != 1:
        return f"{len(told)} stories"
    (story,) = told
    found = {
        "saves": {story.saved} - {None} if rows["saves"] else set(),
        "writes": set(story.modified[:1]) if rows["writes"] else set(),
        "fails": {story.failed} - {None},
        "frees": {story.freed} - {None},
    }
    return None if found == rows else f"{found}, not {rows}"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="columns are known from Python 3.11 on")
def test_each_event_stands_at_its_own_sub_expression() -> None:
    with trace() as report, pytest.raises(RuntimeError):
        loud_programs.nested_in_one_line()
    at = {}
    for event in report.events:
        if isinstance(event, (Save, Write)) and isinstance(event.place, Place):
            line = linecache.getline(event.place.file, event.place.row)
            at[event.kind, event.operation] = line[event.place.column - 1 : event.place.end_column - 1]
    assert at == {
        ("save", "matmul"): "x @ w",
        ("save", "sigmoid"): "torch.sigmoid(x @ w)",
        ("write", "mul_"): "torch.sigmoid(x @ w).mul_(2)",
        ("save", "relu_"): "torch.relu_(torch.sigmoid(x @ w).mul_(2))",
        ("write", "relu_"): "torch.relu_(torch.sigmoid(x @ w).mul_(2))",
    }


@pytest.mark.parametrize("light", [False, True], ids=["full", "light"])
@pytest.mark.parametrize("program", loud_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_lines(program: Callable[[], None], light: bool) -> None:
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(RuntimeError):
        program()
    assert differs(program, light) is None
    assert harmless.troubles == []
