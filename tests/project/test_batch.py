"""Many files by one session after the other, which lets go what it has handed over: the same is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gradsafe.project import batch
from gradsafe.project.batch import Batch
from gradsafe.project.recording import TextRecorder
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.project.sharing import found_of

HELPERS = """
import torch


class Gate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(3))

    def forward(self, x):
        return (x * self.scale).exp()


def change(t):
    t.add_(1)
"""
TRAINING = """
from helpers import Gate, change
{imports}

gate = Gate()


def step(x):
    y = gate(x)
    {write}
    y.sum().backward()
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Each imports the one before it, across the slices, too; one is broken, and one is too deep for a budget."""
    (tmp_path / "helpers.py").write_text(HELPERS)
    found = [tmp_path / "helpers.py"]
    for number, write in enumerate(("change(y)", "y.mul_(2)", "y = y + 1", "step_before(x)") * 3):
        imports = f"from train_{number - 1} import step as step_before" if number else "step_before = change"
        found.append(tmp_path / f"train_{number}.py")
        found[-1].write_text(TRAINING.format(imports=imports, write=write))
    found[5].write_text("def broken(:\n" + found[5].read_text())
    found[9].write_text("def again(x):\n    return again((x,))\n\n\nagain(1)\n" + found[9].read_text())
    return [str(path) for path in found]


def _alone(folder: Path, files: list[str]) -> list[object]:
    session = Session(Settings(str(folder)), str(folder), recorder=TextRecorder)
    session.open(files)
    return [found_of(session, file) for file in files]


@pytest.mark.parametrize("session_size", [1, 4, 100])
def test_a_batch_finds_what_one_session_finds(
    tmp_path: Path, files: list[str], session_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a file that was let go is read again for one of a later slice, or a new session begins with each."""
    monkeypatch.setattr(batch, "SESSION", session_size)
    judging = Batch(Settings(str(tmp_path)), str(tmp_path), files)
    found = [each for at in range(0, len(files), 2) for each in judging.judge(files[at : at + 2])]
    assert found == _alone(tmp_path, files)


REGISTRY = """
import os

import torch

_HAS = False
if os.environ.get("HAS"):
    _HAS = True
REGISTERED = set()
TABLE = {}


def register(cls):
    if not _HAS:
        return cls
    REGISTERED.add(cls.__name__)
    TABLE[cls.__name__] = cls
    return cls


class Base:
    def __init_subclass__(cls):
        register(cls)
"""
REGISTERS = """
import torch
from registry import Base, REGISTERED, TABLE, register


@register
class Own{number}(Base):
    def forward(self, x):
        y = x.exp()
        if "Own0" in REGISTERED or TABLE:
            y.add_(1)
        return y


def step():
    x = torch.randn(3, requires_grad=True)
    y = Own{number}().forward(x)
    if not TABLE:
        y.mul_(2)
    y.sum().backward()
"""


def test_in_which_order_files_are_judged_decides_nothing(tmp_path: Path) -> None:
    """What a statement writes into the object of another is seen by nobody else, and counts as written whenever that was made."""
    (tmp_path / "registry.py").write_text(REGISTRY)
    files = [str(tmp_path / "registry.py")]
    for number in range(3):
        (tmp_path / f"own_{number}.py").write_text(REGISTERS.format(number=number))
        files.append(str(tmp_path / f"own_{number}.py"))
    orders = (files, files[::-1], files[2:] + files[:2])
    found = [{each.file: each for each in _alone(tmp_path, order)} for order in orders]
    assert found[0] == found[1] == found[2]


def test_what_was_let_go_is_found_again(tmp_path: Path, files: list[str]) -> None:
    session = Session(Settings(str(tmp_path)), str(tmp_path))
    session.open(files)
    before = [(session.check(file).findings, session.check(file).problems) for file in files]
    session.let_go(files)
    assert session.counts()["roots known"] == 0 and session.scope == files
    assert [(session.check(file).findings, session.check(file).problems) for file in files] == before
    session.let_go(files)
    session.set_text(files[0], HELPERS.replace("t.add_(1)", "return t + 1"))
    assert [each.code for each in session.check(files[1]).findings] == []
    assert session.check(files[2]).findings == before[2][0] != ()


def test_who_only_merges_does_not_import_the_analysis() -> None:
    script = "import sys, gradsafe.project.parallel; print('libcst' in sys.modules, 'gradsafe.project.session' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]
