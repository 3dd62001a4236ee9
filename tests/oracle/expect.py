"""Compares what a fixture's markers say with verdicts, torch's or gradsafe's."""

from __future__ import annotations

from collections.abc import Iterable

from .grade import Grading, Verdict
from .markers import Marker, Markers


def torch_differences(markers: Markers, grading: Grading) -> list[str]:
    """Each way in which torch's verdicts and the markers differ; torch is right."""
    differences = list(grading.problems)
    wanted = {(m.line, m.slug): m for m in markers.of_kinds("error", "warning", "gap", "meant")}
    for key, verdict in grading.verdicts.items():
        if key not in wanted:
            differences.append(f"line {key[0]}: torch blames it: {describe(verdict)}; no marker")
    for key, marker in wanted.items():
        found = grading.verdicts.get(key)
        if found is None:
            differences.append(f"line {key[0]}: marked {marker.kind} [{marker.slug}], and torch runs clean")
        else:
            differences += _story(marker, found)
    return differences


def _story(marker: Marker, verdict: Verdict) -> list[str]:
    found = []
    if marker.kind in ("error", "warning") and marker.kind != verdict.severity:
        found.append(f"line {marker.line}: marked {marker.kind}, the runs say {verdict.severity}")
    for name in ("saved", "fails", "freed"):
        marked, real = getattr(marker, name), getattr(verdict, name)
        if marked and (not real or marked[0] not in real or not set(marked) <= set(real)):
            found.append(f"line {marker.line}: marked {name} {marked}, torch says {real}")
    return found


def analysis_differences(markers: Markers, found: Iterable[Verdict]) -> list[str]:
    """Each way in which gradsafe's findings and the markers differ; ``gap`` must be silent, ``noise`` reported."""
    by_key = {(verdict.line, verdict.slug): verdict for verdict in found}
    wanted = {(m.line, m.slug): m for m in markers.of_kinds("error", "warning", "info", "noise", "later")}
    differences = [
        f"line {line}: reported {describe(verdict)}; not marked"
        for (line, slug), verdict in by_key.items()
        if (line, slug) not in wanted and verdict.severity in ("error", "warning")
    ]
    for key, marker in wanted.items():
        verdict = by_key.get(key)
        kind = {"info": "information", "later": "warning"}.get(marker.kind, marker.kind)
        if verdict is None:
            differences.append(f"line {key[0]}: {marker.kind} [{marker.slug}] missed")
            continue
        if kind != "noise" and verdict.severity != kind:
            differences.append(f"line {key[0]}: [{marker.slug}] is {kind}, reported as {verdict.severity}")
        for name in ("saved", "fails", "freed"):
            marked, real = getattr(marker, name), getattr(verdict, name)
            if marked and marked[0] not in real:
                differences.append(f"line {key[0]}: [{marker.slug}] {name} {marked[0]}, reported {real}")
    return differences


def describe(verdict: Verdict) -> str:
    story = "".join(
        f" {name}={','.join(map(str, getattr(verdict, name)))}"
        for name in ("saved", "fails", "freed")
        if getattr(verdict, name)
    )
    return f"{verdict.severity} [{verdict.slug}]{story}"
