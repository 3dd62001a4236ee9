"""``python -m tests.reports.label``: runs every program under torch and writes what it says to ``cases.jsonl``.

A program carries only its error class (``# class: residual-iadd``, first row); verdict, lines and message are
torch's. ``--new`` labels only the programs that have no label yet and scores gradsafe on them: the blind score
of a batch, as long as nobody asked gradsafe before.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.fuzz.judge import WRONG, Judged, judge
from tests.oracle.grade import Scenario, Verdict, grade

from .cases import CASES, LABELS, Case, cases, rows


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reports.label")
    parser.add_argument("--new", action="store_true", help="only programs that have no label yet")
    parser.add_argument("--score", action="store_true", help="only gradsafe's score on what has a label")
    options = parser.parse_args(arguments)
    if options.score:
        _show(cases())
        return 0
    old = cases() if LABELS.exists() else []
    known = {case.name for case in old} if options.new else set()
    paths = sorted(CASES.glob("*.py"))
    fresh = [path for path in paths if path.stem not in known]
    labels = {case.name: _line(case) for case in old if case.path in paths and case.name in known}
    broken = 0
    for path in fresh:
        try:
            labels[path.stem] = json.dumps(label(path))
        except ValueError as error:
            broken += 1
            print(f"{path.stem}: {error}")
    LABELS.write_text("".join(f"{labels[name]}\n" for name in sorted(labels)), encoding="utf-8")
    names = {path.stem for path in fresh}
    _show([case for case in cases() if case.name in names])
    return 1 if broken else 0


def label(path: Path) -> dict[str, Any]:
    """What torch says of the program at ``path``; ValueError if that is nothing to learn from."""
    text = path.read_text(encoding="utf-8")
    first = text.splitlines()[0]
    if not first.startswith("# class: "):
        raise ValueError("the first row names no error class")
    judged = judge(text)
    if judged.kind == "broken" and not _only_too_coarse(judged):
        raise ValueError(
            f"no label: {judged.problems or grade(text, str(path), {'': [Scenario(None)]}).problems}"
        )
    return {
        "id": path.stem,
        "error_class": first.removeprefix("# class: ").strip(),
        "verdict": _verdict(judged.verdicts),
        "found": [dataclasses.asdict(verdict) for verdict in judged.verdicts],
        "bypasses": sorted(judged.bypasses),
        "reached": sorted(judged.reached) if any(v.severity == "error" for v in judged.verdicts) else [],
    }


def _only_too_coarse(judged: Judged) -> bool:
    """It runs, nothing is written behind autograd's back, and finite differences have no opinion on it."""
    return bool(judged.problems) and all("gradients ungraded" in problem for problem in judged.problems)


def _verdict(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return "safe"
    first = verdicts[0]
    if first.slug == WRONG:
        return "silent-wrong-grad"
    if first.slug == "graph-freed":
        return "raises-second-backward"
    return "raises-at-backward" if first.fails else "raises-at-op"


def _line(case: Case) -> str:
    return json.dumps(case.raw)


def _show(todo: Sequence[Case]) -> None:
    found = [row for case in todo for row in rows(case)]
    print(Counter(case.verdict for case in todo))
    print(Counter(row.outcome for row in found))
    for row in found:
        if not row.good:
            print(f"{row.outcome:13} {row.name} [{row.kind}] {row.detail}")


if __name__ == "__main__":
    sys.exit(main())
