"""The log of a run in bounded memory: the last events of each storage and of each place, and what a finding needs.

The last events of a storage hang on the storage's own record and die with it; so a loop that makes new tensors in
each round leaves no more than the last rounds of each place.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Deque, Dict, Iterable, List, Optional, Tuple

if TYPE_CHECKING:
    from .families import Family

PER_PLACE = 24
"""How many events of one kind are kept for each place: the last ones, whatever became of their storages."""
PLACES = 4_000
"""How many places are remembered; programs that compile code in a loop make new ones for ever."""
DETAILED = 24
"""How often a place is looked at closely (which variable, which operand). What comes later reads as it did then."""


class _Place:
    """What happened at one place: one kind of event."""

    __slots__ = ("last", "rounds")

    def __init__(self) -> None:
        self.rounds = 0
        self.last: Deque[Any] = deque(maxlen=PER_PLACE)


class Log:
    """The notes of one run."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families
        self._places: Dict[Tuple[str, int, int], _Place] = {}
        self._pinned: Dict[int, Any] = {}
        self.added = 0

    def add(self, kind: str, note: Any, family: Optional[Family] = None) -> bool:
        """Logs ``note``; says whether its place is still to be looked at closely."""
        self.added += 1
        place = self._place(kind, note.where)
        last = place.last
        if kind == "backward" and place.rounds >= PER_PLACE:
            last[0].found = []
        last.append(note)
        if family is not None:
            family.last.append(note)
        place.rounds += 1
        return place.rounds <= DETAILED

    def first(self, kind: str, where: Tuple[Any, ...]) -> bool:
        """Whether a finding of this kind at this place is still to be told: a loop may meet it for ever."""
        place = self._place(kind, where)
        place.rounds += 1
        return place.rounds <= PER_PLACE

    def keep(self, note: Any) -> None:
        """Keeps ``note`` whatever happens later: a finding needs it."""
        self._pinned[id(note)] = note

    @property
    def notes(self) -> List[Any]:
        """All notes that are there, each once, in no order."""
        found = dict(self._pinned)
        for place in list(self._places.values()):
            found.update((id(note), note) for note in list(place.last))
        for family in self._families:
            found.update((id(note), note) for note in list(family.last))
        return list(found.values())

    @property
    def dropped(self) -> int:
        """How many events were seen and are not kept."""
        return max(0, self.added - len(self.notes))

    def _place(self, kind: str, where: Tuple[Any, ...]) -> _Place:
        key = (kind, id(where[0]), where[1]) if where else (kind, 0, 0)
        place = self._places.get(key)
        if place is None:
            if len(self._places) >= PLACES:
                del self._places[next(iter(self._places))]
            place = self._places[key] = _Place()
        return place
