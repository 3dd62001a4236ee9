"""Scores gradsafe's findings against torch's verdicts, one row per expected finding and per false alarm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .grade import Verdict

OUTCOMES = ("exact", "story", "weak", "elsewhere", "missed", "silent", "info", "false-warning", "false-error")
"""exact: line, rule, severity, save and backward right. story: save or backward line off. weak: reported, but
not with the severity that is due. elsewhere: right rule, wrong line. silent: safe and silent."""

SILENT = "data-bypasses-autograd"
_SAFE = ("safe", "extra", "right by luck")


@dataclass(frozen=True)
class Expected:
    """What torch says of a program: one defect. Several rows may be acceptable as primary."""

    slug: str
    primary: frozenset[int]
    severities: frozenset[str]
    saved: frozenset[int] = frozenset()
    fails: frozenset[int] = frozenset()
    freed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Row:
    """One line of the score."""

    source: str
    name: str
    kind: str
    outcome: str
    detail: str = ""

    @property
    def good(self) -> bool:
        return self.outcome in ("exact", "silent", "info")


def expected(verdict: Verdict, known: bool = True) -> Expected:
    """``known``: the program has no condition that gradsafe cannot know, so the severity must be torch's."""
    severities = {verdict.severity} if known else {"error", "warning"}
    # The primary line of graph-freed is the backward that fails: it needs no second mention.
    fails = () if verdict.slug == "graph-freed" else verdict.fails
    return Expected(
        verdict.slug,
        frozenset({verdict.line}),
        frozenset(severities),
        frozenset(verdict.saved),
        frozenset(fails),
        frozenset(verdict.freed),
    )


def score(source: str, name: str, wanted: Sequence[Expected], found: Iterable[Verdict]) -> list[Row]:
    """The rows of one program."""
    loud = [verdict for verdict in found if verdict.severity != "hint"]
    rows, used = [], set()
    for want in wanted:
        others = {line for other in wanted if other is not want for line in other.primary}
        row, match = _one(source, name, want, [v for v in loud if v.line not in others - want.primary])
        rows.append(row)
        if match is not None:
            used.add((match.line, match.slug))
    lines = {line for want in wanted for line in want.primary}
    for verdict in loud:
        if (verdict.line, verdict.slug) in used or verdict.severity == "information":
            continue
        if wanted and verdict.severity == "warning" and verdict.line not in lines:
            continue  # after the first raise: a shadow run may name what comes next
        outcome = f"false-{verdict.severity}"
        rows.append(
            Row(source, name, "extra" if wanted else "safe", outcome, f"line {verdict.line} [{verdict.slug}]")
        )
    if not rows:
        rows.append(Row(source, name, "safe", "silent"))
    return rows


def summary(name: str, rows: Sequence[Row]) -> str:
    """The figures of the project's goals in one line: false errors, raising programs, silent ones, safe ones."""
    loud = [row for row in rows if row.kind not in (*_SAFE, SILENT)]
    silent = [row for row in rows if row.kind == SILENT]
    safe = [row for row in rows if row.kind in _SAFE]
    predicted = [row for row in loud if row.outcome in ("exact", "story")]
    exact = [row for row in predicted if row.outcome == "exact"]
    found = [row for row in silent if row.outcome in ("exact", "story")]
    false = [sum(row.outcome == f"false-{severity}" for row in rows) for severity in ("error", "warning")]
    return (
        f"{name}: false errors {false[0]}; raising {len(loud)}, predicted {len(predicted)} ({_share(predicted, loud)}), of these with"
        f" exact lines {len(exact)} ({_share(exact, predicted)}); silently wrong {len(silent)}, found {len(found)}"
        f" ({_share(found, silent)}); safe {len(safe)}, false warnings {false[1]}"
    )


def _share(part: Sequence[Row], whole: Sequence[Row]) -> str:
    return f"{len(part) / len(whole):.1%}" if whole else "none"


def _one(source: str, name: str, want: Expected, found: Sequence[Verdict]) -> tuple[Row, Verdict | None]:
    here = [v for v in found if v.slug == want.slug and v.line in want.primary]
    asked = f"line {_rows(want.primary)} saved {_rows(want.saved)} fails {_rows(want.fails)}"
    if not here:
        near = [v for v in found if v.slug == want.slug] or [v for v in found if v.line in want.primary]
        got = "; ".join(f"{v.severity} {v.line} [{v.slug}]" for v in near) or "nothing"
        outcome = "elsewhere" if near else "missed"
        return Row(source, name, want.slug, outcome, f"want {asked}, got {got}"), near[0] if near else None
    verdict = here[0]
    if verdict.severity not in want.severities:
        detail = f"line {verdict.line} want {'/'.join(sorted(want.severities))}, got {verdict.severity}"
        return Row(source, name, want.slug, "weak", detail), verdict
    off = [
        f"{role} want {_rows(rows)}, got {_rows(got)}"
        for role, rows, got in (
            ("saved", want.saved, verdict.saved),
            ("fails", want.fails, verdict.fails),
            ("freed", want.freed, verdict.freed),
        )
        if rows and not rows & set(got)
    ]
    return Row(source, name, want.slug, "story" if off else "exact", "; ".join(off)), verdict


def _rows(lines: Iterable[int]) -> str:
    return ",".join(map(str, sorted(lines))) or "-"
