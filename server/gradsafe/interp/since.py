"""What was asked of something unknown before it may have changed: `state.toggle()` between two `if state.ready`.

The answer is taken to be the same, as mostly it is; the path remembers that it was asked again, and nothing that hangs on both is certain
(:mod:`gradsafe.rules.certainty.feasible`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from gradsafe.domain.state import Path
from gradsafe.domain.values import Const, Unknown, Value

AGAIN = "again"
"""Before a condition among the decisions of a path: it was asked once more after a change."""
LATE = "late"
"""It was asked for the first time after a change."""

_CHANGED = (0, "#changed since it was asked")
_DEPTH = 6


def changed(path: Path, token: Hashable) -> None:
    """What the unknown value of this name holds may be something else from now on."""
    path.vars[_CHANGED] = Const(_changed(path) | {token}, frozenset)


def by_method(path: Path, function: Value) -> None:
    """A method was called for what it does: ``xs.append(x)``."""
    token = function.token if isinstance(function, Unknown) else None
    if isinstance(token, tuple) and len(token) == 3 and token[0] == "attr":
        changed(path, token[1])


def note(path: Path, token: Hashable, is_new: bool) -> None:
    """A condition is asked: remember it if what it is about was changed before."""
    names = _changed(path)
    if names and isinstance(token, tuple) and any(part in names for part in _parts(token, _DEPTH)):
        path.decisions[LATE if is_new else AGAIN, token] = True


def _changed(path: Path) -> frozenset[Hashable]:
    held = path.vars.get(_CHANGED)
    return held.value if isinstance(held, Const) and isinstance(held.value, frozenset) else frozenset()


def _parts(token: tuple[Hashable, ...], depth: int) -> Iterator[Hashable]:
    yield token
    for part in token:
        if isinstance(part, tuple) and depth:
            yield from _parts(part, depth - 1)
