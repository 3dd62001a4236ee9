"""Real runs: torch raises, and the finding is where the editor has the line."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from gradsafe.lsp.documents import Cell
from gradsafe.lsp.running import RunRequest
from gradsafe.lsp.traced_run import run

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

FIRST = "import torch\nx = torch.randn(3, requires_grad=True)\nprint('hello')"
SECOND = "y = x.exp()\ny.add_(1)\ny.sum().backward()"


def request(file: str, text: str, cells: tuple[Cell, ...] = (), timeout: float = 60) -> RunRequest:
    return RunRequest(file, text, cells, None, timeout)


def test_a_file(tmp_path: Path) -> None:
    file = str(tmp_path / "model.py")  # never saved
    traced = run(request(file, f"{FIRST}\n# %%\n{SECOND}\n"), threading.Event())
    assert traced.outcome == "raised"
    assert "RuntimeError" in traced.summary
    assert "hello" in traced.report
    [entry] = traced.findings
    assert (entry.code, entry.place.file, entry.place.row) == ("saved-tensor-modified", file, 6)
    assert 5 in {related.place.row for related in entry.related}


def test_a_notebook_counts_in_the_text_of_all_its_cells(tmp_path: Path) -> None:
    file = str(tmp_path / "n.ipynb")
    cells = (Cell("c:1", 1, "%matplotlib inline\n" + FIRST, 2), Cell("c:2", 1, SECOND, 7))
    traced = run(request(file, "", cells), threading.Event())
    assert traced.summary == "raised RuntimeError at line 3 of cell 2, 1 finding"
    [entry] = traced.findings
    assert (entry.place.file, entry.place.row) == (file, 8)


def test_a_run_can_be_cancelled(tmp_path: Path) -> None:
    cancel = threading.Event()
    threading.Timer(1.0, cancel.set).start()
    started = time.monotonic()
    traced = run(request(str(tmp_path / "m.py"), "while True: pass\n"), cancel)
    assert traced.outcome == "cancelled"
    assert time.monotonic() - started < 10


def test_what_cannot_be_run_says_why(tmp_path: Path) -> None:
    traced = run(RunRequest(str(tmp_path / "m.py"), "x = 1\n", (), "/nowhere/python", 10), threading.Event())
    assert traced.outcome == "failed"
    assert "/nowhere/python" in traced.summary
