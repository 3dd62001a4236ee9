"""A model in one file and its training loop in another are judged together, however one imports the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.rules.finding import Role, Severity

SPOILER = "import torch\n\ndef spoil(t):\n    t.add_(1)\n    return t\n"
USE = "x = torch.ones(3, requires_grad=True)\ny = x.exp()\n{spoil}(y)\ny.sum().backward()\n"
FOUND = {("lib.py", 4, "saved-tensor-modified", "error")}


def told(tmp_path: Path, files: dict[str, str]) -> set[tuple[str, int, str, str]]:
    """Every finding: its file, row, code and severity."""
    session = Session(Settings(), str(tmp_path))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    session.open(str(tmp_path / name) for name in files)
    found = set()
    for name in files:
        for finding in session.check(str(tmp_path / name)).findings:
            place = session.place(finding.primary)
            assert place is not None
            file = Path(place.file).relative_to(tmp_path).as_posix()
            found.add((file, place.row, finding.code, finding.severity.value))
    return found


IMPORTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "from": ("from lib import spoil\n", "spoil", {}),
    "module": ("import lib\n", "lib.spoil", {}),
    "module as": ("import lib as helpers\n", "helpers.spoil", {}),
    "name as": ("from lib import spoil as ruin\n", "ruin", {}),
    "star": ("from lib import *\n", "spoil", {}),
    "star of a star": ("from more import *\n", "spoil", {"more.py": "from lib import *\n"}),
    "star with all": ("from more import *\n", "_spoil", {"more.py": "from lib import spoil as _spoil\n__all__ = ['_spoil']\n"}),
    "conditional": ("import sys\nif sys.version_info >= (3, 8):\n    from lib import spoil\n", "spoil", {}),
    "try, absolute first": ("try:\n    from lib import spoil\nexcept ImportError:\n    spoil = None\n", "spoil", {}),
    "try, missing first": (
        "try:\n    from not_there_at_all import spoil\nexcept ImportError:\n    from lib import spoil\n", "spoil", {},
    ),
    "reexport": ("from pkg import spoil\n", "spoil", {"pkg/__init__.py": "from .sub import spoil\n", "pkg/sub.py": "from lib import spoil\n"}),
    "submodule as": ("import pkg.sub as s\n", "s.spoil", {"pkg/__init__.py": "", "pkg/sub.py": "from lib import spoil\n"}),
    "dotted": ("import pkg.sub\n", "pkg.sub.spoil", {"pkg/__init__.py": "", "pkg/sub.py": "from lib import spoil\n"}),
    "from package import module": ("from pkg import sub\n", "sub.spoil", {"pkg/__init__.py": "", "pkg/sub.py": "from lib import spoil\n"}),
    "namespace package": ("import space.sub\n", "space.sub.spoil", {"space/sub.py": "from lib import spoil\n"}),
    "namespace from": ("from space import sub\n", "sub.spoil", {"space/sub.py": "from lib import spoil\n"}),
    "cycle": ("from a import spoil\n", "spoil", {"a.py": "import b\nfrom lib import spoil\n", "b.py": "import a\n"}),
    "inside a function": ("def use(t):\n    from lib import spoil\n    return spoil(t)\n", "use", {}),
    "parent package": (
        "from pkg.deep.run import go\n", "go",
        {"pkg/__init__.py": "", "pkg/deep/__init__.py": "", "pkg/tools.py": "from lib import spoil\n",
         "pkg/deep/run.py": "from ..tools import spoil\ndef go(t):\n    return spoil(t)\n"},
    ),
    "from . import module": (
        "from pkg.run import go\n", "go",
        {"pkg/__init__.py": "", "pkg/tools.py": "from lib import spoil\n",
         "pkg/run.py": "from . import tools\ndef go(t):\n    return tools.spoil(t)\n"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", IMPORTS)
def test_the_finding_stands_in_the_file_of_the_write(way: str, tmp_path: Path) -> None:
    head, name, others = IMPORTS[way]
    files = {"lib.py": SPOILER, **others, "main.py": "import torch\n" + head + USE.format(spoil=name)}
    severities = (
        FOUND if "missing" not in way else FOUND | {("lib.py", 4, "saved-tensor-modified", "warning")}
    )
    found = told(tmp_path, files)
    assert found and found <= severities


def test_a_safe_use_is_silent(tmp_path: Path) -> None:
    for way, (head, name, others) in IMPORTS.items():
        use = USE.format(spoil=name).replace("x.exp()", "x * 2")
        folder = tmp_path / way.replace(",", "").replace(" ", "_")
        folder.mkdir()
        assert (
            told(folder, {"lib.py": SPOILER, **others, "main.py": "import torch\n" + head + use}) == set()
        ), way


MODEL = """import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, inplace: bool = False):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.act = nn.ReLU(inplace=inplace)

    def forward(self, x):
        h = torch.sigmoid(self.fc(x))
        return self.act(h)
