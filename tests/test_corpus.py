"""The cases from real reports: torch still does what their labels say, and gradsafe says so beforehand."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.oracle.corpus import NOT_A_DERIVATIVE, Case, cases
from tests.oracle.report import corpus_rows
from tests.oracle.score import Row

CASES = cases()


@cache
def _rows() -> list[Row]:
    return list(corpus_rows())


@pytest.mark.torch
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_torch_does_what_the_label_says(case: Case) -> None:
    pytest.importorskip("torch")
    from tests.oracle.grade import Scenario, grade

    grading = grade(case.path.read_text(encoding="utf-8"), str(case.path), {"": [Scenario(None)]})
    assert grading.problems == []
    if case.verdict == "safe" or case.name in NOT_A_DERIVATIVE:
        assert grading.verdicts == {}
        return
    verdict = next(iter(grading.verdicts.values()))
    assert (verdict.slug, verdict.line in case.primary) == (case.slug, True)
    if case.saved is not None and case.verdict != "silent-wrong-grad":
        assert verdict.saved[0] == case.saved
    assert not verdict.freed or verdict.freed[0] == case.freed
    if case.message:
        assert grading.blames[0].message.splitlines()[0] == case.message


@pytest.mark.torch
@pytest.mark.parametrize("case", [case for case in CASES if case.fixed], ids=lambda case: case.name)
def test_the_fix_runs_clean(case: Case) -> None:
    pytest.importorskip("torch")
    from tests.oracle.grade import Scenario, grade

    assert case.fixed is not None
    grading = grade(case.fixed.read_text(encoding="utf-8"), str(case.fixed), {"": [Scenario(None)]})
    assert (grading.problems, grading.verdicts) == ([], {})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gradsafe_predicts_it(case: Case) -> None:
    names = {case.name, case.fixed.stem if case.fixed else case.name}
    assert [row for row in _rows() if row.name in names and not row.good] == []
