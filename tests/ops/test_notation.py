"""Every line of every table reads back as it was written; what does not follow the notation is refused."""

from __future__ import annotations

import pytest

from gradsafe.ops.notation import NotationError, Return, Save, Write, parse
from gradsafe.ops.specs import module_text, optimizer_text, parse_module, parse_optimizer
from gradsafe.ops.table import TABLES

FILES = sorted(TABLES.glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_round_trips(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    operations = [line for line in lines if line[0] not in "@#"]
    for line in operations:
        assert str(parse(line)) == line
    for line in lines:
        if line.startswith("@module "):
            assert module_text(parse_module(line.removeprefix("@module "))) == line.removeprefix("@module ")
        elif line.startswith("@optimizer "):
            assert optimizer_text(parse_optimizer(line.removeprefix("@optimizer "))) == line.removeprefix(
                "@optimizer "
            )
    assert len(operations) > 1500


def test_lines_mention_only_their_own_parameters():
    for path in FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line[0] in "@#":
                continue
            op = parse(line)
            names = {param.name for param in op.params}
            assert {write.what for write in op.writes} <= names, line
            assert {condition.param.partition(".")[0] for condition in op.conditions} <= names, line
            assert {save.what for save in op.saves if not save.what.startswith("result")} <= names, line
            assert {need for save in op.saves for need in save.needs} <= names, line


def test_a_line_in_parts():
    op = parse(
        "F.f,torch.f(x: Tensor, *rest: Tensor, p: float = 0.5, mode: str = 'a, (b)') -> (view? x, fresh int64); "
        "when p == 0.5, x.ndim != 2, mode is str; saves x? for rest|x, result1; writes x? x2 unchecked, rest silent; "
        "overlap random  # probe"
    )
    assert op.names == ("F.f", "torch.f")
    assert [param.name for param in op.params] == ["x", "rest", "p", "mode"]
    assert op.params[1].star and op.params[2].keyword_only
    assert op.params[3].default == "a, (b)"
    assert op.returns.items == (Return("view", "x", True), Return("fresh", grad="int64"))
    assert op.saves == (Save("x", ("rest", "x"), False), Save("result1"))
    assert op.writes == (Write("x", 2, True, False), Write("rest", 0))
    assert op.flags == ("overlap", "random")
    assert op.origin == "probe"


@pytest.mark.parametrize(
    "line",
    [
        "torch.f(self: Tensor -> fresh",
        "torch.f(self: Tensor) fresh",
        "torch.f(self: Tensor) -> fresh; keeps self",
        "torch.f(self: Tensor = open()) -> fresh",
        "torch.f(self: Tensor) -> fresh;  saves self",
        "",
    ],
)
def test_what_is_not_notation_is_refused(line):
    with pytest.raises(NotationError):
        parse(line)
