"""A root that is typed in goes on from the edit: what that costs, and that it changes nothing of what is found."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from gradsafe.interp.analyse import Root
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
LONG = """\
import torch

SCALE = 2.0

def helper(x):
    return x * SCALE

def loss(x):
""" + "".join(f"    y{i} = helper(x).exp() + {i}\n" for i in range(40))


def text(end: str, factor: str = "2.0") -> str:
    return LONG.replace("2.0", factor) + end


def last(work: Callable[[], int]) -> Callable[[], int]:
    """How much some count has grown since it was asked last."""
    before = work()

    def since() -> int:
        nonlocal before
        now = work()
        before, grown = now, now - before
        return grown

    return since


def test_typing_at_the_end_of_a_function_costs_its_last_statements(tmp_path: Path) -> None:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "a.py")
    session.set_text(file, text("    return y0\n"))
    session.check(file)
    ran = last(lambda: session.counts()["instructions run"])
    session.set_text(file, text("    return y0 + y1\n"))
    session.check(file)
    whole = ran()
    costs = []
    for end in ("    y0.add_(1)\n", "    y0.add_(1)\n    return y0.sum()\n", "    return y1\n"):
        session.set_text(file, text(end))
        session.check(file)
        costs.append(ran())
    assert max(costs) * 5 < whole


def test_what_was_read_before_the_edit_counts(tmp_path: Path) -> None:
    """Another function than the one that is typed in has changed: no halt that has called it holds."""
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "a.py")
    wrong = "    y39.add_(1)\n    y39.sum().backward()\n    return y39\n"
    session.set_text(file, text(wrong))
    session.check(file)
    for helper in ("x.exp()", "x.exp().detach()", "x.relu_()", "x * SCALE"):
        for end in (wrong, wrong.replace("y39.add_", "y38.add_"), wrong):
            session.set_text(file, text(end).replace("return x * SCALE", f"return {helper}"))
            session.quick(file)
            assert said(session, file) == said(fresh(session, file), file)


def test_a_halt_that_somebody_looked_through_is_none(tmp_path: Path) -> None:
    """A function that calls itself rests on all of its text from then on."""
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "a.py")
    body = "def f(x, n=0):\n    y = x.exp()\n    if n < 1:\n        y = f(y, n + 1)\n    z = y * 2\n    z = z + 1\n"
    for end in (
        "    return z\n",
        "    y.add_(1)\n    return z\n",
        "    y.mul_(2)\n    return y\n",
        "    return y\n",
    ):
        session.set_text(file, body + end)
        session.quick(file)
        assert said(session, file) == said(fresh(session, file), file)


def fresh(session: Session, file: str) -> Session:
    """A new session with the same text."""
    other = Session(Settings(), session.workspace.root)
    other.set_text(file, session.workspace.text(file) or "")
    return other


def said(session: Session, file: str) -> dict[Root, object]:
    """All that is known of each root, and what it rests on."""
    session.check(file)
    return {root: (kept.outcome, kept.reads, kept.files) for root, kept in session.results(file)}


STATEMENTS = (
    "x = 1", "y.add_(1)", "y = y * 2", "del y", "return y", "self.z = 3", "y.sum().backward()", "with torch.no_grad():",
    "if y:", "pass", "raise ValueError", "x.mul_(2)", "out = out + 1", "y[0] = 0", "loss = y", "yield x",
)  # fmt: skip


@pytest.mark.parametrize("part", range(8))
def test_going_on_gives_what_a_fresh_run_gives(tmp_path: Path, part: int) -> None:
    """With a halt before every statement, edits of whole statements in fixtures: every outcome of every root is the same, and
    so is all that it rests on.
    """
    fixtures = sorted((ROOT / "fixtures").glob("*/*.py"))[part * 3 :: 40]
    file = str(tmp_path / "a.py")
    for number, fixture in enumerate(fixtures):
        draw = random.Random(part * 100 + number)
        original = fixture.read_text("utf-8").split("\n")
        session, lines = Session(Settings(), str(tmp_path)), list(original)
        session.resuming.every = 1
        session.set_text(file, "\n".join(lines))
        session.check(file)
        for _ in range(8):
            edit(lines, original, draw)
            session.set_text(file, "\n".join(lines))
            session.quick(file)
            assert said(session, file) == said(fresh(session, file), file), (fixture.name, "\n".join(lines))


def edit(lines: list[str], original: list[str], draw: random.Random) -> None:
    """One line more, one less, one broken; now and then the text as it was."""
    at, act = draw.randrange(1, max(len(lines), 2)), draw.random()
    if act < 0.6:
        indent = lines[at - 1][: len(lines[at - 1]) - len(lines[at - 1].lstrip())]
        lines.insert(at, indent + draw.choice(STATEMENTS))
    elif act < 0.75 and len(lines) > 2:
        del lines[at]
    elif act < 0.85:
        lines[at:at] = [draw.choice("x1)(.")]
    else:
        lines[:] = original
