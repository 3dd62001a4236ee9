"""What an earlier run left in a store, as far as it is needed and the texts are those of the disk."""

from __future__ import annotations

from collections.abc import Iterable

from gradsafe.interp.analyse import Root
from gradsafe.project.kept import Kept, Store


class Stored:
    """A store, of which each file's results are taken once. Without one nothing is stored."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._edited: set[str] = set()
        self._taken: set[str] = set()

    def forget(self) -> None:
        """It tells of another state of the disk, or of other settings."""
        self._store = None

    def edited(self, file: str) -> None:
        """``file`` is not what the disk says."""
        self._edited.add(file)

    def is_taken(self, file: str) -> bool:
        """Whether the store has nothing more to say of ``file``."""
        return self._store is None or file in self._taken

    def reads(self, file: str) -> frozenset[str] | None:
        """The files that the roots of ``file`` have looked into, where their results lie in the store and are not needed yet."""
        known = self._store.reads(file) if self._store is not None and not self.is_taken(file) else None
        return known if known is not None and known.isdisjoint(self._edited) else None

    def take(self, file: str) -> Iterable[tuple[Root, Kept]]:
        """The results of a file that is looked at for the first time."""
        if self._store is None or self.is_taken(file):
            return ()
        self._taken.add(file)
        return self._store.results(file)
