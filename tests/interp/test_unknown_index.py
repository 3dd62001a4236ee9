"""Which element of a list or dict it is may be unknown: then nothing is certain of what happens to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

LIST = """
import torch
a, b = torch.rand(4), torch.rand(4)

def run(i, j):
    first = [a, {other}][i]
    first.requires_grad_()
    second = [a, {other}][j]
    second[0] = 1.0
"""
DICT = """
import torch
a, b = torch.rand(4), torch.rand(4)

def run(i, j):
    both = {{0: a, 1: {other}}}
    both[i].requires_grad_()
    both[j][0] = 1.0
"""


def severities(text: str, tmp_path: Path) -> list[str]:
    session = Session(Settings(), str(tmp_path))
    session.set_text(str(tmp_path / "a.py"), text)
    return [each.severity.value for each in session.check(str(tmp_path / "a.py")).findings]


@pytest.mark.parametrize("text", [LIST, DICT], ids=["list", "dict"])
def test_one_of_several_is_not_certain(text: str, tmp_path: Path) -> None:
    space: dict[str, object] = {}
    exec(text.format(other="b"), space)
    space["run"](0, 1)  # type: ignore[operator]  # torch is silent
    assert severities(text.format(other="b"), tmp_path) == ["warning"]


@pytest.mark.parametrize("text", [LIST, DICT], ids=["list", "dict"])
def test_where_all_are_the_same_it_is(text: str, tmp_path: Path) -> None:
    space: dict[str, object] = {}
    exec(text.format(other="a"), space)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable"):
        space["run"](0, 1)  # type: ignore[operator]
    assert severities(text.format(other="a"), tmp_path) == ["error"]
