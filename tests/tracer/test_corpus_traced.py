"""Real reports, run under the tracer: saving line, modifying line and failing line are those of the labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from .running import Story, differences, run, stories

CORPUS = Path(__file__).parents[1] / "corpus"
CASES = [json.loads(line) for line in (CORPUS / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
GRADIENT_KEPT = {"166_pcgrad_keeps_reference_to_grad"}
"""Backward adds to a gradient that the program holds: the gradients are right, what was kept changes. Not seen."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any]) -> None:
    path = CORPUS / case["file"]
    traced = run(path, traced=True)
    assert differences(run(path, traced=False), traced) == []
    told = stories(traced.events)
    expect, verdict = case["expect"], case["verdict"]
    if verdict == "safe" or case["id"] in GRADIENT_KEPT:
        assert told == []
        return
    assert len(told) == 1
    assert traced.row == expect["fail_line"]
    check = {
        "raises-at-backward": _at_backward,
        "raises-second-backward": _second,
        "raises-at-op": _at_operation,
    }
    check.get(verdict, _silent)(told[0], expect)


def _at_backward(story: Story, expect: dict[str, Any]) -> None:
    rows = (expect["mutation_line"], *expect.get("also_mutation_lines", ()))
    assert (story.saved, story.modified, story.failed) == (expect["save_line"], rows, expect["fail_line"])


def _second(story: Story, expect: dict[str, Any]) -> None:
    failed = expect.get("backward_call_line", expect["fail_line"])
    found = (story.saved, story.freed, story.failed)
    assert found == (expect["save_line"], expect["first_backward_line"], failed)


def _at_operation(story: Story, expect: dict[str, Any]) -> None:
    assert story.failed == expect["fail_line"]


def _silent(story: Story, expect: dict[str, Any]) -> None:
    assert story.kind == "silent"
    assert (story.saved, story.modified) == (expect["save_line"], (expect["mutation_line"],))


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.get("fixed_file")], ids=lambda case: case["id"]
)
def test_fixed_case_is_silent(case: dict[str, Any]) -> None:
    path = CORPUS / case["fixed_file"]
    traced = run(path, traced=True)
    assert differences(run(path, traced=False), traced) == []
    assert stories(traced.events) == []
