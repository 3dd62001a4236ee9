"""Torch grades the markers of every fixture: marked lines are to blame, unmarked code runs clean and right."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.oracle.expect import torch_differences
from tests.oracle.grade import grade, grade_file, scenarios
from tests.oracle.markers import MarkerError, parse

pytestmark = pytest.mark.torch
FIXTURES = Path(__file__).parent / "fixtures"
FILES = sorted(FIXTURES.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_torch_agrees_with_the_markers(path: Path) -> None:
    markers = parse(path.read_text(encoding="utf-8"))
    assert torch_differences(markers, grade_file(path)) == []


def test_an_unknown_label_is_an_error() -> None:
    with pytest.raises(MarkerError, match="no line is named <nowhere>"):
        parse("x = 1  # error: [leaf-modified] (saved=nowhere)\n")


def _differences(text: str) -> list[str]:
    return torch_differences(parse(text), grade(text, "self_test.py", scenarios(text)))


def test_the_oracle_refuses_a_marker_on_harmless_code() -> None:
    text = "import torch\ndef f():\n    x = torch.ones(3, requires_grad=True)\n    y = x * 2\n    y.add_(1)  # error: [saved-tensor-modified]\n    y.sum().backward()\n"
    assert _differences(text) == ["line 5: marked error [saved-tensor-modified], and torch runs clean"]


def test_the_oracle_refuses_a_broken_program_without_a_marker() -> None:
    text = "import torch\ndef f():\n    x = torch.ones(3, requires_grad=True)\n    y = x.exp()\n    y.add_(1)\n    y.sum().backward()\n"
    (difference,) = _differences(text)
    assert difference.startswith("line 5: torch blames it: error [saved-tensor-modified] saved=4 fails=6")


def test_a_returned_broken_graph_is_a_warning() -> None:
    text = "import torch\ndef f():\n    x = torch.ones(3, requires_grad=True)\n    y = x.exp()\n    y.add_(1)  # warning: [saved-tensor-modified]\n    return y\n"
    assert _differences(text) == []


def test_a_detached_value_is_a_constant_and_no_wrong_gradient() -> None:
    text = "import torch\ndef f():\n    x = torch.rand(3, requires_grad=True)\n    y = x * x.detach()\n    y.sum().backward()\n"
    assert _differences(text) == []
