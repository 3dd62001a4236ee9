"""Hostile programs stay within their budgets: work is counted, never timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.interp.analyse import BUDGETS, RootKind, analyse_root
from gradsafe.ops.table import load
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

BRANCHES = (
    "def f(x, flags):\n"
    + "".join(f"    if flags[{i}]:\n        x = 'side {i}'\n" for i in range(300))
    + "    return x\n"
)
MUTUAL = "def f(x):\n    return g(x) + g(x)\n\ndef g(x):\n    return f(x) * f(x)\n\nf(1)\n"
LOOPS = (
    "import torch\nx = torch.ones(3)\n"
    + "".join(f"{'    ' * d}for i{d} in range(1000):\n" for d in range(12))
    + "    " * 12
    + "x = x + 1\n"
)
CALLS = (
    "".join(f"def f{i}(x):\n    return f{i + 1}(x)\n" for i in range(400))
    + "def f400(x):\n    return x\nf0(1)\n"
)
INHERITANCE = "class A(B): pass\nclass B(A): pass\nclass C(C): pass\nA().f()\nC().g\n"
SELF_IMPORT = "from program import *\nfrom . import program\nprint(nothing)\n"
DOUBLING = (
    "import torch\nfrom somewhere import s\na = [1]\nb = (1,)\nt = 'x'\n"
    + "a += a\nb = b + b\na.extend(a)\ns = s + s\nt = f'{t}{t}'\n" * 100
)
ENDLESS = (
    "def g(n):\n    while True:\n        yield from g(n - 1)\n        yield from g(n - 2)\n"
    "for x in g(5):\n    for y in g(x):\n        print(next(g(y)))\n"
)
CASES = "def f(x, k):\n    match k:\n" + "".join(
    f"        case {i}:\n            x.a{i} = 1\n" for i in range(500)
)
SUPERS = "class A0:\n    def m(self):\n        return 1\n" + "".join(
    f"class A{i}(A{i - 1}):\n    def m(self):\n        return super().m() + super().m()\n"
    for i in range(1, 30)
)
PRODUCTS = (
    "import itertools\nfor a in itertools.product(range(50), range(50), range(50)):\n"
    "    for b in itertools.permutations(range(60), 8):\n        print('%999999999d' % 1, f'{1:999999999}')\n"
)


@pytest.mark.parametrize(
    "text", [BRANCHES, MUTUAL, LOOPS, CALLS, INHERITANCE, SELF_IMPORT, DOUBLING, ENDLESS, CASES, SUPERS, PRODUCTS],
    ids=["branches", "mutual recursion", "nested loops", "call chain", "inheritance loops", "star import of itself",
         "things that double", "endless generators", "a thousand cases", "super of super", "products"],
)  # fmt: skip
def test_work_is_bounded(text: str, tmp_path: Path) -> None:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "program.py")
    session.set_text(file, text)
    for root in session.roots(file):
        result = analyse_root(session.workspace, root, load())
        # A root ends at the first instruction past its budget, in each block that is still open.
        assert result.instructions <= BUDGETS[root.kind].instructions + 1_000
        assert len(result.trails) <= 20 * BUDGETS[root.kind].paths


def test_dropped_paths_blur_the_rest(tmp_path: Path) -> None:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "program.py")
    session.set_text(file, BRANCHES)
    function = next(root for root in session.roots(file) if root.kind is RootKind.FUNCTION)
    result = analyse_root(session.workspace, function, load())
    assert "paths" in result.budgets_hit
    assert all(trail.blurred for trail in result.trails)


def test_where_nothing_more_is_followed_after_an_error_is_told(tmp_path: Path) -> None:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "program.py")
    defect = "x = torch.ones(3, requires_grad=True)\ny = x.exp()\ny.add_(1)\ny.sum().backward()\n"
    session.set_text(file, "import torch\n" + defect * 1_000)
    assert "shadow" in {limit.budget for limit in session.check(file).limits}
    session.set_text(file, "import torch\n" + defect * 3)
    assert not session.check(file).limits
