"""The command: from a traceback to the line that wrote, in a file that the traceback does not name."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from gradsafe.cli import main

MODEL = "import torch\n\ndef forward(x):\n    h = x.sigmoid()\n    h.mul_(2)\n    return h\n\ndef other(x):\n    h = x.exp()\n    h.add_(1)\n    return h\n"
TRAIN = "import torch\nfrom model import forward, other\nx = torch.ones(3, requires_grad=True)\nforward(x).sum().backward()\nother(x).sum().backward()\n"
ERROR = (
    'Traceback (most recent call last):\n  File "{train}", line {row}, in <module>\nRuntimeError: one of the variables needed '
    "for gradient computation has been modified by an inplace operation: [torch.FloatTensor [3]], which is output 0 of "
    "{node}Backward0, is at version 1; expected version 0 instead. Hint: enable anomaly detection\n"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "train.py").write_text(TRAIN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["explain", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(("row", "node", "line"), [(4, "Sigmoid", 5), (5, "Exp", 10)])
def test_the_write_in_another_file_comes_first(
    row: int,
    node: str,
    line: int,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = ERROR.format(train=project / "train.py", row=row, node=node)
    found = json.loads(told(text, capsys, monkeypatch, "--output-format", "json"))
    first = found["suspects"][0]
    assert (Path(first["filename"]).name, first["location"]["row"]) == ("model.py", line)
    assert first["fixes"]
    assert found["code"] == "saved-tensor-modified"


def test_it_is_told_in_words(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = told(ERROR.format(train="train.py", row=4, node="Sigmoid"), capsys, monkeypatch)
    assert "what it means: An operation kept a tensor for backward" in out
    assert "model.py:5" in out
    assert "h = h.mul(2)" in out


def test_where_no_file_is_named_the_remedy_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = told(ERROR.format(train="nowhere.py", row=4, node="Exp"), capsys, monkeypatch)
    assert "The text names no file that is here" in out
    assert "--in FILE" in out


def test_where_nothing_is_found_a_run_will_tell(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "train.py").write_text("import model\n")
    (project / "model.py").write_text("x = 1\n")
    out = told(ERROR.format(train="train.py", row=1, node="Exp"), capsys, monkeypatch)
    assert "gradsafe trace FILE" in out


@pytest.mark.parametrize("arguments", [["missing.txt"], []])
def test_what_is_no_error_of_autograd_is_told(
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("KeyError: 'loss'\n"))
    assert main(["explain", *arguments]) == 2
    assert "gradsafe: " in capsys.readouterr().err
