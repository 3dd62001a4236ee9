"""What was promised (issue 7, DECISIONS 18 and 19), and whether the numbers keep it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.bench import checked
from tools.bench.checked import Run
from tools.bench.peers import FLOOR, GRADSAFE
from tools.bench.typed import Times, median, p95


@dataclass(frozen=True)
class Goal:
    """``value`` and ``limit`` in ``unit``; kept where the value is not above it (or, ``at_least``, not below)."""

    what: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def is_kept(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def goals(times: Times, runs: list[Run]) -> Iterator[Goal]:
    """Those for which there are numbers."""
    yield from _of_typing(times)
    opened = times.opened.get((GRADSAFE.name, 8_000))
    if opened is not None:
        yield Goal("open to first diagnostics, 8,000 lines", opened / 1000, 1.0, "s")
    greeted, least = median(times.greeted.get(GRADSAFE.name, [])), median(times.greeted.get(FLOOR.name, []))
    if greeted is not None and least is not None:
        yield Goal("`initialize`, cold", greeted, 250, "ms")
        yield Goal("`initialize`, cold: at most the floor's + 60 ms", greeted, least + 60, "ms")
    yield from _of_checking(runs)


def _of_typing(times: Times) -> Iterator[Goal]:
    for lines in sorted({many for name, many, _ in times.typed if name == GRADSAFE.name}):
        ours, floor = median(times.all_of(GRADSAFE.name, lines)), median(times.all_of(FLOOR.name, lines))
        if ours is not None and floor is not None:
            what = f"edit to diagnostics, {lines:,} lines, median: at most twice the floor's + 3 ms"
            yield Goal(what, ours, 2 * floor + 3, "ms")
        most = p95(times.all_of(GRADSAFE.name, lines))
        if most is not None:
            yield Goal(f"the same, p95: at most 20 ms, {lines:,} lines", most, 20, "ms")
    small, large = median(times.all_of(GRADSAFE.name, 1_000)), median(times.all_of(GRADSAFE.name, 8_000))
    least, most_of_floor = (median(times.all_of(FLOOR.name, lines)) for lines in (1_000, 8_000))
    if small and large and least and most_of_floor:
        what = f"slope from 1,000 to 8,000 lines, median (the floor's own: {most_of_floor / least:.2f})"
        yield Goal(what, large / small, 1.3, "times")


def _of_checking(runs: list[Run]) -> Iterator[Goal]:
    by_name = {each.name: each for each in runs}
    cold, warm = by_name.get(checked.COLD), by_name.get(checked.KEPT)
    torchfix = by_name.get(checked.OTHER)
    if cold is not None and torchfix is not None:
        yield Goal(
            "`check -j 2`, nothing kept: how many times as fast as TorchFix (the sample; the goal is for all files)",
            torchfix.seconds / cold.seconds,
            5,
            "times",
            at_least=True,
        )
    if warm is not None:
        yield Goal("`check`, results kept (the sample; the goal is for all files)", warm.seconds, 2, "s")
    if cold is not None and cold.peak_mb:
        yield Goal(
            "peak memory of `check`, all processes",
            max(cold.peak_mb, by_name[checked.ALONE].peak_mb),
            600,
            "MB",
        )
