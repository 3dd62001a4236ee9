"""What torch does with a program: the outcome, its kind, and the verdicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.oracle.grade import WRONG, Grading, Scenario, Verdict, grade
from tests.oracle.gradients import bypasses
from tests.oracle.run import Program, record

FILENAME = "<fuzz program>"
KINDS = (
    "saved-tensor-modified",
    "leaf-modified",
    "leaf-view-modified",
    "multi-output-view-modified",
    "expanded-tensor-modified",
    "inference-tensor-modified",
    "inference-tensor-saved",
    "no-grad-view-modified",
    "graph-freed",
    WRONG,
    "near-miss",
)
BYPASS = "bypass"
"""``near-miss``: runs clean and right, although a tensor of the graph is written."""


@dataclass
class Judged:
    """``kind`` is one of KINDS, or ``plain`` (clean, nothing written), or ``broken`` (no use: any other error).

    ``bypasses`` are rows that write a tensor of the graph behind autograd's back: a warning there is no
    false alarm even where the gradient is right by the luck of the numbers. ``reached`` are the rows whose torch
    calls ran: what stands after the first error was never tried, so torch has no opinion on it.
    """

    kind: str
    verdicts: list[Verdict] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    bypasses: frozenset[int] = frozenset()
    reached: frozenset[int] = frozenset()


def quick(text: str) -> str:
    """The kind as one recorded run shows it; ``bypass`` where the gradients may be silently wrong."""
    return _look(text).kind


class _Look(NamedTuple):
    kind: str
    bypasses: frozenset[int] = frozenset()
    reached: frozenset[int] = frozenset()


def _look(text: str) -> _Look:
    try:
        outcome = record(Program(text, FILENAME))
    except SyntaxError:
        return _Look("broken")
    if outcome.unexplained or any(blame.line is None for blame in outcome.blames):
        return _Look("broken")
    recorder = outcome.recorder
    reached = frozenset(recorder.lines)
    lines = frozenset(
        w.site.line or 0 for backward in recorder.backwards for w in bypasses(recorder, backward.call)
    )
    if outcome.blames:
        return _Look(outcome.blames[0].slug, lines, reached)
    if not recorder.backwards:
        return _Look("broken", lines, reached)
    if lines:
        return _Look(BYPASS, lines, reached)
    known = {counter for node in recorder.nodes.values() for counter, _ in node.participants}
    kind = "near-miss" if any(w.counter in known for w in recorder.writes) else "plain"
    return _Look(kind, lines, reached)


def judge(text: str) -> Judged:
    """The full verdict, gradients compared."""
    kind, lines, reached = _look(text)
    if kind == "broken":
        return Judged(kind)
    grading: Grading = grade(text, FILENAME, {"": [Scenario(None)]})
    if grading.problems or grading.notes:
        return Judged("broken", [], grading.problems + grading.notes)
    verdicts = list(grading.verdicts.values())
    if verdicts:
        return Judged(verdicts[0].slug, verdicts, [], lines, reached)
    return Judged("near-miss" if kind == BYPASS else kind, [], [], lines, reached)
