"""Frozen data to JSON and back: tuples, sets, mappings, and the enumerations and data classes that are named.

JSON and not pickle, because whoever can write a cache file must not be able to run code. Equal values are written once:
a file's roots name the same statements over and over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

_PLAIN = (str, int, float, bool, type(None))


class Malformed(Exception):
    """Not what :meth:`Packing.pack` has written."""


class Packing:
    """A form for values that are made of these types, besides plain ones."""

    def __init__(self, *types: type[Any]) -> None:
        self._types = {each.__name__: each for each in types}
        self._names = {each: each.__name__ for each in types}
        self._fields = {each: _fields(each) for each in types}

    def pack(self, value: Any) -> str:
        """The text of ``value``."""
        return json.dumps(_Writer(self._names, self._fields).write(value), separators=(",", ":"))

    def unpack(self, text: str) -> Any:
        """What was packed. Raises :class:`Malformed`."""
        try:
            return self._unpack(json.loads(text))
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise Malformed(str(error)) from error

    def _unpack(self, rows: list[Any]) -> Any:
        made: list[Any] = []
        for row in rows:
            if not isinstance(row, list):
                made.append(row)
                continue
            kind, given = row[0], [made[each] for each in row[1:]]
            make = _MADE.get(kind) or self._made_of(kind)
            made.append(make(given))
        return made[-1]

    def _made_of(self, name: str) -> Callable[[list[Any]], Any]:
        ours = self._types[name]
        return lambda given: ours(*given)


_MADE: Mapping[str, Callable[[list[Any]], Any]] = {
    "t": tuple,
    "s": frozenset,
    "m": lambda given: MappingProxyType(dict(zip(given[::2], given[1::2], strict=True))),
}


def _fields(ours: type[Any]) -> tuple[str, ...]:
    if is_dataclass(ours):
        return tuple(each.name for each in fields(ours) if each.init)
    return tuple(getattr(ours, "_fields", ()))


class _Writer:
    """One row for each value: itself where it is plain, else its type and the numbers of its parts."""

    def __init__(self, names: dict[type[Any], str], parts: dict[type[Any], tuple[str, ...]]) -> None:
        self._names, self._parts = names, parts
        self._rows: list[Any] = []
        self._hashed: dict[tuple[type[Any], Hashable], int] = {}
        self._seen: dict[int, tuple[int, Any]] = {}

    def write(self, value: Any) -> list[Any]:
        self._row(value)
        return self._rows

    def _row(self, value: Any) -> int:
        kind = type(value)
        seen = self._seen.get(id(value))
        if seen is not None:
            return seen[0]
        if kind in _PLAIN:
            key = (kind, value)
            at = self._hashed.get(key)
            if at is None:
                at = self._hashed[key] = self._add(value)
            return at
        key = (kind, row := tuple(self._spelled(kind, value)))
        at = self._hashed.get(key)
        if at is None:
            at = self._hashed[key] = self._add(list(row))
        self._seen[id(value)] = (at, value)
        return at

    def _add(self, row: Any) -> int:
        self._rows.append(row)
        return len(self._rows) - 1

    def _spelled(self, kind: type[Any], value: Any) -> list[Any]:
        parts = self._parts.get(kind)
        if parts is not None:
            if isinstance(value, Enum):
                return [self._names[kind], self._row(value.value)]
            return [self._names[kind], *(self._row(getattr(value, each)) for each in parts)]
        if kind is tuple:
            return ["t", *map(self._row, value)]
        if kind is frozenset:
            return ["s", *sorted(map(self._row, value))]
        if isinstance(value, Mapping):
            return ["m", *(self._row(each) for item in value.items() for each in item)]
        # A value of the interpreter in the name of some shared work: there it need only be told from others.
        return ["t", self._row("?"), self._row(repr(value))]
