"""The order in which a class and its bases are asked for a member."""

from __future__ import annotations

import functools

from gradsafe.domain.values import ClassValue, Value


def mro(cls: Value) -> list[Value]:
    """The class and its bases, nearest first; a base that comes again later keeps its later place."""
    return list(_mro(_Same(cls))) if isinstance(cls, ClassValue) else [cls]


class _Same:
    """A class as the object that it is: equal classes of two texts, or of two runs, need not have the same bases."""

    __slots__ = ("cls",)

    def __init__(self, cls: ClassValue) -> None:
        self.cls = cls

    def __hash__(self) -> int:
        return id(self.cls)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.cls is self.cls


@functools.lru_cache(maxsize=1_000)
def _mro(same: _Same) -> tuple[Value, ...]:
    order: list[Value] = []
    stack: list[Value] = [same.cls]
    seen = 0
    while stack and seen < 64:
        seen += 1
        current = stack.pop(0)
        order.append(current)
        if isinstance(current, ClassValue):
            stack = [*current.bases, *stack]
    return tuple(reversed(dict.fromkeys(reversed(order))))
