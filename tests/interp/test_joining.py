"""Branches that cannot matter to autograd do not multiply the paths, and what matters is not forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.interp.analyse import RootKind, RootResult, analyse_root
from gradsafe.ops.table import load
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.rules.certainty.judge import findings_of

HEAD = "import torch\nx = torch.randn(3, requires_grad=True)\nh = x.exp()\n"
TAIL = "h.add_(1)\nh.sum().backward()\n"


def module(text: str, folder: Path) -> RootResult:
    session = Session(Settings(), str(folder))
    file = str(folder / "program.py")
    session.set_text(file, text)
    root = next(root for root in session.roots(file) if root.kind is RootKind.MODULE)
    return analyse_root(session.workspace, root, load())


@pytest.mark.parametrize(
    "branch",
    [
        "log = []\nif {c}:\n    log.append(h.sum().item())\n",
        "count = 0\nif {c}:\n    count += 1\n",
        "best = 0.0\nif {c}:\n    best = h.mean().item()\n",
        "device = torch.device('cuda' if {c} else 'cpu')\n",
        "if {c}:\n    device = 'cuda:0'\nelse:\n    device = 'cpu'\n",
        "options = {'batch_size': 8}\nif {c}:\n    options.update({'workers': 1})\n",
        "if {c}:\n    print(h.std().item(), unknown.mean())\n",
        "class Log:\n    def __init__(self):\n        self.best = 0\nlog = Log()\nif {c}:\n    log.best = h.max().item()\n",
        "if {c}:\n    import wandb\n    from apex import amp\n",
    ],
    ids=[
        "list",
        "counter",
        "number",
        "device expression",
        "device",
        "options",
        "printed",
        "attribute",
        "import",
    ],
)
def test_what_cannot_matter_is_one_path(branch: str, tmp_path: Path) -> None:
    branches = "".join(branch.replace("{c}", f"flags.f{number}") for number in range(6))
    result = module(f"from somewhere import flags, unknown\n{HEAD}{branches}{TAIL}", tmp_path)
    assert len(result.trails) == 1 and not result.budgets_hit
    assert [finding.severity.value for finding in findings_of(result)] == ["error"]


@pytest.mark.parametrize(
    "branch",
    [
        "if {c}:\n    h = x + 1\n",  # another tensor
        "if {c}:\n    h.mul_(2)\n",  # another version
        "name = 'a'\nif {c}:\n    name = 'b'\n",  # a flag that later conditions ask for
        "if {c}:\n    saved = None\nelse:\n    saved = True\n",
        "kept = []\nif {c}:\n    kept.append(h)\n",  # a container that holds a graph
        "if {c}:\n    x.requires_grad_(False)\n",
        "if {c}:\n    from torch import relu_ as act\nelse:\n    from torch import relu as act\nh = act(h)\n",
        "if {c}:\n    from torch import relu as act\nelse:\n    act = flags.g()\n",
        "if {c}:\n    act = flags.g()\nelse:\n    from torch import relu as act\n",
    ],
    ids=[
        "tensor",
        "version",
        "string",
        "flag",
        "held graph",
        "requires grad",
        "another import",
        "import or value",
        "value or import",
    ],
)
def test_what_may_matter_stays_apart(branch: str, tmp_path: Path) -> None:
    text = f"from somewhere import flags\n{HEAD}{branch.replace('{c}', 'flags.f')}{TAIL}"
    assert len(module(text, tmp_path).trails) == 2


def test_a_failure_that_a_branch_told_is_not_lost(tmp_path: Path) -> None:
    """The side that only may raise changes nothing older: it must not vanish into the other."""
    branch = "if flags.f:\n    a = torch.ones(3, requires_grad=flags.g)\n    a.add_(1)\n"
    result = module(f"import torch\nfrom somewhere import flags\n{branch}", tmp_path)
    assert [finding.code for finding in findings_of(result)] == ["leaf-modified"]
