"""A session keeps variables and events from cell to cell, and says why it is over when it is."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")

from gradsafe.trace.session import CellText, Limits, SessionRun, TraceSession
from gradsafe.trace.streams import OUTPUT_LIMIT
from gradsafe_tracer.events import Place

Run = Callable[..., SessionRun]


class Driven:
    """A session, and a name for each run as the editor gives it."""

    def __init__(self, folder: Path, notebook: bool = False) -> None:
        self.session = TraceSession(str(folder / "model.py"), sys.executable, str(folder), notebook)
        self.cancel = threading.Event()
        self.runs = 0

    def __call__(self, *texts: str, **limits: float) -> SessionRun:
        cells = []
        for number, text in enumerate(texts, 1):
            self.runs += 1
            cells.append(CellText(number, f"model.py#{self.runs}", text, above=10 * self.runs))
        found = Limits(limits.get("timeout"), int(limits["memory"]) if "memory" in limits else None)
        return self.session.run(cells, found, cancel=self.cancel)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Driven]:
    (tmp_path / "model.py").touch()
    driven = Driven(tmp_path)
    yield driven
    driven.session.close()


def test_a_story_with_its_lines_in_three_cells(run: Driven) -> None:
    assert (
        run("import torch\nx = torch.ones(3, requires_grad=True)\ny = x.exp()\n").result.outcome
        == "completed"
    )
    assert run("print(y.shape)\n").result.output == "torch.Size([3])\n"
    assert not run("y.add_(1)\n").result.findings
    for at in (4, 5):  # the same failure, told with each run that raises it
        result = run("y.sum().backward()\n").result
        [finding] = result.findings
        assert (finding.code, result.outcome) == ("saved-tensor-modified", "raised")
        assert finding.primary == Place("model.py#3", 31, 1, 31, 10)
        places = [each.place for each in finding.related]
        assert [(place.file, place.row) for place in places if isinstance(place, Place)] == [
            ("model.py#1", 13),
            (f"model.py#{at}", 10 * at + 1),
        ]
    assert not run("z = 1\n").result.findings


def test_a_cell_that_raises_keeps_the_session_and_stops_those_below_it(run: Driven) -> None:
    run("import torch\n")
    found = run("a = 1\n", "a += 1\nraise ValueError('mine')\n", "a = 7\n")
    assert (found.result.outcome, found.ran, found.over) == ("raised", (1,), None)
    assert found.result.exception is not None
    assert (found.result.exception.file, found.result.exception.row) == ("model.py#3", 32)
    assert run("print(a)\n").result.output == "2\n"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import sys; sys.exit(3)\n", "called sys.exit(3)"),
        ("import os; os._exit(4)\n", "called os._exit(4)"),
        ("import ctypes\nctypes.string_at(0)\n", "crashed its interpreter (SIGSEGV)"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "memory runs out"),
    ],
)
def test_an_end_says_what_it_was_and_that_the_next_run_is_fresh(run: Driven, code: str, why: str) -> None:
    run("import torch\n")
    found = run(code)
    assert found.over is not None
    assert why in found.over
    assert found.result.problem is not None
    assert why in found.result.problem.message
    assert "fresh" in found.result.problem.remedy
    assert not run.session.alive
    if "SIGSEGV" in why:
        assert found.crash == Place("model.py#2", 22, 1, 22, 1)


def test_limits_of_time_and_memory(run: Driven, tmp_path: Path) -> None:
    found = run("import time\nwhile True:\n    time.sleep(0.01)\n", timeout=1)
    assert (found.result.outcome, found.over) == ("timeout", "took longer than its time limit")
    greedy = Driven(tmp_path)
    found = greedy(
        "import torch\nkept = []\nwhile True:\n    kept.append(torch.ones(1 << 20))\n", memory=1 << 30
    )
    assert found.over == "took more than its memory limit"
    assert found.result.problem is not None
    greedy.session.close()


def test_cancel_ends_it(run: Driven) -> None:
    threading.Timer(0.5, run.cancel.set).start()
    found = run("import time\ntime.sleep(600)\n")
    assert (found.result.outcome, found.over, run.session.alive) == ("cancelled", "was cancelled", False)


def test_a_forked_child_is_no_second_kernel(run: Driven) -> None:
    text = (
        "import os\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\nprint('parent' if pid else 'child')\n"
    )
    assert sorted(run(text).result.output.split()) == ["child", "parent"]
    assert run("print(pid > 0)\n").result.output == "True\n"


def test_a_thread_that_goes_on_is_named(run: Driven) -> None:
    text = "import threading\nstop = threading.Event()\nthreading.Thread(target=stop.wait, name='loader').start()\n"
    [note] = run(text).result.notes
    assert "loader" in note
    run("stop.set()\n")


def test_a_flood_is_cut_for_each_run(run: Driven) -> None:
    flood = "import sys\nfor _ in range(64):\n    sys.stdout.write('x' * (1 << 16))\n"
    for _ in range(2):
        output = run(flood).result.output
        assert OUTPUT_LIMIT < len(output) < OUTPUT_LIMIT + 200
    assert run("print('quiet')\n").result.output == "quiet\n"


def test_input_is_empty_and_what_looks_like_a_mark_is_output(run: Driven) -> None:
    found = run("import sys\nprint(repr(sys.stdin.read()), '\\x1e', 'a\\x1e\\n', sep='')\n")
    assert found.result.output == "''\x1ea\x1e\n\n"


def test_a_notebook_leaves_out_magics_and_knows_await(tmp_path: Path) -> None:
    driven = Driven(tmp_path, notebook=True)
    found = driven(
        "%matplotlib inline\n!ls\nimport asyncio\ntext = '''\n%kept\n'''\nawait asyncio.sleep(0)\nprint(text)\n"
    )
    assert found.result.output == "\n%kept\n\n"
    assert len(found.result.notes) == 2
    driven.session.close()


def test_a_report_that_cannot_be_written_says_so(run: Driven) -> None:
    run("import torch\n")
    full = "import gradsafe_tracer.running.ending as e, errno\ndef full(self, text):\n    raise OSError(errno.ENOSPC, 'No space left on device')\n"
    found = run(full + "e.Ending._write = full\n")
    assert found.result.problem is not None
    assert "No space left" in found.result.problem.message


@pytest.mark.usefixtures("no_torch")
def test_no_torch(run: Driven) -> None:
    found = run("print(1)\n")
    assert (found.result.outcome, found.result.problem and found.result.problem.slug) == (
        "failed",
        "no-torch",
    )
    assert found.over is not None
