"""What gradsafe says of a file, asked in this process: the bare analysis, or the command line's JSON."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gradsafe.cli import main

from .bare import Spent, analyse
from .grade import Verdict

_SPENT: list[Any] = []


def check(paths: Sequence[Path]) -> dict[Path, list[Verdict]]:
    """The findings of each file, by the bare analysis: no session, no fixes, no output."""
    spent = Spent()
    found = {path: _survived(lambda path: analyse(path, spent), path) for path in paths}
    _SPENT.append(spent)
    return found


def cost() -> str:
    """What the analyses of this process took: roots, budgets hit, the slowest root."""
    seconds = {name: took for spent in _SPENT for name, took in spent.seconds.items()}
    hits = sum(count for spent in _SPENT for count in spent.budgets.values())
    roots = sum(len(spent.seconds) for spent in _SPENT)
    if not roots:
        return "no root was run"
    slowest = max(seconds, key=lambda name: seconds[name])
    total = sum(sum(spent.seconds.values()) for spent in _SPENT)
    return (
        f"{roots} roots in {total:.1f} s, {hits} hit a budget ({hits / roots:.1%});"
        f" slowest {slowest} {seconds[slowest] * 1000:.0f} ms"
    )


def _survived(analyse: Callable[[Path], list[Verdict]], path: Path) -> list[Verdict]:
    """The findings, or the crash as a finding: one bad file must not hide the others."""
    try:
        return analyse(path)
    except Exception as error:
        return [Verdict(0, f"crash: {type(error).__name__}: {error}", "error")]


def check_by_contract(paths: Sequence[Path]) -> dict[Path, list[Verdict]]:
    """The findings of each file, as ``gradsafe check --output-format json`` prints them."""
    found: dict[Path, list[Verdict]] = {path: [] for path in paths}
    by_name = {str(path): path for path in paths}
    for finding in _findings([str(path) for path in paths]):
        path = by_name.get(finding["filename"])
        if path is not None:
            found[path].append(_verdict(finding))
    return found


def _findings(names: list[str]) -> list[dict[str, Any]]:
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            status = main(["check", "--output-format", "json", "--exit-zero", *names])
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else 2
    if status not in (0, 1):
        raise RuntimeError(f"gradsafe check left with {status}: {errors.getvalue()[-2000:]}")
    findings = json.loads(output.getvalue() or "[]")
    assert isinstance(findings, list)
    return findings


def _verdict(finding: dict[str, Any]) -> Verdict:
    roles: dict[str, list[int]] = {}
    for related in finding["related"]:
        roles.setdefault(related["role"], []).append(related["location"]["row"])
    return Verdict(
        finding["location"]["row"],
        finding["code"],
        finding["severity"],
        tuple(roles.get("saved", ())),
        tuple(roles.get("backward", ())),
        tuple(roles.get("freed", ())),
    )
