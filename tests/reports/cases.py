"""The labelled programs, and gradsafe's score on them; needs no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.oracle import predict
from tests.oracle.grade import WRONG, Verdict
from tests.oracle.score import Row, expected, score

FOLDER = Path(__file__).parent
CASES = FOLDER / "cases"
LABELS = FOLDER / "cases.jsonl"


@dataclass(frozen=True)
class Case:
    """One program and torch's verdicts on it.

    ``bypasses`` are rows that write behind autograd's back. ``reached``, where torch raises: the rows that were run
    before; of what comes after it has no opinion.
    """

    name: str
    path: Path
    verdict: str
    verdicts: tuple[Verdict, ...]
    bypasses: frozenset[int]
    reached: frozenset[int]
    raw: dict[str, Any]


def cases() -> list[Case]:
    lines = LABELS.read_text(encoding="utf-8").splitlines()
    return [_case(json.loads(line)) for line in lines if line]


def _case(raw: dict[str, Any]) -> Case:
    found = tuple(
        Verdict(
            v["line"], v["slug"], v["severity"], *(tuple(v[role]) for role in ("saved", "fails", "freed"))
        )
        for v in raw["found"]
    )
    name = raw["id"]
    return Case(
        name,
        CASES / f"{name}.py",
        raw["verdict"],
        found,
        frozenset(raw["bypasses"]),
        frozenset(raw["reached"]),
        raw,
    )


def rows(case: Case) -> list[Row]:
    """gradsafe's score on one program. A warning for a write behind autograd's back is none too many."""
    found = predict.check([case.path])[case.path]
    lines = {verdict.line for verdict in case.verdicts}
    rest = [
        v
        for v in found
        if not (v.slug == WRONG and v.line in case.bypasses - lines)
        and not (case.reached and v.line not in case.reached | lines)
    ]
    return score("reports", case.name, [expected(verdict) for verdict in case.verdicts], rest)
