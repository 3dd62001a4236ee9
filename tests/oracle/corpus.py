"""The cases from real reports: what their labels say, in the oracle's terms."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .messages import slug_of

ROOT = Path(__file__).parents[1] / "corpus"
WRONG = "data-bypasses-autograd"

NOT_A_DERIVATIVE = {"166_pcgrad_keeps_reference_to_grad"}
"""Its gradients are right for the values that it computes; the values are wrong (`.grad` is added to in place)."""


@dataclass(frozen=True)
class Case:
    """One labelled program. ``primary`` holds every row that the contract accepts as primary location."""

    name: str
    path: Path
    verdict: str
    slug: str | None
    primary: frozenset[int]
    saved: int | None
    fails: frozenset[int]
    freed: int | None
    message: str | None
    fail_line: int | None
    fixed: Path | None


def cases() -> list[Case]:
    lines = (ROOT / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [_case(json.loads(line)) for line in lines if line]


def _case(raw: dict[str, Any]) -> Case:
    expect, verdict, message = raw["expect"], raw["verdict"], raw.get("message")
    backward = {expect["fail_line"], expect.get("backward_call_line")} - {None}
    slug = None if verdict == "safe" else WRONG if verdict == "silent-wrong-grad" else slug_of(message or "")
    primary = {expect["mutation_line"], expect.get("decl_line")} - {None}
    if slug == "graph-freed" or not primary:
        primary = backward
    fixed = raw.get("fixed_file")
    return Case(
        raw["id"],
        ROOT / raw["file"],
        verdict,
        slug,
        frozenset(primary),
        expect["save_line"],
        frozenset(backward),
        expect.get("first_backward_line"),
        message,
        expect["fail_line"],
        ROOT / fixed if fixed else None,
    )
