"""``python -m tests.tracer.dry``: over all fixtures, does a dry run on ``meta`` name the lines that a real run names?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.oracle.report import FIXTURES, fixture_files

from gradsafe.rules.certainty.judge import judge_log
from gradsafe.rules.finding import Related, Role, Severity
from gradsafe_tracer.events import Event, Place, WrongGradient
from gradsafe_tracer.running.guess import NeedsValue

from .running import run
from .test_fixtures_traced import _bodies

Lines = frozenset[tuple[str, int | None, tuple[int, ...], tuple[int, ...]]]


@dataclass(frozen=True)
class Compared:
    """One program. ``verdict``: same, stopped (early, and nothing wrong until there) or differs."""

    name: str
    loud: bool
    verdict: str
    why: str = ""


def compared(path: Path) -> Iterator[Compared]:
    """Each program of one file of fixtures."""
    for name, body in _bodies(path, path.read_text(encoding="utf-8")):
        real = _lines(path, run(path, traced=True, body=body).events)
        dry_run = run(path, traced=True, body=body, dry=True)
        dry = _lines(path, dry_run.events)
        verdict, why = "same", ""
        if isinstance(dry_run.error, NeedsValue) and dry <= real:
            verdict, why = ("same" if dry == real and real else "stopped"), dry_run.error.what
        elif dry != real:
            verdict, why = (
                "differs",
                f"real {sorted(real, key=str)}, dry {sorted(dry, key=str)}, {dry_run.error!r}",
            )
        yield Compared(f"{path.relative_to(FIXTURES)}::{name}", bool(real), verdict, why)


def _lines(path: Path, events: list[Event]) -> Lines:
    """The rows in the program itself: the oracle's own backward of a returned graph is nobody's line."""
    loud = [event for event in events if not isinstance(event, WrongGradient)]
    found = [finding for finding in judge_log(loud) if finding.severity is Severity.ERROR]
    return frozenset(
        (
            one.code,
            _row(one.primary),
            _rows(path, one.related, Role.SAVED),
            _rows(path, one.related, Role.BACKWARD),
        )
        for one in found
    )


def _row(place: object) -> int | None:
    return place.row if isinstance(place, Place) else None


def _rows(path: Path, related: Sequence[Related], role: Role) -> tuple[int, ...]:
    places = [one.place for one in related if one.role is role and isinstance(one.place, Place)]
    return tuple(sorted({place.row for place in places if place.file == str(path)}))


def main() -> None:
    """Prints what differs and the counts."""
    counts: Counter[tuple[bool, str]] = Counter()
    for path in fixture_files():
        for one in compared(path):
            counts[one.loud, one.verdict] += 1
            if one.verdict != "same":
                print(f"{one.verdict:8} {'loud' if one.loud else 'safe'} {one.name}: {one.why}")
    for loud in (True, False):
        told = {verdict: counts[loud, verdict] for verdict in ("same", "stopped", "differs")}
        print(f"{'loud' if loud else 'not loud'}: {sum(told.values())} programs, {told}")


if __name__ == "__main__":
    main()
