"""Programs of the kind that reports show, written blind: gradsafe says of each what torch does with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.reports.cases import CASES, Case, cases, rows

ALL = cases()
SAMPLE = 8
"""Torch judges every eighth label again: all of them take minutes (`python -m tests.reports.label`)."""


def test_every_program_has_a_label() -> None:
    assert sorted(case.path for case in ALL) == sorted(CASES.glob("*.py"))


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_gradsafe_predicts_it(case: Case) -> None:
    assert [row for row in rows(case) if not row.good] == []


@pytest.mark.torch
@pytest.mark.parametrize("case", ALL[::SAMPLE], ids=lambda case: case.name)
def test_torch_gives_the_same_label(case: Case) -> None:
    pytest.importorskip("torch")
    from tests.reports.label import label

    assert json.loads(json.dumps(label(case.path))) == case.raw
