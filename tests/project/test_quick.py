"""What a keystroke runs, and what waits until nobody types."""

from __future__ import annotations

from pathlib import Path

from gradsafe.interp.analyse import Root
from gradsafe.interp.world import World
from gradsafe.project.allowance import FILE, Allowance
from gradsafe.project.interpret import Outcome
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings


def test_a_function_that_writes_nothing_is_run_when_nobody_types(tmp_path: Path) -> None:
    """What it has to tell is about what it calls; what itself may write is told with the keystroke."""
    run: list[str] = []

    def interpret(world: World, root: Root, allowance: Allowance) -> Outcome:
        world.body(root.scope)
        run.append(".".join(root.names))
        return Outcome(())

    session = Session(Settings(), str(tmp_path), interpret)
    file = str(tmp_path / "a.py")
    before = 'def f(x):\n    """As in x.add_(1)."""\n'
    for line, at_once in (("y = x * 2  # y += 1", False), ("y = x.add_(1)", True), ("y = x + 1", False)):
        session.set_text(file, f"{before}    {line}\n    return y\n")
        run.clear()
        session.quick(file)
        assert run == (["f"] if at_once else [])
        session.check(file)
        assert run.count("f") == 1


def test_what_there_is_suddenly_time_for_is_not_run_with_a_keystroke(tmp_path: Path) -> None:
    """A function that took the file's whole budget is broken for a moment: the others are run when there is time."""
    run: list[str] = []

    def interpret(world: World, root: Root, allowance: Allowance) -> Outcome:
        world.body(root.scope)
        run.append(".".join(root.names))
        return Outcome((), FILE if root.names == ("greedy",) and len(world.body(root.scope)) > 1 else 0)

    session = Session(Settings(), str(tmp_path), interpret)
    file = str(tmp_path / "a.py")
    text = "def greedy(x):\n    x.add_(1)\n    x.mul_(2)\n\n\ndef other(x):\n    return x.add_(1)\n"
    session.set_text(file, text)
    session.check(file)
    assert run == ["greedy"]
    run.clear()
    session.set_text(file, text.replace("    x.mul_(2)\n", ""))
    result = session.quick(file)
    assert run == ["greedy"]
    assert not result.complete
    assert {".".join(root.names) for root in session.pending(file)} == {"", "other"}
    session.set_text(
        file, text.replace("    x.mul_(2)\n", "").replace("return x.add_(1)\n", "return x.add_(2)\n")
    )
    session.quick(file)
    assert run == ["greedy", "other"]
