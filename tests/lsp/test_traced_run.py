"""Real runs: torch raises, and the finding is where the editor has the line."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gradsafe.lsp.cells import cells_to_run
from gradsafe.lsp.documents import Cell, Snapshot
from gradsafe.lsp.predictions import predictions
from gradsafe.lsp.running import Kind, RunCell, RunRequest, TracedRun
from gradsafe.lsp.sessions import DocumentSession
from gradsafe.lsp.traced_run import RealRunner
from gradsafe.report.entry import Entry, EntryRelated
from gradsafe.rules.finding import Role, Severity
from gradsafe_tracer.events import Place

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

FIRST = "import torch\nx = torch.randn(3, requires_grad=True)\nprint('hello')"
SECOND = "y = x.exp()\ny.add_(1)\ny.sum().backward()"


class Document:
    """A document whose cells are run, as the server does it."""

    def __init__(self, file: Path, text: str, cells: tuple[Cell, ...] = ()) -> None:
        self.snapshot = Snapshot(file.as_uri(), str(file), 1, 1, text, cells)
        self.session = DocumentSession(RealRunner())
        self.output: list[str] = []
        self.predicted: tuple[Entry, ...] = ()

    def run(self, *numbers: int) -> TracedRun:
        cells = tuple(cell for cell in cells_to_run(self.snapshot) if cell.number in numbers)
        request = self.session.named(
            RunRequest(
                Kind.CELLS, self.snapshot.file, "", cells, timeout=None, notebook=bool(self.snapshot.cells)
            )
        )
        kept = self.session.kept
        kept.begin(request.cells)
        told = tuple(predictions(self.predicted, self.snapshot, kept, request))
        request = replace(request, predicted=told)
        traced = self.session.work(request, threading.Event(), lambda _stream, text: self.output.append(text))
        return self.session.done(request, traced)

    def close(self) -> None:
        self.session.close()


def test_cells_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "model.py"  # never saved
    document = Document(file, f"{FIRST}\n# %%\ny = x.exp()\n# %%\ny.add_(1)\n# %%\ny.sum().backward()\n")
    assert document.run(0, 1).outcome == "completed"
    assert "".join(document.output) == "hello\n"
    [mark] = document.run(2).marks
    assert mark.text == "y: v0 -> v1"
    traced = document.run(3)
    assert (traced.outcome, traced.summary) == (
        "raised",
        "raised RuntimeError at line 9, 1 finding (1 not predicted)",
    )
    assert "y = x.exp()" in traced.report
    assert f'File "{file}", line 9, in <module>' in "".join(document.output)
    [entry] = document.session.kept.findings()
    assert (entry.code, entry.place.file, entry.place.row) == ("saved-tensor-modified", str(file), 7)
    assert [related.place.row for related in entry.related] == [5, 9]
    assert traced.page is not None
    assert "y.add_(1)" in traced.page()
    document.close()


def test_a_story_that_began_before_results_were_cleared(tmp_path: Path) -> None:
    """The write that counts is that of the first run, whatever is shown of it."""
    document = Document(
        tmp_path / "model.py", f"{FIRST}\n# %%\ny = x.exp()\n# %%\ny.add_(1)\ny.sum().backward()\n"
    )
    document.run(0, 1, 2)
    assert [entry.place.row for entry in document.session.kept.findings()] == [7]
    document.session.kept.clear()
    assert not document.session.kept.findings()
    document.run(2)
    assert [entry.place.row for entry in document.session.kept.findings()] == [7]
    document.close()


def test_a_notebook_counts_in_its_cells(tmp_path: Path) -> None:
    file = tmp_path / "n.ipynb"
    first, second = "%matplotlib inline\n" + FIRST, SECOND
    joined = f"# %%\npass{first[18:]}\n# %%\n{second}\n"
    document = Document(file, joined, (Cell("c:1", 1, first, 2), Cell("c:2", 1, second, 7)))
    traced = document.run(1, 2)
    assert traced.summary == "raised RuntimeError at line 3 of cell 2, 1 finding (1 not predicted)"
    assert "`%matplotlib inline` is for IPython and was left out" in traced.report
    assert f'File "{file}, cell 2", line 3, in <module>' in "".join(document.output)
    [entry] = document.session.kept.findings()
    assert (entry.place.file, entry.place.row) == ("c:2", 2)
    document.close()


def test_the_end_of_a_session_is_the_headline(tmp_path: Path) -> None:
    document = Document(tmp_path / "m.py", "# %%\nimport ctypes\nctypes.string_at(0)\n")
    traced = document.run(1)
    assert traced.summary.startswith("crashed its interpreter (SIGSEGV)")
    assert "at line 3" in traced.summary
    document.close()


def test_a_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    text = f"import sys\nprint(sys.argv[1:])\n{FIRST}\n{SECOND}\n"
    cells = (RunCell(0, str(file), 1, text, str(file)),)
    request = RunRequest(Kind.FILE, str(file), text, cells, timeout=None, arguments=("--lr", "1"))
    output: dict[str, str] = {"stdout": "", "stderr": ""}

    def printed(stream: str, piece: str) -> None:
        output[stream] += (
            piece  # each stream has a thread of its own: which of the two comes first is not told
        )

    traced = RealRunner().run(request, threading.Event(), printed)
    assert (traced.outcome, output["stdout"]) == ("raised", "['--lr', '1']\nhello\n")
    assert "RuntimeError" in output["stderr"]
    assert [entry.place.row for entry in traced.findings] == [7]


def test_predictions_are_judged_by_the_run_that_can(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    text = f"{FIRST}\n# %%\ny = x.exp()\n# %%\ny.add_(1)\n# %%\ny.sum().backward()\n"
    document = Document(file, text)
    name = str(file)
    backward = EntryRelated(Role.BACKWARD, Place(name, 9, 1, 9, 19), "")
    told = Entry("saved-tensor-modified", Severity.ERROR, "", "", Place(name, 7, 1, 7, 10), (backward,))
    vain = Entry("leaf-modified", Severity.WARNING, "", "", Place(name, 7, 1, 7, 10))
    document.predicted = (told, vain)
    document.run(0, 1)
    assert document.run(2).summary == "completed, no finding (1 predicted in vain)"
    traced = document.run(3)
    assert traced.summary == "raised RuntimeError at line 9, 1 finding (as predicted)"
    assert "1 confirmed" in traced.report
    # The write of the first run is the one that counts, and the line is still the one that was predicted.
    assert document.run(2, 3).summary == "raised RuntimeError at line 9, 1 finding (as predicted)"
    document.close()


def test_a_dry_run(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    text = f"{FIRST}\n{SECOND}\n"
    cells = (RunCell(0, str(file), 1, text, str(file)),)
    traced = RealRunner().run(
        RunRequest(Kind.DRY_RUN, str(file), text, cells, timeout=None), threading.Event(), lambda _s, _t: None
    )
    assert (traced.outcome, [entry.place.row for entry in traced.findings]) == ("raised", [5])


def test_one_test(tmp_path: Path) -> None:
    file = tmp_path / "test_model.py"
    body = "".join(f"    {line}\n" for line in SECOND.split("\n"))
    text = f"{FIRST}\n\n\ndef test_it():\n{body}\n\ndef test_other():\n    assert False\n"
    file.write_text(text, encoding="utf-8")
    request = RunRequest(Kind.TEST, str(file), text, timeout=None, target="test_it")
    output: list[str] = []
    traced = RealRunner().run(request, threading.Event(), lambda _stream, piece: output.append(piece))
    assert [entry.place.row for entry in traced.findings] == [8]
    assert "1 failed" in "".join(output)
    unsaved = RunRequest(Kind.TEST, str(file), text + "\n", target="test_it")
    assert "Save the file first" in RealRunner().run(unsaved, threading.Event(), lambda _s, _t: None).summary


def test_what_cannot_be_run_says_why(tmp_path: Path) -> None:
    request = RunRequest(Kind.FILE, str(tmp_path / "m.py"), "x = 1\n", interpreter="/nowhere/python")
    traced = RealRunner().run(request, threading.Event(), lambda _stream, _text: None)
    assert traced.outcome == "failed"
    assert "/nowhere/python" in traced.summary
