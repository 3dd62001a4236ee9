"""The results of one root: which of them holds for the texts as they are, found without comparing again what did not change."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from gradsafe.project.allowance import Allowance
from gradsafe.project.kept import Kept
from gradsafe.project.recording import Key

KEPT = 3
"""Results kept for each root: undo, and a fix that is tried and taken back, find the last one again."""


@dataclass(slots=True)
class RootState:
    """``current`` is the result that holds for the texts as they are, once that is known; ``_none``: the allowances with which
    none does, in the state ``_asked`` of the texts.
    """

    kept: list[Kept] = field(default_factory=list)
    current: Kept | None = None
    _none: set[Allowance] = field(default_factory=set)
    _asked: int = 0

    def add(self, kept: Kept, holds: bool) -> None:
        """One more result; ``holds`` where it was found for the texts as they are."""
        self.kept = [kept, *self.kept[: KEPT - 1]]
        self.current = kept if holds else None
        self._none.clear()

    def find(self, allowance: Allowance, value: Callable[[Key], Hashable], now: int) -> Kept | None:
        """The result that holds with this allowance, by what the world answers ``now``: a number for each state of all texts."""
        if self.current is not None and self.current.allowance is allowance:
            return self.current
        self.current = None
        if self._asked != now:
            self._asked = now
            self._none.clear()
        if allowance in self._none:
            return None
        for kept in self.kept:
            if kept.allowance is allowance and all(value(key) == it for key, it in kept.reads.items()):
                self.current = kept
                return kept
        self._none.add(allowance)
        return None

    def forget(self) -> None:
        """Which one holds is to be asked again."""
        self.current = None

    def outlasts(self, changed: frozenset[Key]) -> bool:
        """Whether a result is known that holds though these keys have another answer; else it is to be asked again."""
        if self.current is not None and not self.current.reads.keys().isdisjoint(changed):
            self.current = None
        return self.current is not None
