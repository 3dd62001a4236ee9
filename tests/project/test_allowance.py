"""A file ends within its budget whatever it holds: who may spend, what is left out, and that edits change nothing of that."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gradsafe.cli import main
from gradsafe.interp.analyse import Root
from gradsafe.project.allowance import FILE, Allowance, Plan, Took
from gradsafe.project.outline import Outline
from gradsafe.project.problems import MOST
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.syntax.chunk import build
from gradsafe.syntax.scan import MAX_LINES

READERS = "".join(f"def read{i}(x):\n    return x + {i}\n\n" for i in range(4))
WRITER = "def write(x):\n    x.add_(1)\n\n"


def mutual(count: int) -> str:
    """Functions that call each other, each of which takes all of its own budget."""
    draw = random.Random(1)
    return "".join(
        f"def f{i}(x, n):\n    y = x.exp()\n    if n > {i}:\n"
        f"        return f{draw.randrange(count)}(y, n - 1) + f{draw.randrange(count)}(x, n - 2)\n"
        "    y.add_(1)\n    return y\n\n"
        for i in range(count)
    )


def plan(text: str) -> Plan:
    tree = build("a.py", text)
    return Plan(Outline(tree))


def no_size(file: str) -> int:
    return 0


def allowances(of: Plan, took: dict[str, Took]) -> dict[str, Allowance]:
    def spent(root: Root, given: Allowance) -> Took:
        return took.get(".".join(root.names), Took(0)) if given is Allowance.FULL else Took(10)

    return {".".join(root.names): of.allowance(root, spent, no_size) for root in of.order}


def test_who_comes_late_gets_little_and_then_nothing() -> None:
    of = plan(READERS + WRITER + "write(y)\n")
    assert set(allowances(of, {}).values()) == {Allowance.FULL}
    of.restart()
    found = allowances(of, {"write": Took(FILE * 3 // 4)})
    assert (found[""], found["write"], found["read0"]) == (Allowance.FULL, Allowance.FULL, Allowance.BRIEF)
    of.restart()
    assert allowances(of, {"write": Took(FILE)})["read0"] is Allowance.NONE


def test_what_roots_have_in_common_is_paid_once() -> None:
    text = "class A:\n" + "".join(f"    def m{i}(self):\n        pass\n" for i in range(3))
    for same, allowed in ((True, Allowance.FULL), (False, Allowance.BRIEF)):
        took = {f"A.m{i}": Took(10, {"A" if same else i: FILE // 3}) for i in range(3)}
        assert allowances(plan(text), took)["A.m2"] is allowed


def test_files_that_are_looked_into_are_paid_once_by_their_size() -> None:
    of = plan(READERS)
    took = Took(10, {}, frozenset({"big.py"}))
    assert of.allowance(of.order[-1], lambda root, given: took, lambda file: FILE // 5) is Allowance.FULL
    of.restart()
    assert of.allowance(of.order[-1], lambda root, given: took, lambda file: FILE) is Allowance.NONE


def test_while_something_is_to_be_run_the_rest_is_a_guess() -> None:
    of = plan(READERS)
    last = of.order[-1]
    assert of.allowance(last, lambda root, given: None, no_size) is Allowance.FULL
    assert of.allowance(last, lambda root, given: Took(FILE), no_size) is Allowance.NONE


def test_work_of_a_file_is_bounded(tmp_path: Path) -> None:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "mutual.py")
    session.set_text(file, mutual(300))
    result = session.check(file)
    assert result.complete
    assert result.work.instructions <= FILE + 10_000
    assert result.work.roots_run < 60
    left_out = [limit for limit in result.limits if limit.budget == "file"]
    assert len(left_out) == 301 - result.work.roots_run


@pytest.mark.parametrize(
    "statement",
    [
        "x{0} = torch.randn({0})\n",
        "class C{0}(C{1}):\n    def f(self):\n        pass\n\n",
        "def f{0}(x:\n    y = (x\n",
    ],
    ids=["statements", "classes", "broken"],
)
def test_work_of_a_long_file_is_bounded(tmp_path: Path, statement: str) -> None:
    """Twenty thousand statements of a kind: what is read, parsed and run together stays within the budget of a file."""
    text = "import torch\n" + "".join(statement.format(i, i + 1) for i in range(20_000))
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "long.py")
    session.set_text(file, text)
    session.check(file)
    tree = session.workspace.tree(file)
    assert tree is not None and tree.lines <= MAX_LINES + 1
    counts = session.counts()
    assert tree.lines + counts["instructions run"] <= FILE + 10_000
    assert counts["chunks parsed"] <= 4_000
    assert len(session.problems(file)) <= MOST


def test_after_edits_the_same_roots_are_left_out(tmp_path: Path) -> None:
    text = mutual(30)
    file = str(tmp_path / "mutual.py")
    session = Session(Settings(), str(tmp_path))
    for edited in (text, text.replace("y.add_(1)", "y = y + 1", 3), "n = 1\n" + text, text):
        session.set_text(file, edited)
        session.quick(file)
        result = session.check(file)
        fresh = Session(Settings(), str(tmp_path))
        fresh.set_text(file, edited)
        told = fresh.check(file)
        assert [(f.code, f.severity, session.place(f.primary)) for f in result.findings] == [
            (f.code, f.severity, fresh.place(f.primary)) for f in told.findings
        ]
        assert {(limit.budget, limit.root) for limit in result.limits} == {
            (limit.budget, limit.root) for limit in told.limits
        }


def test_check_says_where_a_budget_was_hit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mutual.py"
    file.write_text(mutual(60))
    main(["check", "-v", str(file)])
    told = capsys.readouterr().err
    assert "[instructions] ran out of instructions here" in told
    left_out = told.count("[file] other functions had used up this file's budget")
    assert 0 < left_out < 61
    assert f"file {left_out}" in told.splitlines()[-1]


def test_a_thousand_branches_are_followed_as_far_as_they_may_be_nested(tmp_path: Path) -> None:
    ladder = "def f(y, n):\n    if n == 0:\n        pass\n" + "".join(
        f"    elif n == {i}:\n        y.add_({i})\n" for i in range(1, 1_000)
    )
    after = "x = torch.ones(3, requires_grad=True)\ny = x.exp()\nf(y, 3)\ny.sum().backward()\n"
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "ladder.py")
    session.set_text(file, "import torch\n" + ladder + after)
    result = session.check(file)
    place = session.place(result.findings[0].primary)
    assert place is not None and place.row == 10
    assert {limit.budget for limit in result.limits} <= {"nesting", "paths"}


def test_what_may_write_comes_before_what_makes_and_registers() -> None:
    text = (
        "from a import register\nTABLE = {'a': config('a')}\n\n"
        "def config(name):\n    return {'name': name}\n\n"
        "class A:\n    def __init__(self):\n        super().__init__()\n\n    def forward(self, x):\n        return self.net(x)\n\n"
        "class B:\n    def __init__(self):\n        self.act = ReLU(inplace=True)\n\n    def forward(self, x):\n        return self.act(x)\n\n"
    )
    assert [".".join(root.names) for root in plan(text + WRITER).order] == [
        "B.__init__", "B.forward", "write", "config", "A.forward", "A.__init__", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    ["x.sum().backward()\n", "write(x)\n", "if __name__ == '__main__':\n    run()\n", "run()\n"],
    ids=["runs", "calls", "script", "calls what calls"],
)
def test_a_module_that_runs_a_model_comes_first(statement: str) -> None:
    assert plan(WRITER + "def run():\n    write(x)\n\n" + READERS + statement).order[0].names == ()
