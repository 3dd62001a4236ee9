"""Generated programs: torch's verdicts are sound, and gradsafe predicts them without a false error."""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fuzz.compare import compare
from tests.fuzz.generate import Generated, generate
from tests.fuzz.judge import judge
from tests.fuzz.shrink import shrink
from tests.oracle.report import table
from tests.oracle.score import Row

pytestmark = pytest.mark.torch

SEED = 20_000
"""Nobody looks at these seeds while working on the analysis: figures on seeds one has tuned on mean nothing."""

PROGRAMS = {1: 40, 2: 60, 3: 60, 4: 40}
LOUD_KINDS_SHARE = 0.25


@cache
def _programs(level: int) -> tuple[Generated, ...]:
    return tuple(generate(seed, level) for seed in range(SEED, SEED + PROGRAMS[level]))


@cache
def _rows() -> list[Row]:
    return compare([program for level in PROGRAMS for program in _programs(level)])


@pytest.mark.parametrize("level", PROGRAMS)
def test_each_level_has_its_share_of_errors_and_near_misses(level: int) -> None:
    kinds = Counter(program.judged.kind for program in _programs(level))
    total = sum(kinds.values())
    assert kinds["near-miss"] >= LOUD_KINDS_SHARE * total
    assert total - kinds["near-miss"] - kinds["plain"] >= LOUD_KINDS_SHARE * total


def test_a_seed_always_gives_the_same_program() -> None:
    again = generate(SEED, 2)
    assert (again.text, again.judged) == (_programs(2)[0].text, _programs(2)[0].judged)


def test_shrinking_keeps_what_matters() -> None:
    program = next(p for p in _programs(1) if p.judged.kind == "saved-tensor-modified")
    small = shrink(program.text, lambda text: judge(text).kind == "saved-tensor-modified")
    assert judge(small).kind == "saved-tensor-modified"
    assert len(small) <= len(program.text)


def test_no_false_error(capsys: pytest.CaptureFixture[str]) -> None:
    rows = _rows()
    loud = [row for row in rows if row.kind not in ("safe", "extra", "right by luck")]
    predicted = sum(row.outcome in ("exact", "story") for row in loud)
    exact = sum(row.outcome == "exact" for row in loud)
    with capsys.disabled():
        print(f"\n{table(rows)}\npredicted {predicted}/{len(loud)}, lines exact {exact}/{len(loud)}")
    assert [row for row in rows if row.outcome == "false-error"] == []
