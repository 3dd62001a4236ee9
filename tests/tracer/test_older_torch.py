"""What releases before this one lack is taken away: the stories stay exact. Torch 2.1 and newer are meant; one is tested."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("torch")
pytest.importorskip("numpy")

import torch

from gradsafe_tracer import trace
from gradsafe_tracer.care import harmless
from gradsafe_tracer.errors import nodes
from gradsafe_tracer.events import Place
from gradsafe_tracer.seen import places
from gradsafe_tracer.unseen import user_code

from . import loud_programs, safe_programs, silent_programs
from .test_loud import differs
from .test_silent import marked_wrong


@pytest.fixture(autouse=True)
def _older(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (loud_programs, safe_programs, silent_programs):
        places.mark_user_file(module.__file__)
    monkeypatch.delattr(torch._C._autograd, "_top_saved_tensors_default_hooks")
    monkeypatch.setattr(nodes, "SHOWS_DATA", False)
    monkeypatch.setattr(user_code, "_unpacks", lambda node: nodes.asking.others)


@pytest.mark.parametrize("light", [False, True], ids=["full", "light"])
@pytest.mark.parametrize("program", loud_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_lines(program: Callable[[], None], light: bool) -> None:
    assert differs(program, light) is None
    assert harmless.troubles == []


def test_words_and_roles() -> None:
    """What tells of a node what it holds is asked of the hooks themselves."""

    def text() -> str:
        with trace() as report, pytest.raises(RuntimeError):
            h = torch.ones(3, requires_grad=True) * 2
            y = h.pow(2)
            h.add_(1)
            y.sum().backward()
        return str(report)

    assert "`pow` saved its operand `h`" in text() or "`pow` saved `h`" in text()


@pytest.mark.parametrize("program", silent_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_found(program: Callable[[], None]) -> None:
    with trace() as report:
        program()
    rows = {event.place.row for event in report.wrong_gradients if isinstance(event.place, Place)}
    assert rows == marked_wrong(program)


@pytest.mark.parametrize("program", safe_programs.PROGRAMS, ids=lambda program: program.__name__)
def test_silent_where_nothing_is_wrong(program: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where torch does not say which node runs: gradients that hooks write are not followed then."""
    monkeypatch.delattr(torch._C, "_current_autograd_node")
    with trace() as report:
        program()
    assert (report.wrong_gradients, report.raised, harmless.troubles) == ([], [], [])


def test_hooks_of_the_program_are_never_asked() -> None:
    unpacked = []

    def unpack(tensor: torch.Tensor) -> torch.Tensor:
        unpacked.append(1)
        return tensor

    with trace():
        with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor.clone(), unpack):
            y = torch.ones(3, requires_grad=True).exp()
        y.data.mul_(2)
        y.sum().backward()
    assert unpacked == [1]
