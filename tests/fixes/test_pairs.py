"""Two fixes as one, where none holds alone: each program fails for two reasons, and after both fixes torch runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from curing import HEAD, run

from gradsafe.cli.check import with_proved_fixes
from gradsafe.cli.opening import open_paths
from gradsafe.judging.mend import Choice, mend
from gradsafe.project.cache.folder import InMemory
from gradsafe.report.texts import edited_files
from gradsafe.rules.finding import SUPPRESSING, Severity

pytestmark = pytest.mark.torch

LEAF = """\
x = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
y = x * x
x[0] = x[1] * x[2]
(x.sum() + y.sum()).backward()
"""
EXPANDED = """\
x = torch.rand(3, requires_grad=True)
y = x.expand(2, 3)
y[:, 0] = y[:, 1] * y[:, 2]
y.sum().backward()
"""

PAIRS = {
    "a leaf that is copied saves its own elements": (
        LEAF,
        "x = x.clone()\nx[0] = x[1].clone() * x[2].clone()\n",
    ),
    "and so does an expanded tensor": (
        EXPANDED,
        "y = y.clone()\ny[:, 0] = y[:, 1].clone() * y[:, 2].clone()\n",
    ),
}


@pytest.mark.parametrize(("body", "expected"), PAIRS.values(), ids=PAIRS.keys())
def test_two_fixes_as_one(body: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(HEAD + body, "utf-8")
    with pytest.raises(RuntimeError):
        run(HEAD + body)
    judge = open_paths([str(file)]).judge
    (entry,) = (each for each in judge.check(str(file)).entries if each.severity is Severity.ERROR)
    assert not any(judge.holds(entry, fix) for fix in entry.fixes if fix.remedy not in SUPPRESSING)
    pair, *others = with_proved_fixes(judge, entry).fixes
    assert all(fix.remedy in SUPPRESSING for fix in others)
    assert ", and " in pair.title
    fixed = edited_files({str(file): HEAD + body}, pair.edits)[str(file)]
    assert expected in fixed
    run(fixed)


def test_all_fixes_take_it_and_come_to_rest(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(HEAD + LEAF, "utf-8")
    mended = mend(open_paths([str(file)]).judge, {str(file): HEAD + LEAF}, Choice())
    (fixed,) = mended.changed.values()
    run(fixed)
    assert not mend(open_paths([str(file)]).judge, {str(file): fixed}, Choice()).changed


def test_it_is_kept_with_what_is_told(tmp_path: Path) -> None:
    file, kept = tmp_path / "program.py", InMemory()
    file.write_text(HEAD + LEAF, "utf-8")
    found = []
    for _ in range(2):
        judge = open_paths([str(file)], kept).judge
        (entry,) = (each for each in judge.check(str(file)).entries if each.severity is Severity.ERROR)
        found.append(with_proved_fixes(judge, entry).fixes[0])
        assert (judge.session.counts()["chunks parsed"] == 0) is (len(found) == 2)
        judge.close()
    assert found[0] == found[1]
