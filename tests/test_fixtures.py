"""gradsafe says of every fixture exactly what its markers say. The same markers are graded by torch in test_oracle."""

from __future__ import annotations

import os
import random
import sys
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.oracle import predict
from tests.oracle.expect import analysis_differences
from tests.oracle.grade import Verdict
from tests.oracle.markers import parse
from tests.oracle.report import FIXTURES, fixture_files

FILES = fixture_files()


ASKED = FILES if os.environ.get("GRADSAFE_FIXTURES") == "all" else random.Random(5).sample(FILES, 8)
"""The command line proves every fix that it names: that takes minutes for all files, and is the same code for each."""


@cache
def _findings(path: Path) -> list[Verdict]:
    return predict.check([path])[path]


def test_the_command_line_says_the_same() -> None:
    printed = predict.check_by_contract(ASKED)
    for path in ASKED:
        assert _by_line(printed[path]) == _by_line(_findings(path)), path


def _by_line(verdicts: list[Verdict]) -> dict[tuple[int, str], Verdict]:
    return {(verdict.line, verdict.slug): verdict for verdict in verdicts}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FIXTURES)))
def test_findings_are_the_markers(path: Path) -> None:
    markers = parse(path.read_text(encoding="utf-8"))
    assert analysis_differences(markers, _findings(path)) == []
