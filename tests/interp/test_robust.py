"""No text makes the interpreter raise: fixtures with lines deleted, moved, mixed and cut short."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gradsafe.interp import analyse, builtin_calls, torch_api
from gradsafe.ops.table import load
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

TESTS = Path(__file__).parents[1]
TEXTS = [path.read_text(encoding="utf-8") for path in sorted((TESTS / "fixtures").rglob("*.py"))]
MUTANTS = 120


def mutated(seed: int) -> str:
    """A fixture with one to six random changes."""
    chance = random.Random(seed)
    lines = chance.choice(TEXTS).split("\n")
    for _ in range(chance.randint(1, 6)):
        at, kind = chance.randrange(len(lines)), chance.randrange(4)
        if kind == 0 and len(lines) > 1:
            del lines[at]
        elif kind == 1:
            lines.insert(at, chance.choice(chance.choice(TEXTS).split("\n")))
        elif kind == 2:
            words = lines[at].split(" ")
            words[chance.randrange(len(words))] = chance.choice(chance.choice(TEXTS).split())
            lines[at] = " ".join(words)
        else:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)


@pytest.mark.parametrize("start", range(0, MUTANTS, 20))
def test_mutants(start: int, tmp_path: Path) -> None:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "program.py")
    for seed in range(start, start + 20):
        session.set_text(file, mutated(seed))
        session.check(file)


def test_prefixes(tmp_path: Path) -> None:
    session = Session(Settings(), str(tmp_path))
    file = str(tmp_path / "program.py")
    for text in TEXTS:
        session.set_text(file, text[: random.Random(len(text)).randrange(len(text))])
        session.check(file)


ARGUMENTS = (
    "",
    "*xs",
    "a, *xs",
    "**kw",
    "a",
    "a, b",
    "None",
    "[]",
    "a, b, c, d, e, f",
    "key=a",
    "t",
    "t, *xs",
    "*xs, dim=a",
)


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_whatever_a_function_that_is_modelled_is_given(arguments: str, tmp_path: Path) -> None:
    """Too few arguments, too many, starred ones of which nothing is known: as in code that is being typed."""
    names = sorted({*builtin_calls.FUNCTIONS, *torch_api.FUNCTIONS})
    session = Session(Settings(), str(tmp_path))
    modules = sorted({name.rpartition(".")[0] for name in names if "." in name} - {"builtins"})
    imports = "".join(f"import {module}\n" for module in modules)
    calls = "".join(
        f"def call_{number}(a, b, c, d, e, f, xs, kw):\n    t = torch.ones(3)\n"
        f"    return {name.removeprefix('builtins.')}({arguments})\n"
        for number, name in enumerate(names)
        if name.replace(".", "").isidentifier() and not name.startswith("gradsafe.")
    )
    file = str(tmp_path / "program.py")
    session.set_text(file, f"import torch\n{imports}{calls}")
    raised: list[str] = []
    for root in session.roots(file):
        try:
            analyse.analyse_root(session.workspace, root, load())
        except Exception as error:  # whatever it is: all of them are to be seen at once
            number = root.names[0].removeprefix("call_") if root.names else ""
            raised.append(f"{names[int(number)] if number else root}({arguments}): {error!r}")
    assert raised == []
