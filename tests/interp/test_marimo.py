"""Marimo notebooks are judged in the order in which marimo runs their cells.

What torch says of each was taken from marimo 0.25; where marimo is installed, it is asked again.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradsafe.judging.session_judge import SessionJudge
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.report.entry import Entry
from gradsafe.syntax.marimo import Names, running_order

HEAD = """\
import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")

with app.setup:
    import torch


"""
TAIL = """\
if __name__ == "__main__":
    app.run()
"""
MADE = """\
@app.cell
def _():
    w = torch.randn(3, requires_grad=True)
    return (w,)


@app.cell(hide_code=True)
def _(w):
    h = w.exp()
    _k = 1
    return (h,)


"""
WRITES = """\
@app.cell
def write(h):
    h.add_(1)  # HERE
    return


"""
ENDS = """\
@app.cell
def _(loss):
    loss.backward()
    return


"""
SUMS = """\
@app.cell
def _(h):
    loss = h.sum()
    return (loss,)


"""
DIRECTLY = SUMS.replace("return (loss,)", "loss.backward()\n    return")
RAISES = {
    "above what they take": SUMS + WRITES + ENDS + MADE,
    "as they stand": MADE + SUMS + WRITES + ENDS,
    "the first of two that may run": MADE + WRITES + DIRECTLY,
    "a function of the notebook": "@app.function\ndef double(x):\n    return x.mul_(2)  # HERE\n\n\n"
    + MADE
    + "@app.cell\ndef _(h):\n    _k = double(h).sum()\n    _k.backward()\n    return\n\n\n",
    "bare names": MADE + SUMS.replace("(loss,)", "loss,") + WRITES + ENDS,
}
RUNS = {
    "the second of two that may run": MADE + DIRECTLY + WRITES,
    "a disabled cell": MADE + WRITES.replace("@app.cell", "@app.cell(disabled=True)") + SUMS + ENDS,
    "a new name": MADE + SUMS + WRITES.replace("h.add_(1)", "_h = h.add(1)") + ENDS,
}


def entries(folder: Path, cells: str) -> tuple[Entry, ...]:
    file = folder / "notebook.py"
    file.write_text(HEAD + cells + TAIL)
    return SessionJudge(Session(Settings(), str(folder))).check(str(file)).entries


@pytest.mark.parametrize("name", RAISES)
def test_a_write_in_one_cell_breaks_the_backward_of_another(tmp_path: Path, name: str) -> None:
    found = entries(tmp_path, RAISES[name])
    row = (HEAD + RAISES[name]).partition("# HERE")[0].count("\n") + 1
    assert [(each.code, each.severity.value, each.place.row) for each in found] == [
        ("saved-tensor-modified", "error", row)
    ]


@pytest.mark.parametrize("name", RUNS)
def test_what_marimo_runs_without_an_error_is_none(tmp_path: Path, name: str) -> None:
    assert not entries(tmp_path, RUNS[name])


def test_no_fix_binds_a_name_of_another_cell(tmp_path: Path) -> None:
    [entry] = entries(tmp_path, RAISES["as they stand"])
    contents = [edit.content for fix in entry.fixes for edit in fix.edits]
    assert contents
    assert not [each for each in contents if re.search(r"\bh = ", each)]


@pytest.mark.skipif(importlib.util.find_spec("marimo") is None, reason="marimo is not installed")
@pytest.mark.parametrize("name", [*RAISES, *RUNS])
def test_marimo_says_the_same(tmp_path: Path, name: str) -> None:
    file = tmp_path / "notebook.py"
    file.write_text(HEAD + (RAISES.get(name) or RUNS[name]) + TAIL)
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False)
    assert ("modified by an inplace operation" in done.stderr) is (name in RAISES), done.stderr


def test_cells_that_wait_for_each_other_do_not_run() -> None:
    cells = [Names(("b",), ("a",)), Names(("a",), ("b",)), Names((), ("c",)), Names(("c", "mo"), ())]
    assert running_order(cells) == [2, 3]
    assert running_order([Names(("a",), ()), Names((), ("b",)), Names((), ("a",))]) == [1, 2, 0]
