"""How long analyses took, counted as they end: for ``gradsafe.printDebugInformation``."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000)
"""Upper ends of the histogram's bins; what takes longer is in one more."""


@dataclass
class Durations:
    """A histogram of milliseconds."""

    bins: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    count: int = 0
    longest: float = 0.0

    def note(self, seconds: float) -> None:
        """One more took so long."""
        milliseconds = seconds * 1000
        self.bins[bisect_left(BOUNDS_MS, milliseconds)] += 1
        self.count += 1
        self.longest = max(self.longest, milliseconds)

    def lines(self) -> list[str]:
        """One line for each bin that is not empty, with a bar; after it the longest."""
        if not self.count:
            return ["none yet"]
        names = [*(f"<= {bound} ms" for bound in BOUNDS_MS), f"> {BOUNDS_MS[-1]} ms"]
        width = max(map(len, names))
        shown = [
            f"{name:>{width}}  {number:>5}  {'#' * -(-40 * number // self.count)}"
            for name, number in zip(names, self.bins, strict=True)
            if number
        ]
        return [*shown, f"longest: {self.longest:.0f} ms"]


@dataclass
class Statistics:
    """What the server counts. ``quick``: judging a new text; ``settled``: what its callers and imports add to it."""

    quick: Durations = field(default_factory=Durations)
    settled: Durations = field(default_factory=Durations)
    interrupted: int = 0
    """Analyses that gave way to something more urgent, and went on later."""
