"""The tracer on a GPU: lines, silent errors, and that it changes nothing. Skipped where there is none."""

from __future__ import annotations

import contextlib
import gc
import io
from collections.abc import Callable

import pytest

pytest.importorskip("torch")

import torch

from gradsafe_tracer import trace
from gradsafe_tracer.care import harmless
from gradsafe_tracer.events import Place
from gradsafe_tracer.seen import places

from . import cuda_programs
from .test_loud import differs
from .test_silent import marked_wrong

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.fixture(autouse=True)
def _the_file_is_the_users() -> None:
    places.mark_user_file(cuda_programs.__file__)


@pytest.mark.parametrize("light", [False, True], ids=["full", "light"])
@pytest.mark.parametrize("program", cuda_programs.LOUD, ids=lambda program: program.__name__)
def test_lines(program: Callable[[], None], light: bool) -> None:
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(RuntimeError):
        program()
    assert differs(program, light) is None
    assert harmless.troubles == []


@pytest.mark.parametrize("program", cuda_programs.SILENT + cuda_programs.SAFE, ids=lambda p: p.__name__)
def test_wrong_gradients(program: Callable[[], None]) -> None:
    with trace() as report:
        program()
    rows = {event.place.row for event in report.wrong_gradients if isinstance(event.place, Place)}
    assert rows == marked_wrong(program)
    assert (report.raised, harmless.troubles) == ([], [])


@pytest.mark.parametrize("program", cuda_programs.SAFE, ids=lambda program: program.__name__)
def test_leaves_memory_and_random_numbers_alone(program: Callable[[], None]) -> None:
    def left(traced: bool) -> tuple[bytes, bytes, int]:
        torch.manual_seed(0)
        gc.collect()
        before = torch.cuda.memory_allocated()
        with trace() if traced else contextlib.nullcontext():
            program()
            states = bytes(torch.get_rng_state()), bytes(torch.cuda.get_rng_state())
        gc.collect()
        return (*states, torch.cuda.memory_allocated() - before)

    program()  # caches of cuBLAS, cuDNN and the compiler are filled
    plain = left(False)
    assert left(True) == plain
