"""What a custom Function keeps as an attribute of ``ctx`` is copied inside it; the gradient is then that of the program that writes out of place."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from gradsafe.cli.check import with_proved_fixes
from gradsafe.cli.opening import open_paths
from gradsafe.report.texts import edited_files

pytestmark = pytest.mark.torch

PROGRAM = """\
import torch

class F(torch.autograd.Function):
    @staticmethod
    def forward(ctx, {parameters}):
{forward}

    @staticmethod
    def backward(ctx, g):
{backward}

torch.manual_seed(0)
w = torch.rand(3, requires_grad=True)
h, k = w * 1, w * 3
y = F.apply({parameters})
{write}
y.sum().backward()
"""
SQUARE = {"forward": "ctx.x = h\nreturn h * h", "backward": "return 2 * ctx.x * g", "parameters": "h"}
PRODUCT = {
    "forward": "ctx.a, ctx.b = h, k\nreturn h * k",
    "backward": "return g * ctx.b, g * ctx.a",
    "parameters": "h, k",
}


def _program(parts: dict[str, str], write: str) -> str:
    bodies = {key: parts[key].replace("\n", "\n        ") for key in ("forward", "backward")}
    return PROGRAM.format(
        parameters=parts["parameters"],
        write=write,
        forward=f"        {bodies['forward']}",
        backward=f"        {bodies['backward']}",
    )


def _gradient(text: str) -> torch.Tensor:
    space: dict[str, torch.Tensor] = {}
    exec(compile(text, "program.py", "exec"), space)
    found = space["w"].grad
    assert found is not None
    return found


def _fixed(text: str, folder: Path) -> list[str]:
    """The program after each fix of this remedy that holds."""
    file = folder / "program.py"
    file.write_text(text, "utf-8")
    judge = open_paths([str(file)]).judge
    (entry,) = judge.check(str(file)).entries
    held = [fix for fix in with_proved_fixes(judge, entry).fixes if fix.remedy == "clone-on-context"]
    assert all(fix.safe for fix in held)
    return [edited_files({str(file): text}, fix.edits)[str(file)] for fix in held]


CURED = {
    "an attribute": (SQUARE, ["ctx.x = h.clone()\n", "ctx.save_for_backward(h.clone())\n"]),
    "unpacked below a docstring": (
        SQUARE | {"backward": '"""Twice."""\nprint(ctx.x)\nreturn 2 * ctx.x * g'},
        [
            "ctx.x = h.clone()\n",
            '"""Twice."""\n        (x,) = ctx.saved_tensors\n        print(x)\n        return 2 * x * g\n',
        ],
    ),
    "one of two": (PRODUCT, ["ctx.a, ctx.b = h.clone(), k\n"]),
    "in a list": (
        PRODUCT | {"forward": "ctx.kept = [h, k]\nreturn h * k", "backward": "a, b = ctx.kept\nreturn g * b, g * a"},
        ["ctx.kept = [h.clone(), k]\n"],
    ),
    "a view of it": (
        SQUARE | {"forward": "ctx.x = h.detach()\nreturn h * h"},
        ["ctx.x = h.detach().clone()\n", "ctx.save_for_backward(h.detach().clone())\n"],
    ),
    "under an if": (
        SQUARE | {"forward": "if ctx.needs_input_grad[0]:\n    ctx.x = h\nreturn h * h"},
        ["ctx.x = h.clone()\n"],
    ),
    "next to what is saved": (
        PRODUCT
        | {
            "forward": "ctx.a = h\nctx.save_for_backward(k)\nreturn h * k",
            "backward": "(b,) = ctx.saved_tensors\nreturn g * b, g * ctx.a",
        },
        ["ctx.a = h.clone()\n"],
    ),
    "the name is taken": (
        SQUARE | {"backward": "x = 2 * g\nreturn x * ctx.x"},
        ["ctx.x = h.clone()\n"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "expected"), CURED.values(), ids=CURED.keys())
def test_cured(parts: dict[str, str], expected: list[str], tmp_path: Path) -> None:
    right = _gradient(_program(parts, "h = h.mul(10)"))
    text = _program(parts, "h.mul_(10)")
    assert not torch.allclose(_gradient(text), right)
    found = _fixed(text, tmp_path)
    for program in found:
        assert torch.allclose(_gradient(program), right)
    assert len(found) == len(expected)
    assert all(piece in program for piece, program in zip(expected, found, strict=True)), found


def test_what_another_method_reads_stays_an_attribute(tmp_path: Path) -> None:
    reads = "        return F.twice(ctx) * g\n\n    @staticmethod\n    def twice(ctx):\n        return 2 * ctx.x\n"
    text = _program(SQUARE, "h.mul_(10)").replace("        return 2 * ctx.x * g\n", reads)
    (program,) = _fixed(text, tmp_path)
    assert "ctx.x = h.clone()\n" in program
    assert torch.equal(_gradient(program), _gradient(text.replace("h.mul_(10)", "h = h.mul(10)")))


def test_a_class_that_derives_from_it_may_read_the_attribute(tmp_path: Path) -> None:
    derived = "class G(F):\n    @staticmethod\n    def backward(ctx, g):\n        return 3 * ctx.x * g\n\ntorch.manual_seed"
    text = _program(SQUARE, "h.mul_(10)").replace("torch.manual_seed", derived)
    (program,) = _fixed(text, tmp_path)
    assert "ctx.x = h.clone()\n" in program


def _writing(forward: str) -> str:
    """A Function whose result is its argument, which it writes; the gradient is wrong where the result is written again."""
    parts = {"forward": forward, "backward": "return g * ctx.x", "parameters": "h"}
    text = _program(parts, "y.mul_(10)")
    right = _gradient(_program(parts | {"forward": "ctx.x = h = h.exp()\nreturn h.clone()"}, "y = y.mul(10)"))
    assert not torch.allclose(_gradient(text), right)
    return text


def test_what_the_function_writes_before_it_keeps_it(tmp_path: Path) -> None:
    text = _writing("ctx.mark_dirty(h)\nh.exp_()\nctx.x = h\nreturn h")
    right = _gradient(text.replace("ctx.x = h", "ctx.x = h.clone()"))
    kept, saved = _fixed(text, tmp_path)
    assert "ctx.x = h.clone()\n" in kept and "ctx.save_for_backward(h.clone())\n" in saved
    assert torch.equal(_gradient(kept), right) and torch.equal(_gradient(saved), right)


def test_a_copy_made_before_the_function_itself_writes_is_another_value(tmp_path: Path) -> None:
    text = _writing("ctx.x = h\nctx.mark_dirty(h)\nh.exp_()\nreturn h")
    assert not _fixed(text, tmp_path)


def test_a_write_that_moves_no_counter(tmp_path: Path) -> None:
    right = _gradient(_program(SQUARE, ""))
    text = _program(SQUARE, "h.data.mul_(10)")
    assert not torch.allclose(_gradient(text), right)
    kept, saved = _fixed(text, tmp_path)
    assert torch.equal(_gradient(kept), right) and torch.equal(_gradient(saved), right)


def test_a_second_derivative_asks_for_the_history_of_what_is_kept(tmp_path: Path) -> None:
    text = _program(SQUARE, "h.mul_(10)").replace("y.sum().backward()", "y.sum().backward(create_graph=True)")
    assert not _fixed(text, tmp_path)
