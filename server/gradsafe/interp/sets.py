"""Sets: the operators and methods that make one of two."""

from __future__ import annotations

from gradsafe.domain.state import Items, Path
from gradsafe.domain.values import ListRef, Value
from gradsafe.interp import containers

OPERATORS = {"|": "union", "&": "intersection", "-": "difference", "^": "symmetric_difference"}


def combined(path: Path, op: str, left: ListRef, right: ListRef) -> ListRef | None:
    """``left OP right`` of two sets; None for other containers."""
    one, two = path.items(left.oid), path.items(right.oid)
    if op not in OPERATORS or (one.shape, two.shape) != ("set", "set"):
        return None
    return operation(path, one, OPERATORS[op], right)


def operation(path: Path, items: Items, name: str, other: Value) -> ListRef:
    more = containers.elements(path, other)
    rest = items.rest or containers.rest_of(path, other)
    picked = {
        "union": dict.fromkeys((*items.known, *more)),
        "intersection": [item for item in items.known if item in more],
        "difference": [item for item in items.known if item not in more],
        "symmetric_difference": [
            item for item in (*items.known, *more) if (item in more) != (item in items.known)
        ],
    }[name]
    return containers.new_list(path, tuple(picked), rest, "set")
