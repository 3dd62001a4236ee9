"""Wrong gradients that torch says nothing of: found at the line to blame, and nothing found where none is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

pytest.importorskip("torch")
pytest.importorskip("numpy")

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


@pytest.mark.parametrize("program", safe_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_silent_where_nothing_is_wrong(program: Callable[[], None]) -> None:
    with trace() as report:
        program()
    assert (str(report), harmless.troubles) == ("", [])
