"""The run as judge of the static analysis, and the ways in which a run can be asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from gradsafe.trace import TraceRequest, entries, run_trace

from .conftest import LOUD

PROGRAM = """\
import torch

def broken(flag):
    y = torch.ones(3, requires_grad=True).exp()
    if flag:
        y.add_(1)
    y.sum().backward()

def harmless(x, out):
    y = x.exp()
    out.add_(1)
    return y

broken(False)
z = torch.ones(3, requires_grad=True).exp()
for name in ["mul_"]:
    getattr(z, "mul" + "_")(2)
try:
    z.sum().backward()
except RuntimeError:
    pass
y = torch.ones(3, requires_grad=True).exp()
y.zero_()
y.sum().backward()
"""


def trace(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradsafe", "trace", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


def test_what_the_run_says_of_the_predictions(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    told = trace(tmp_path, "--output-format", "json", "--html", "page.html", "program.py")
    found = {(one["row"], one["verdict"]) for one in json.loads(told.stdout)["predictions"]}
    assert (23, "confirmed") in found
    assert (6, "not-reached") in found
    assert not [row for row, verdict in found if verdict == "refuted"]
    page = (tmp_path / "page.html").read_text("utf-8")
    assert '"verdict":"confirmed"' in page and '"verdict":"not-reached"' in page
    told = trace(tmp_path, "program.py")
    assert "static analysis of these files: " in told.stdout
    assert "not-reached: program.py:6 error[saved-tensor-modified]" in told.stdout


def test_refuted_where_the_line_ran_and_nothing_happened(tmp_path: Path) -> None:
    # The static analysis cannot know that the file's first run leaves this one without a graph.
    from gradsafe.report.entry import Entry
    from gradsafe.rules.finding import Severity
    from gradsafe.trace import compare
    from gradsafe_tracer.events import Place

    path = tmp_path / "program.py"
    path.write_text("import torch\nx = torch.ones(2)\nx.add_(1)\nif len(x) > 5:\n    x.mul_(2)\n")
    request = TraceRequest(str(path), python=sys.executable)
    result = run_trace(request)
    entry = Entry("leaf-modified", Severity.ERROR, "", "", Place(str(path), 3, 1, 3, 5))
    other = Entry("leaf-modified", Severity.ERROR, "", "", Place(str(path), 5, 1, 5, 5))
    comparison = compare(result, request, [entry, other])
    assert [verdict for _, verdict in comparison.refused] == ["refuted", "not-reached"]
    assert "1 refuted (the line ran and nothing happened), 1 not reached by this run" in comparison.summary
    assert comparison.listed(entries(result)) == [(entry, "refuted"), (other, "not-reached")]


def test_modules_tests_and_dry_runs(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/__init__.py").write_text("")
    (tmp_path / "package/train.py").write_text("import sys\nprint(sys.argv[1:])\n" + LOUD)
    told = trace(tmp_path, "-m", "package.train", "--", "--epochs", "1")
    assert told.returncode == 1 and "['--epochs', '1']" in told.stdout and "train.py:6:1" in told.stdout
    body = "".join("    " + line + "\n" for line in LOUD.splitlines())
    (tmp_path / "test_it.py").write_text(f"def test_loud():\n{body}def test_other():\n    assert 0\n")
    told = trace(tmp_path, "--pytest", "test_it.py::test_loud")
    assert told.returncode == 1 and "test_it.py:5:5" in told.stdout and "1 confirmed" in told.stdout
    assert "test_other" not in told.stdout
    (tmp_path / "asks.py").write_text(LOUD.replace("y.sum()", "print(y.tolist())\ny.sum()"))
    told = trace(tmp_path, "--dry-run", "asks.py")
    assert told.returncode == 0
    assert "the dry run ends at asks.py:5: `.tolist()` needs values" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-m", "no_such"), "No module named no_such. Check the spelling"),
        ((), "one of the arguments FILE -m --pytest is required"),
        (
            ("--epochs", "a.py"),
            "unrecognized arguments: --epochs; what is meant for the program stands after --",
        ),
        (("--pytest", "none.py::test"), "none.py: no such file"),
    ],
)
def test_faults(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    told = trace(tmp_path, *arguments)
    assert (said in told.stderr, told.returncode) == (True, 2), told.stderr


def test_notebook_cells_are_shown(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": "%matplotlib inline\n" + LOUD}]
    (tmp_path / "book.ipynb").write_text(json.dumps({"cells": cells}))
    told = trace(tmp_path, "--html", "page.html", "book.ipynb")
    assert "book.ipynb#1:5:1" in told.stdout and "y.add_(1)" in told.stdout
    assert "y.add_(1)" in (tmp_path / "page.html").read_text("utf-8")


def test_predictions_in_files_that_are_imported_count(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text("def spoil(x):\n    y = x.exp()\n    y.add_(1)\n    return y\n")
    (tmp_path / "unused.py").write_text("import torch\ntorch.ones(2, requires_grad=True).add_(1)\n")
    (tmp_path / "main.py").write_text(
        "import torch\nfrom steps import spoil\n\ndef later():\n    import unused\n\n"
        "spoil(torch.ones(2, requires_grad=True)).sum().backward()\n"
    )
    told = trace(tmp_path, "--output-format", "json", "main.py")
    found = [
        (Path(one["filename"]).name, one["row"], one["verdict"])
        for one in json.loads(told.stdout)["predictions"]
    ]
    assert found == [("steps.py", 3, "confirmed")]
