"""A program that fails in autograd: the story from the child process, in each shape it is given in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from gradsafe.trace import exit_code, render_text, run_trace, summary, to_json
from gradsafe.trace.page import timeline_data

from .conftest import LOUD, Write


def test_story_of_a_failing_program(program: Write) -> None:
    request = program(LOUD)
    result = run_trace(request)
    assert result.outcome == "raised"
    assert result.exception is not None
    assert (result.exception.type, result.exception.row) == ("RuntimeError", 5)
    (finding,) = result.findings
    assert finding.code == "saved-tensor-modified"
    assert exit_code(result) == 1
    shape = json.loads(to_json(result))
    assert set(shape) == {"outcome", "exception", "findings", "events"}
    assert shape["exception"]["message"].startswith("one of the variables needed for gradient computation")
    assert shape["findings"][0]["location"] == {"row": 4, "column": 1}
    kinds = [
        (event["kind"], event["row"], event["name"], event["version_after"]) for event in shape["events"]
    ]
    assert ("save", 3, "y", 0) in kinds
    assert ("modify", 4, "y", 1) in kinds
    assert ("backward", 5, "y.sum()", None) in kinds
    assert all(
        set(event) == {"kind", "row", "name", "operation", "version_before", "version_after"}
        for event in shape["events"]
    )
    text = render_text(result, request)
    assert "raised RuntimeError at line 5" in summary(result)
    assert "expected version 0 instead" in timeline_data(result, request)["outcome"]
    assert all(line in text for line in ("y = x.exp()", "y.add_(1)", "y.sum().backward()"))


def test_cell_and_text_that_no_file_holds(program: Write) -> None:
    text = "import torch\n# %%\nx = torch.ones(3, requires_grad=True)\n# %%\nx.add_(1)\n# %%\nnever()\n"
    result = run_trace(program("broken(", text=text, cell=2))
    assert result.exception is not None
    assert result.exception.row == 5
    assert [finding.code for finding in result.findings] == ["leaf-modified"]


def test_arguments_folder_and_main_module(
    program: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (tmp_path / "beside.py").write_text("value = 7\n")
    text = (
        "import os, sys, beside\nprint(sys.argv[1:], __name__, beside.value, os.environ.get('PYTHONPATH'))\n"
    )
    text += "print(any('gradsafe-' in path for path in sys.path), sys.stdin.read() == '')\n"
    pieces: list[str] = []
    result = run_trace(
        program(text, arguments=("--a", "b")), on_output=lambda _stream, piece: pieces.append(piece)
    )
    assert "".join(pieces) == result.output == "['--a', 'b'] __main__ 7 None\nFalse True\n"
    assert (result.outcome, exit_code(result)) == ("completed", 0)
