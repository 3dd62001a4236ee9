"""Every fix that is offered for a reported case holds under torch: the mended program runs."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from gradsafe.cli.check import with_proved_fixes
from gradsafe.cli.opening import open_paths
from gradsafe.report.entry import Entry
from gradsafe.report.texts import edited_files
from gradsafe.rules.finding import SUPPRESSING

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

CORPUS = Path(__file__).parents[1] / "corpus"
CASES = [json.loads(line) for line in (CORPUS / "cases.jsonl").read_text("utf-8").splitlines()]
FIRST_OF_TWO = {
    "024_spline_flow_width_scaling": "two slices of one tensor are divided in place; each fix mends its own line",
    "093_conv_weight_full_slice_assign": "weight and bias are both written; each fix mends its own line",
}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_mended_case_runs(case: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    file = str(CORPUS / case["file"])
    judge = open_paths([file]).judge
    mended = 0
    for entry in judge.check(file).entries:
        for fix in with_proved_fixes(judge, entry).fixes:
            if fix.remedy in SUPPRESSING:
                continue
            program = edited_files({file: judge.text(file) or ""}, fix.edits)[file]
            if case["id"] in FIRST_OF_TWO:
                with contextlib.suppress(RuntimeError):  # of the other line
                    run(program)
            else:
                run(program)
            mended += 1
    if not mended and case["verdict"] != "safe":
        pytest.skip("nothing is offered here")


def test_most_reported_errors_have_a_fix() -> None:
    """A floor under what is offered; raise it as remedies are added, never lower it."""
    found: list[Entry] = []
    for case in CASES:
        file = str(CORPUS / case["file"])
        judge = open_paths([file]).judge
        found += [with_proved_fixes(judge, entry) for entry in judge.check(file).entries]
    cured = [entry for entry in found if any(fix.remedy not in SUPPRESSING for fix in entry.fixes)]
    preferred = [entry for entry in found if any(fix.preferred for fix in entry.fixes)]
    assert len(cured) >= 0.8 * len(found)
    assert len(preferred) >= 0.45 * len(found)


def run(program: str) -> None:
    torch.manual_seed(0)
    exec(compile(program, "mended.py", "exec"), {"__name__": "__main__"})
