"""A copy that torch keeps (`save_for_backward`) is offered where nobody but the class's own `backward` reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixes.test_named_fixes import offered

SQUARE = """\
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.x * g
"""
USE = """
h = torch.ones(3, requires_grad=True) * 2
y = {use}.apply(h)
h.mul_(10)
y.sum().backward()
"""
HELPED = """\
def keep(ctx, x):
    ctx.x = x


def backward(ctx, g):
    return 2 * ctx.x * g


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        keep(ctx, x)
        return x * x

    backward = staticmethod(backward)
"""
DERIVED = (
    SQUARE
    + """
class Cube(Square):
    @staticmethod
    def backward(ctx, g):
        return 3 * ctx.x * g
"""
)


def inside(text: str) -> str:
    return "def run():\n" + "".join(f"    {line}" if line.strip() else line for line in text.splitlines(True))


PROGRAMS = {
    "its own": (SQUARE + USE.format(use="Square"), True),
    "in a function": (inside(SQUARE + USE.format(use="Square")) + "run()\n", True),
    "a derived class": (DERIVED + USE.format(use="Square"), False),
    "a derived class in a function": (inside(DERIVED + USE.format(use="Square")) + "run()\n", False),
    "a derived class under a condition": (
        SQUARE
        + "if True:\n    class Cube(Square):\n        def more(ctx):\n            return ctx.x\n"
        + USE.format(use="Square"),
        False,
    ),
    "a function of the module": (HELPED + USE.format(use="Square"), False),
}


@pytest.mark.parametrize(("program", "is_saved"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_saved_for_backward(program: str, is_saved: bool, tmp_path: Path) -> None:
    fixed = offered("clone-on-context", "import torch\n" + program, tmp_path)
    assert all(said == "right" for _, said in fixed), fixed
    assert any(".x = x.clone()" in text for text, _ in fixed)
    assert any("save_for_backward" in text for text, _ in fixed) == is_saved
