"""What a run from here breaks in a file that nobody looks at is told here, at the call that leads there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

HELPER = "def halve_(t):\n    t.div_(2)\n"
BETWEEN = "from helper import halve_\n\ndef twice(t):\n    halve_(t)\n"
TRAIN = """\
import torch
from {module} import {name}

w = torch.ones(3, requires_grad=True)
y = w.exp()
{name}(y)
y.sum().backward()
"""
PLAIN = TRAIN.format(module="helper", name="halve_")
DEEP = TRAIN.format(module="between", name="twice")
DECLARED = """\
import torch
from helper import Net

x = torch.ones(3, requires_grad=True)
y = x.sigmoid()
z = Net()(y)
(y.sum() + z.sum()).backward()
"""
NET = """\
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.act(x)
"""


def told(
    tmp_path: Path, files: dict[str, str], scope: tuple[str, ...], settings: Settings | None = None
) -> set[tuple[str, int]]:
    """The files and rows at which something is told to somebody who looks at ``scope``."""
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    session = Session(settings or Settings(folder=str(tmp_path)), str(tmp_path))
    session.open(str(tmp_path / name) for name in scope)
    found = set()
    for name in scope:
        for finding in session.check(str(tmp_path / name)).findings:
            place = session.place(finding.where)
            assert place is not None
            found.add((Path(place.file).name, place.row))
    return found


FILES = {"helper.py": HELPER, "between.py": BETWEEN, "train.py": DEEP}
SCOPES = {
    ("train.py",): {("train.py", 6)},
    ("train.py", "between.py"): {("between.py", 4)},
    ("train.py", "helper.py"): {("helper.py", 2)},
    ("train.py", "between.py", "helper.py"): {("helper.py", 2)},
    ("helper.py",): set(),
    ("between.py",): set(),
}


@pytest.mark.parametrize(("scope", "expected"), SCOPES.items(), ids=map("+".join, SCOPES))
def test_the_nearest_call_that_somebody_looks_at(
    scope: tuple[str, ...], expected: set[tuple[str, int]], tmp_path: Path
) -> None:
    assert told(tmp_path, FILES, scope) == expected


def test_what_is_declared_there_is_told_where_it_runs(tmp_path: Path) -> None:
    files = {"helper.py": NET, "train.py": DECLARED}
    assert told(tmp_path, files, ("train.py",)) == {("train.py", 6)}
    assert told(tmp_path, files, ("train.py", "helper.py")) == {("helper.py", 6)}


@pytest.mark.parametrize("place", ["there", "here", "file"])
def test_it_may_be_known_there_or_here(place: str, tmp_path: Path) -> None:
    comment = "  # gradsafe: ignore[saved-tensor-modified]"
    helper = HELPER.rstrip("\n") + comment + "\n" if place == "there" else HELPER
    train = PLAIN.replace("halve_(y)", "halve_(y)" + comment) if place == "here" else PLAIN
    if place == "file":
        helper = "# gradsafe: ignore-file[saved-tensor-modified]\n" + helper
    assert told(tmp_path, {"helper.py": helper, "train.py": train}, ("train.py",)) == set()


@pytest.mark.parametrize("file", ["helper.py", "train.py"])
def test_rules_may_be_off_in_either_file(file: str, tmp_path: Path) -> None:
    off = ((file, frozenset({"saved-tensor-modified"})),)
    settings = Settings(folder=str(tmp_path), per_file_ignores=off)
    assert told(tmp_path, {"helper.py": HELPER, "train.py": PLAIN}, ("train.py",), settings) == set()


def test_what_hangs_on_a_caller_is_the_helpers_own(tmp_path: Path) -> None:
    """Whoever calls backward on the result gets an error: nobody is known to, and each caller would be told the same."""
    helper = "def grow(t):\n    y = t.exp()\n    y.mul_(2)\n    return y\n"
    train = "import torch\nfrom helper import grow\n\ndef use(w: torch.Tensor):\n    return grow(w)\n"
    files = {"helper.py": helper, "train.py": train}
    assert told(tmp_path, files, ("train.py",)) == set()


def test_it_moves_when_the_file_is_opened_and_closed(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text(HELPER, "utf-8")
    session = Session(Settings(), str(tmp_path))
    train, helper = str(tmp_path / "train.py"), str(tmp_path / "helper.py")
    session.set_text(train, PLAIN)

    def rows(file: str) -> list[int | None]:
        places = [session.place(each.where) for each in session.check(file).findings]
        return [place.row if place is not None else None for place in places]

    assert rows(train) == [6]
    session.set_text(helper, "\n" + HELPER)
    assert (rows(train), rows(helper)) == ([], [3])
    session.drop(helper)
    assert rows(train) == [6]
    session.set_text(train, "\n" + PLAIN)
    assert rows(train) == [7]