"""
TRAIN = """import torch
from models import Net

def train(net, steps=3):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(steps):
        loss = net(torch.randn(2, 4)).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()

if __name__ == "__main__":
    train(Net({inplace}))
"""


def test_model_and_training_loop(tmp_path: Path) -> None:
    files = {
        "models/__init__.py": "from .net import Net\n",
        "models/net.py": MODEL,
        "train.py": TRAIN.format(inplace=True),
    }
    assert told(tmp_path, files) == {("models/net.py", 8, "saved-tensor-modified", "error")}
    files["train.py"] = TRAIN.format(inplace=False)
    assert told(tmp_path, files) == set()


def test_src_layout(tmp_path: Path) -> None:
    files = {
        "src/proj/__init__.py": "",
        "src/proj/net.py": MODEL,
        "scripts/train.py": TRAIN.format(inplace=True).replace("from models", "from proj.net"),
    }
    assert told(tmp_path, files) == {("src/proj/net.py", 8, "saved-tensor-modified", "error")}


def test_saved_and_failing_lines_in_other_files(tmp_path: Path) -> None:
    files = {
        "model.py": "import torch\n\ndef features(x):\n    return torch.exp(x)\n",
        "loss.py": "def finish(y):\n    y.sum().backward()\n",
        "main.py": "import torch\nfrom model import features\nfrom loss import finish\n"
        "x = torch.ones(3, requires_grad=True)\ny = features(x)\ny += 1\nfinish(y)\n",
    }
    session = Session(Settings(), str(tmp_path))
    for name, text in files.items():
        session.set_text(str(tmp_path / name), text)
    (finding,) = session.check(str(tmp_path / "main.py")).findings
    places = {each.role: session.place(each.place) for each in finding.related}
    saved, failing = places[Role.SAVED], places[Role.BACKWARD]
    assert saved is not None and (Path(saved.file).name, saved.row) == ("model.py", 4)
    assert failing is not None and (Path(failing.file).name, failing.row) == ("loss.py", 2)


def test_what_a_caller_knows_better_is_not_told_twice(tmp_path: Path) -> None:
    text = """import torch

def activate(x, inplace=False):
    h = torch.sigmoid(x)
    if inplace:
        h.mul_(2)
    return h

x = torch.ones(3, requires_grad=True)
activate(x).sum().backward()
"""
    assert told(tmp_path, {"main.py": text}) == set()


DECIDED = """
import os
import torch

cfg = {}


def decide():
    if os.environ.get("CLONE"):
        return False
    return True


cfg["clone"] = decide()


def step():
    x = torch.randn(3, requires_grad=True)
    y = x.exp()
    w = y
    if cfg["clone"]:
        w = y.clone()
    w.add_(1)
    y.sum().backward()
"""


def test_what_a_module_decided_in_one_of_two_ways_is_not_certain(tmp_path: Path) -> None:
    file = str(tmp_path / "decided.py")
    severities = []
    for text in (DECIDED, DECIDED.replace("decide()\n\n\ndef step", "False\n\n\ndef step")):
        session = Session(Settings(str(tmp_path)), str(tmp_path))
        session.set_text(file, text)
        severities.append([each.severity for each in session.check(file).findings])
    assert severities == [[Severity.WARNING], [Severity.ERROR]]
