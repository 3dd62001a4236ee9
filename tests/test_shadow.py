"""After an error gradsafe goes on as if it were mended. Torch grades that: the defects are mended one by one.

A defect's line ends in ``# N [rule] mend: CODE``: what torch shows N-th, and what to write instead. Several lines with the
same N are found in one run.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fuzz.compare import predictions
from tests.fuzz.judge import judge

pytestmark = pytest.mark.torch
PROGRAMS = sorted(path for path in (Path(__file__).parent / "shadow").glob("*.py") if path.stem != "__init__")
DEFECT = re.compile(r"^(?P<indent> *)(?P<code>.*?)  # (?P<turn>\d) \[(?P<rule>[a-z-]+)\] mend: (?P<mend>.*)$")


class Defect(NamedTuple):
    turn: int
    line: int
    rule: str
    mended: str


def defects(text: str) -> list[Defect]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := DEFECT.match(line):
            mended = match["indent"] + match["mend"]
            found.append(Defect(int(match["turn"]), number, match["rule"], mended))
    return sorted(found)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_torch_shows_one_after_the_other_what_gradsafe_tells_at_once(path: Path) -> None:
    text = path.read_text("utf-8")
    left = defects(text)
    while left:
        turn = left[0].turn
        now = {(each.line, each.rule) for each in left if each.turn == turn}
        later = {(each.line, each.rule) for each in left if each.turn > turn}
        assert {(v.line, v.slug) for v in judge(text).verdicts} == now
        (told,) = predictions([text])
        assert {(v.line, v.slug) for v in told if v.severity == "error"} == now
        assert {(v.line, v.slug) for v in told if v.severity == "warning"} == later
        rows = text.splitlines()
        for each in left:
            if each.turn == turn:
                rows[each.line - 1] = each.mended
        text, left = "\n".join(rows) + "\n", [each for each in left if each.turn > turn]
    assert judge(text).verdicts == []
    assert predictions([text]) == [[]]
