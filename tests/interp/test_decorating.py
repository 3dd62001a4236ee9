"""A decorator has a small budget of its own: past it, it gives back what it was given, and nothing after it is certain."""

from __future__ import annotations

from pathlib import Path

from gradsafe.interp.decorating import DECORATOR, DECORATORS
from gradsafe.project.session import FileResult, Session
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
