"""Advice stands on the marked lines of the programs and nowhere else; torch sees no difference after any of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))
MARK = "# spare"


def functions(text: str) -> list[str]:
    """Those that can be called without arguments."""
    return [
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and len(node.args.args) == len(node.args.defaults)
    ]


@pytest.mark.torch
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_told_and_what_torch_says(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from tests.advice.offers import offers
    from tests.advice.outcome import outcome

    text = path.read_text("utf-8")
    found = offers(text, tmp_path)
    marked = {row for row, line in enumerate(text.splitlines(), 1) if MARK in line}
    assert {each.row for each in found if each.row} == marked
    expected = outcome(text, functions(text))
    for each in found:
        assert outcome(each.text, functions(text)) == expected, f"{each.row}: {each.title}"


@pytest.mark.torch
def test_the_comparison_sees_a_difference() -> None:
    pytest.importorskip("torch")
    from tests.advice.outcome import outcome

    text = "import torch\ndef f():\n    w = torch.ones(3, requires_grad=True)\n    h = w * 2\n    k = h\n    h = h + 1\n    return h * k\n"
    assert outcome(text, ["f"]) == outcome(text, ["f"])
    for other in ("h += 1", "h = h + 2", "h = (h + 1).detach()"):
        assert outcome(text.replace("h = h + 1", other), ["f"]) != outcome(text, ["f"])
