"""Every fixture, run plain and traced: the run is the same, and the same rules say what the markers say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from tests.oracle.grade import _call, scenarios
from tests.oracle.markers import Marker, parse
from tests.oracle.report import FIXTURES, fixture_files

from gradsafe.rules.certainty.judge import judge_log
from gradsafe.rules.finding import Finding, Role
from gradsafe_tracer.events import Place

from .running import Body, differences, run

NOT_YET: dict[str, str] = {
    "facts/torch_func.py": "the engine runs inside a level of functorch, whose tensors the tracer does not see",
}
"""Fixtures that the analysis has learned and the tracer has not, with what is missing; each fails here once it is mended."""


def _fixtures() -> Iterator[Any]:
    for path in fixture_files():
        name = str(path.relative_to(FIXTURES))
        marks = [pytest.mark.xfail(reason=NOT_YET[name], strict=True)] if name in NOT_YET else []
        yield pytest.param(path, id=name, marks=marks)


@pytest.mark.parametrize("path", list(_fixtures()))
def test_traced(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found: dict[tuple[int, str], list[Finding]] = {}
    changed: list[str] = []
    for name, body in _bodies(path, text):
        traced = run(path, traced=True, body=body)
        changed += [f"{name}: {line}" for line in differences(run(path, traced=False, body=body), traced)]
        for finding in judge_log(traced.events):
            assert isinstance(finding.primary, Place), (name, finding.message)
            found.setdefault((finding.primary.row, finding.code), []).append(finding)
    assert changed == []
    markers = parse(text)
    wanted = {(m.line, m.slug): m for m in markers.of_kinds("error", "warning", "gap")}
    meant = {(m.line, m.slug) for m in markers.of_kinds("meant")}
    assert set(found) - meant == set(wanted)
    for key, marker in wanted.items():
        _same_story(marker, found[key])


def _bodies(path: Path, text: str) -> Iterator[tuple[str, Body | None]]:
    if path.parent.name == "programs":
        yield path.name, None
        return
    for group in scenarios(text).values():
        for scenario in group:
            yield str(scenario), _body(str(scenario.function), dict(scenario.flags))


def _body(function: str, flags: dict[str, bool]) -> Body:
    call: Any = _call
    return partial(call, function, flags)


def _same_story(marker: Marker, findings: list[Finding]) -> None:
    for role, marked in (
        (Role.SAVED, marker.saved),
        (Role.BACKWARD, marker.fails),
        (Role.FREED, marker.freed),
    ):
        rows = {
            one.place.row
            for finding in findings
            for one in finding.related
            if one.role is role and isinstance(one.place, Place)
        }
        assert not marked or marked[0] in rows, (marker, role, rows)
