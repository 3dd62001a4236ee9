"""Which tensor it is may be unknown: an element at an unknown index, an attribute of something unknown. Then nothing is certain of what happens to it."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

PROGRAMS = Path(__file__).parent / "doubt"

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


@pytest.mark.parametrize("name", sorted(each.stem for each in (PROGRAMS / "silent").glob("*.py")))
def test_no_error_where_torch_is_silent(name: str, tmp_path: Path) -> None:
    program = PROGRAMS / "silent" / f"{name}.py"
    runpy.run_path(str(program))
    text = program.read_text("utf-8")
    alone, call, _ = text.rpartition("run(")
    assert call, "the last statement calls it"
    assert "error" not in severities(text, tmp_path)
    assert "error" not in severities(alone, tmp_path)


@pytest.mark.parametrize("name", sorted(each.stem for each in (PROGRAMS / "raises").glob("*.py")))
def test_not_silent_where_torch_raises(name: str, tmp_path: Path) -> None:
    program = PROGRAMS / "raises" / f"{name}.py"
    with pytest.raises(RuntimeError):
        runpy.run_path(str(program))
    assert severities(program.read_text("utf-8"), tmp_path)
