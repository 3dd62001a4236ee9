"""A map that forks in constant time: layers of dicts, of which only the topmost is written.

Our own, because the one library for this (``immutables``) has no wheel for CPython 3.14,
which the extension ships. A fork freezes the top layer and gives both sides an empty one;
a layer is merged into the one below once it has grown to half its size, so a lookup walks
at most log2(n) layers and each entry is copied O(log n) times in its life.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Generic, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class _Gone:
    """Marks a key that a lower layer holds and this one deleted."""


_GONE: Final = _Gone()


class _Layer(Generic[K, V]):
    __slots__ = ("below", "own", "shared")

    def __init__(self, own: dict[K, V | _Gone], below: _Layer[K, V] | None, shared: bool = False) -> None:
        self.own = own
        self.below = below
        self.shared = shared


class LayeredMap(Generic[K, V]):
    """A mutable mapping with ``fork()``; sharing between forks is invisible."""

    __slots__ = ("_below", "_deleted", "_own")

    def __init__(self, shared: dict[K, V] | None = None) -> None:
        """``shared``: entries of many maps, which whoever owns them may add to; they are found, never copied or compared."""
        self._own: dict[K, V | _Gone] = {}
        self._below: _Layer[K, V] | None = None
        if shared is not None:
            self._below = _Layer(cast("dict[K, V | _Gone]", shared), None, shared=True)
        self._deleted = False

    def get(self, key: K) -> V | None:
        found: V | _Gone | None = self._own.get(key)
        if found is None:
            layer = self._below
            while layer is not None:
                found = layer.own.get(key)
                if found is not None:
                    break
                layer = layer.below
        return None if found is _GONE else found  # type: ignore[return-value]  # a cast is a call, here by the million

    def __getitem__(self, key: K) -> V:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: K, value: V) -> None:
        self._own[key] = value

    def __delitem__(self, key: K) -> None:
        self._own[key] = _GONE
        self._deleted = True

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def fork(self) -> LayeredMap[K, V]:
        """An independent map with the same entries."""
        if self._own:
            own, below = self._own, self._below
            while below is not None and not below.shared and 2 * len(own) >= len(below.own):
                own, below = {**below.own, **own}, below.below
            self._below, self._own = _Layer(own, below), {}
        twin: LayeredMap[K, V] = LayeredMap()
        twin._below, twin._deleted = self._below, self._deleted
        return twin

    def flat(self) -> dict[K, V]:
        """All entries but the shared ones as one new dict."""
        layers = [self._own]
        layer = self._below
        while layer is not None and not layer.shared:
            layers.append(layer.own)
            layer = layer.below
        whole: dict[K, V | _Gone] = {}
        for own in reversed(layers):
            whole.update(own)
        if self._deleted:
            whole = {key: value for key, value in whole.items() if value is not _GONE}
        return cast("dict[K, V]", whole)

    def since(self, before: LayeredMap[K, V]) -> dict[K, V | None]:
        """The entries that are other objects than when ``before`` was forked off this map (None: deleted)."""
        written = self.written_since(before)
        return {key: value for key, value in written.items() if before.get(key) is not value}

    def written_since(self, before: LayeredMap[K, V]) -> dict[K, V | None]:
        """The same, and entries that were given the value that they had: those for whom it is cheap to leave others out first."""
        if self._below is before._below and not before._own:
            # Neither was forked since, as after most branches: this map's own entries are all.
            if not self._deleted:
                return cast("dict[K, V | None]", self._own.copy())
            return {key: None if value is _GONE else cast("V", value) for key, value in self._own.items()}
        # Layers of ``before`` may have been merged into one of this map's own: the first that both still have is the border.
        common: set[int] = set()
        earlier = [before._own]
        layer = before._below
        while layer is not None:
            common.add(id(layer))
            if not layer.shared:
                earlier.append(layer.own)
            layer = layer.below
        layers = [self._own]
        layer = self._below
        while layer is not None and id(layer) not in common and not layer.shared:
            layers.append(layer.own)
            layer = layer.below
        written: dict[K, V | _Gone] = {}
        for own in reversed(layers):
            written.update(own)
        # Most of what a merge brought along lies in one layer of ``before``: that one is asked first.
        place = max(range(len(earlier)), key=lambda index: len(earlier[index]))
        most = earlier[place]
        again = {key for own in earlier[:place] for key in own.keys() & written.keys()}
        return {
            key: None if value is _GONE else cast("V", value)
            for key, value in written.items()
            if most.get(key) is not value or key in again
        }

    def whole(self) -> dict[K, V]:
        """All entries, the shared ones included."""
        layer = self._below
        while layer is not None and not layer.shared:
            layer = layer.below
        if layer is None:
            return self.flat()
        whole = {key: value for key, value in layer.own.items() if self.get(key) is not None}
        return {**cast("dict[K, V]", whole), **self.flat()}

    def __iter__(self) -> Iterator[K]:
        return iter(self.flat())

    def same(self, other: LayeredMap[K, V]) -> bool:
        """True if both hold equal entries; layers that they share are not compared."""
        if self._below is other._below:
            if self._own == other._own:
                return True
            keys = self._own.keys() | other._own.keys()
            return all(self.get(key) == other.get(key) for key in keys)
        return self.flat() == other.flat()
