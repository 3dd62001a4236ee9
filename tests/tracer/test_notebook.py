"""``%load_ext gradsafe_tracer`` in a real IPython shell."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("IPython")

LOUD = "x = torch.ones(3, requires_grad=True)\ny = x.exp()\ny.add_(1)\ny.sum().backward()"
Shell = Callable[..., str]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Runs cells in a fresh IPython and gives all that it printed, without colours."""

    def run(*cells: str) -> str:
        lines = [
            "from IPython.core.interactiveshell import InteractiveShell",
            "ip = InteractiveShell.instance(colors='NoColor')",
            "ip.run_line_magic('load_ext', 'gradsafe_tracer')",
            "ip.run_cell('import torch')",
            *(f"ip.run_cell({cell!r})" for cell in cells),
        ]
        ran = subprocess.run(
            [sys.executable, "-"],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=True,
        )
        return re.sub(r"\x1b\[[0-9;]*m", "", ran.stdout + ran.stderr)

    return run


def test_errors_explain_themselves_once(shell: Shell) -> None:
    told = shell(LOUD, "w = torch.ones(2, requires_grad=True)\nw.add_(1)", "1 / 0")
    assert (
        told.count("gradsafe: Exp saved its result (float32 [3]): saved at version 0, now 1; held by y") == 1
    )
    assert told.count("gradsafe: w (float32 [2]) is a leaf that requires grad") == 1
    assert "ZeroDivisionError" in told


def test_traced_cell(shell: Shell, tmp_path: Path) -> None:
    told = shell(
        "%%trace_inplace --html report.html\n" + LOUD,
        "print('kept', y.shape)",
        "r = %trace_inplace_last\nprint([f.code for f in r.findings])",
    )
    assert "modified by an inplace operation" in told
    assert "raised RuntimeError, 1 finding" in told
    assert re.search(r"modified  <ipython-input-.*>:4: y\.add_\(1\)   <- change this line", told)
    assert "kept torch.Size([3])" in told
    assert "['saved-tensor-modified']" in told
    assert "y.add_(1)" in (tmp_path / "report.html").read_text("utf-8")


def test_safe_cell_wrong_option_and_nothing_traced(shell: Shell) -> None:
    told = shell(
        "%trace_inplace_last", "%%trace_inplace\ntorch.ones(2).add_(1)", "%%trace_inplace --bogus\n1"
    )
    assert "no cell was traced yet" in told
    assert "completed, no finding" in told
    assert "UsageError: unrecognized arguments: --bogus" in told


def test_unloaded(shell: Shell) -> None:
    told = shell("%unload_ext gradsafe_tracer", LOUD, "%%trace_inplace\n1")
    assert "gradsafe: Exp" not in told
    assert "Cell magic `%%trace_inplace` not found" in told


def test_ipython_is_not_imported_before() -> None:
    code = "import sys, gradsafe_tracer.notebook; sys.exit('IPython' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
