"""Storages and their version counters, numbered by first occurrence.

A :class:`Family` hangs on the storage object itself, which torch keeps for as long as the storage
lives: no address is ever taken for an identity, and nothing is kept alive.
"""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from typing import Any, Deque, Dict, Iterator, List, Optional, Tuple

import torch

PER_STORAGE = 24
"""How many events are kept for each storage that is alive: the last ones."""
_ATTRIBUTE = "_gradsafe_family"
_FAR = 1 << 20


def shares_counter(one: Any, other: Any) -> bool:
    """Whether two tensors count their versions together: what is set in the one shows in the other, and is put back."""
    version = one._version
    if version != other._version:
        return False
    if not hasattr(torch._C._autograd, "_unsafe_set_version_counter"):
        return True
    set_version(one, version + _FAR)
    try:
        return bool(other._version == version + _FAR)
    finally:
        set_version(one, version)


def set_version(tensor: Any, version: int) -> None:
    """Puts a version counter back to what it was. Torch 2.1 takes one tensor, newer ones take several."""
    setter: Any = torch._C._autograd._unsafe_set_version_counter
    try:
        setter((tensor,), (version,))
    except TypeError:
        setter(tensor, version)


class Numbers:
    """Hands out the small ints of one log. All ids come from one sequence, so no two things share one."""

    def __init__(self) -> None:
        self.next = itertools.count(1).__next__
        self._tensors: Dict[int, Tuple[Any, int]] = {}
        self._families: List[Any] = []
        self._limit = 1024

    def tensor(self, tensor: Any) -> int:
        """The number of this tensor object."""
        key = id(tensor)
        known = self._tensors.get(key)
        if known is not None and known[0]() is tensor:
            return known[1]
        number = self.next()
        table = self._tensors
        self._tensors[key] = (weakref.ref(tensor, lambda _dead: table.pop(key, None)), number)
        return number

    def meet(self, family: Family) -> None:
        """Notes a storage, weakly."""
        families = self._families
        families.append(weakref.ref(family))
        if len(families) > self._limit:
            self._families = [one for one in families if one() is not None]
            self._limit = 2 * len(self._families) + 1024

    def __iter__(self) -> Iterator[Family]:
        """The storages that are alive."""
        return (family for family in [one() for one in self._families] if family is not None)

    def forget(self, tensor: Any) -> None:
        """Drops the weak reference to ``tensor``."""
        self._tensors.pop(id(tensor), None)


class Family:
    """One storage: its number, its main counter's, what is saved of it and which aliases count apart."""

    __slots__ = (
        "__weakref__",
        "aliases",
        "counter",
        "escaped",
        "last",
        "limit",
        "name",
        "number",
        "numbers",
        "owners",
        "saved",
        "tensor",
    )

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.number = numbers.next()
        self.counter = numbers.next()
        self.saved: List[Any] = []
        self.limit = 16
        self.tensor = 0
        self.last: Deque[Any] = deque(maxlen=PER_STORAGE)
        numbers.meet(self)
        self.name: Optional[str] = None
        self.aliases: Dict[int, Tuple[Any, int]] = {}
        self.owners: List[Any] = []
        self.escaped: Any = None

    def add(self, reference: Any) -> None:
        """Notes a saved tensor (a weak reference to its record)."""
        saved = self.saved
        saved.append(reference)
        if len(saved) > self.limit:
            self.saved = [one for one in saved if one() is not None]
            self.limit = 2 * len(self.saved) + 16

    def live(self) -> List[Any]:
        """The saved tensors on this storage that a graph still holds."""
        return (
            [record for record in [one() for one in self.saved] if record is not None] if self.saved else []
        )

    def set_apart(self, tensor: Any) -> int:
        """``tensor`` has a counter of its own (``.data``); returns that counter's number."""
        counter = self.apart(tensor)
        if counter is None:
            counter = self.numbers.next()
            key, aliases = id(tensor), self.aliases
            aliases[key] = (weakref.ref(tensor, lambda _dead: aliases.pop(key, None)), counter)
        return counter

    def apart(self, tensor: Any) -> Optional[int]:
        """The number of the counter that ``tensor`` has for itself, or None where it has the storage's."""
        for one in (tensor, tensor._base if self.aliases else None):
            known = self.aliases.get(id(one))
            if known is not None and known[0]() is one:
                return known[1]
        return None

    def own(self, tensor: Any) -> None:
        """A tensor with a history, whose storage can be reached through an alias that has none."""
        self.owners = [one for one in self.owners if one() is not None and one() is not tensor][-7:]
        self.owners.append(weakref.ref(tensor))

    def forget(self, tensor: Any) -> None:
        """Drops the weak references to ``tensor``."""
        self.aliases.pop(id(tensor), None)
        self.owners = [one for one in self.owners if one() is not tensor]

    def owning(self) -> Iterator[Any]:
        return (tensor for tensor in (one() for one in self.owners) if tensor is not None)


def family_of(tensor: Any, numbers: Numbers) -> Family:
    """The family of ``tensor``; a fresh one where the tensor has no storage (sparse)."""
    try:
        storage = tensor.untyped_storage()
    except (AttributeError, RuntimeError, NotImplementedError):
        return Family(numbers)
    family: Optional[Family] = getattr(storage, _ATTRIBUTE, None)
    if family is None or family.numbers is not numbers:
        family = Family(numbers)
        setattr(storage, _ATTRIBUTE, family)
    return family


def known_family(tensor: Any, numbers: Numbers) -> Optional[Family]:
    """The family of ``tensor`` if its storage was ever of interest."""
    try:
        family: Optional[Family] = getattr(tensor.untyped_storage(), _ATTRIBUTE, None)
    except (AttributeError, RuntimeError, NotImplementedError):
        return None
    return family if family is not None and family.numbers is numbers else None
