"""Whether a run can take all the sides that an error needs: `n != 0` and then `n + 1 == 1` it cannot.

Nothing is solved here. Where all paths that raise took sides of two conditions on one unknown value, and others did not (or were joined since), the two
may exclude each other, and the error is none for sure. Of one expression that is compared with several constants
(``if mode == "a"``, ``elif mode == "b"``) the sides that were explored are taken to be possible.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Sequence

from gradsafe.interp.since import AGAIN, LATE
from gradsafe.rules.story import Log

_READS = frozenset({"argument", "attr", "item", "len", "global", "entry"})
"""What names a value that is read, in names of unknown values."""
_DEPTH = 6


def may_exclude_each_other(raising: Sequence[Log], logs: Sequence[Log]) -> bool:
    """Whether the sides that all paths in ``raising`` took, and not all in ``logs``, hang on one value in different ways."""
    if not raising:
        return False
    first, *others = (log.choices for log in raising)
    needed = [
        token
        for token, side in first.items()
        if all(choices.get(token) is side for choices in others)
        and any(log.choices.get(token) is not side for log in logs)
    ]
    if any(first.get((AGAIN, token)) for token in needed):
        return True
    return any(
        _reads(one) & _reads(other)
        and (_asked(one) != _asked(other) or first.get((LATE, one)) or first.get((LATE, other)))
        for one, other in itertools.combinations(needed, 2)
    )


def _asked(token: Hashable) -> Hashable:
    """What is compared with a constant; else the condition itself."""
    match token:
        case ("compare", _, asked, constant) if not isinstance(constant, tuple):
            return asked
    return token


def _reads(token: Hashable) -> frozenset[Hashable]:
    """The values that a condition is about; none for what is asked whether it is None: it mostly is not, and something else is asked of it."""
    if isinstance(token, tuple) and token[:2] == ("compare", "is"):
        return frozenset()
    return frozenset(_outermost(token, _DEPTH))


def _outermost(token: Hashable, depth: int) -> Iterator[Hashable]:
    if not isinstance(token, tuple) or not token or not depth:
        return
    if token[0] in _READS:
        yield token
        return
    for part in token[1:]:
        yield from _outermost(part, depth - 1)
