"""What somebody of whom nothing is known has got, or decides: a tensor may not require grad any more, and grad may be off."""

from __future__ import annotations

from gradsafe.domain.state import Path
from gradsafe.domain.values import TRUE, Const

MARK = "#handed"
"""Set on what was handed over: on an object the number of the state's objects then, on a leaf that it was."""

_MODULES = (0, "#modules handed")
_CONTEXT = (0, "#in a context of which nothing is known")


def leaf(path: Path, oid: int) -> None:
    """A leaf was handed to a function that is called for what it does: ``freeze(w)``."""
    path.vars[oid, MARK] = TRUE


def module(path: Path) -> None:
    """So was a module: of no parameter that it may have is it certain that it requires grad."""
    path.vars[_MODULES] = Const(path.new_id(), int)


def enter(path: Path) -> object:
    """A context manager of which nothing is known begins; what :func:`leave` needs."""
    before = path.vars.get(_CONTEXT)
    path.vars[_CONTEXT] = TRUE
    return before


def leave(path: Path, before: object) -> None:
    """It ends."""
    if before is None and _CONTEXT in path.vars:
        del path.vars[_CONTEXT]


def is_refused_for_sure(path: Path, oid: int) -> bool:
    """Whether torch refuses to write this leaf that requires grad, as far as others are concerned."""
    if path.vars.get(_CONTEXT) is not None or path.vars.get((oid, MARK)) is not None:
        return False
    handed = path.vars.get(_MODULES)
    is_older = isinstance(handed, Const) and oid < int(str(handed.value))
    return not (is_older and path.tensor(oid).origin == "parameter")
