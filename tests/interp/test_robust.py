"""No text makes the interpreter raise: fixtures with lines deleted, moved, mixed and cut short."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

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
