"""Calls that keep books are bounded: what comes after them is still looked at, and not certain."""

from __future__ import annotations

from pathlib import Path

from gradsafe.interp.analyse import BUDGETS, RootKind
from gradsafe.interp.bounded import BOOKS, BRIEF, DECORATOR, DECORATORS, SHARE
from gradsafe.project.result import FileResult
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

HEAVY = (
    "import torch\nimport os\n\n"
    "def documented(f):\n    lines = []\n"
    + "".join(f"    lines.append(str({i}) + os.getcwd())\n" for i in range(DECORATOR // 5))
    + "    f.__doc__ = ''.join(lines)\n    return f\n\n"
)
BROKEN = (
    "x = torch.ones(3, requires_grad=True)\ny = x.exp()\ny = spoil(y)\ny.sum().backward()\n"  # one defect
)
DEFINITION = "@documented\ndef spoil(t):\n    t.add_(1)\n    return t\n\n"


def check(text: str, tmp_path: Path) -> FileResult:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "a.py")
    session.set_text(file, text)
    return session.check(file)


def test_a_heavy_decorator_is_cut_and_what_it_decorates_is_not(tmp_path: Path) -> None:
    result = check(HEAVY + DEFINITION + BROKEN, tmp_path)
    assert "decorators" in {limit.budget for limit in result.limits}
    assert [(f.code, f.severity.value) for f in result.findings] == [("saved-tensor-modified", "warning")]


def test_a_wrapper_is_followed(tmp_path: Path) -> None:
    wrapper = (
        "import torch, functools\n\ndef documented(f):\n    @functools.wraps(f)\n    def inner(*a):\n"
        "        return f(*[each.clone() for each in a])\n    return inner\n\n"
    )
    result = check(wrapper + DEFINITION + BROKEN, tmp_path)
    assert not result.limits
    assert not result.findings


def test_many_decorators_together_are_bounded(tmp_path: Path) -> None:
    many = "".join(f"@documented\ndef f{i}(x):\n    return x\n\n" for i in range(200))
    result = check(HEAVY + many + DEFINITION + BROKEN, tmp_path)
    assert result.work.instructions < 2 * DECORATORS + 20 * 200
    assert [f.code for f in result.findings] == ["saved-tensor-modified"]


BASE = (
    "import os\nfrom torch import nn\n\n\nclass Base(nn.Module):\n    def __init__(self, config):\n        super().__init__()\n"
    + "".join(f"        self.n{i} = str({i}) + os.getcwd() + str(config.n{i})\n" for i in range(1_000))
)
MODEL = (
    "from torch import nn\nfrom base import Base\n\n\nclass Model(Base):\n    def __init__(self, config):\n        super().__init__(config)\n"
    "        self.act = nn.ReLU(inplace=True)\n\n    def step(self, x: nn.Parameter):\n        y = x.exp()\n        self.act(y)\n"
    "        y.sum().backward()\n"
)


def test_an_object_is_made_to_its_end_whatever_its_base_looks_up(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text(BASE, encoding="utf-8")
    result = check(MODEL, tmp_path)
    assert [(f.code, f.severity.value) for f in result.findings] == [("saved-tensor-modified", "warning")]
    assert result.work.instructions < SHARE * BUDGETS[RootKind.FUNCTION].instructions


def test_what_a_skipped_call_would_have_set_is_not_missed(tmp_path: Path) -> None:
    base = BASE + "\n    def __getattr__(self, name):\n        raise AttributeError(name)\n"
    (tmp_path / "base.py").write_text(base, encoding="utf-8")
    model = MODEL.replace("self.act = nn.ReLU(inplace=True)", "self.size = self.n1").replace(
        "self.act(y)", "y.relu_()"
    )
    result = check(model, tmp_path)
    assert [(f.code, f.severity.value) for f in result.findings] == [("saved-tensor-modified", "warning")]


BOOKKEEPING = "import os\nimport torch\n\n\ndef read():\n{first}    found = []\n" + "".join(
    f"    found.append(str({i}) + os.getcwd())\n" for i in range(BOOKS // 4)
)
SCRIPT = (
    "import torch\nfrom books import read\n\nread()\nx = torch.ones(3, requires_grad=True)\ny = x.exp()\ny.add_(1)\n"
    "y.sum().backward()\n"
)


def test_what_a_module_looks_up_elsewhere_is_cut_and_its_own_statements_are_not(tmp_path: Path) -> None:
    (tmp_path / "books.py").write_text(BOOKKEEPING.format(first=""), encoding="utf-8")
    result = check(SCRIPT, tmp_path)
    assert [(f.code, f.severity.value) for f in result.findings] == [("saved-tensor-modified", "warning")]
    assert result.work.instructions < BOOKS + 1_000


def test_what_a_module_does_to_tensors_elsewhere_is_carried_out(tmp_path: Path) -> None:
    """A tensor was made before the bound, so the call is one that matters: it may take what is left."""
    first = "    weight = torch.ones(3, requires_grad=True)\n"
    (tmp_path / "books.py").write_text(BOOKKEEPING.format(first=first), encoding="utf-8")
    result = check(SCRIPT, tmp_path)
    assert [(f.code, f.severity.value) for f in result.findings] == [("saved-tensor-modified", "error")]
    assert result.work.instructions > BOOKS


def test_a_call_that_may_go_on_does_so_and_is_not_begun_anew(tmp_path: Path) -> None:
    first = "    weight = torch.ones(3, requires_grad=True)\n"
    (tmp_path / "books.py").write_text(BOOKKEEPING.format(first=first), encoding="utf-8")
    (tmp_path / "a.py").write_text(SCRIPT, encoding="utf-8")
    session = Session(Settings(), str(tmp_path))
    begun = []
    (root,) = session.roots(str(tmp_path / "a.py"))
    session.outcome(root, lambda: bool(begun.append(None)))
    assert BOOKS // 4 < len(begun) < BOOKS // 4 + 50  # each of its statements once


RECORDED = (
    "import os\n\n\ndef recorded(f):\n    if f.__name__ == 'spoil':\n        return f\n    found = []\n"
    + "".join(f"    found.append(str({i}) + os.getcwd())\n" for i in range(BOOKS // 4))
    + "    return f\n\n\ndef quick(f):\n    if f.__name__ == 'spoil':\n        return f\n    return f\n\n\n"
)


def _many(decorator: str) -> str:
    return "".join(f"@{decorator}\ndef f{i}(x):\n    return x\n\n" for i in range(6))


def test_who_keeps_books_whatever_it_is_given_gets_little_each_time(tmp_path: Path) -> None:
    text = f"import torch\nfrom record import recorded, quick\n\n{{many}}{DEFINITION.replace('documented', 'quick')}{BROKEN}"
    (tmp_path / "record.py").write_text(RECORDED, encoding="utf-8")
    without = check(text.format(many=_many("quick")), tmp_path)
    result = check(text.format(many=_many("recorded")), tmp_path)
    assert result.work.instructions - without.work.instructions < 6 * (DECORATOR // BRIEF + 10)
    assert [f.code for f in result.findings] == ["saved-tensor-modified"]
    assert "decorators" in {limit.budget for limit in result.limits}
    assert [(f.code, f.severity.value) for f in without.findings] == [("saved-tensor-modified", "error")]


def test_who_would_keep_books_and_does_not_is_followed(tmp_path: Path) -> None:
    (tmp_path / "record.py").write_text(RECORDED, encoding="utf-8")
    text = (
        f"import torch\nfrom record import recorded\n\n{DEFINITION.replace('documented', 'recorded')}{BROKEN}"
    )
    result = check(text, tmp_path)
    assert [(f.code, f.severity.value) for f in result.findings] == [("saved-tensor-modified", "error")]
    assert not result.limits


def test_who_comes_to_tensors_after_some_time_is_carried_out(tmp_path: Path) -> None:
    """It is cut at its first try, but with nothing known it touches tensors, too: so it keeps no books."""
    lines = "".join(f"        self.n{i} = str({i}) + os.getcwd()\n" for i in range(BOOKS // SHARE // BRIEF))
    base = (
        "import os\nfrom torch import nn\n\n\nclass Base(nn.Module):\n    def __init__(self, config):\n        super().__init__()\n"
        f"{lines}        self.act = nn.ReLU(inplace=True)\n"
    )
    (tmp_path / "base.py").write_text(base, encoding="utf-8")
    result = check(MODEL.replace("        self.act = nn.ReLU(inplace=True)\n", ""), tmp_path)
    assert [f.code for f in result.findings] == ["saved-tensor-modified"]
    assert not result.limits
