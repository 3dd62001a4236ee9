"""Keeps the tracer's own mistakes out of the program that it watches: noted, told at the end, never raised."""

from __future__ import annotations

import functools
import traceback
from typing import Any, Callable, List, TypeVar, cast

troubles: List[str] = []
"""The first few internal errors of this process, as text."""
KEPT = 5

_Function = TypeVar("_Function", bound=Callable[..., Any])


def harmless(function: _Function) -> _Function:
    """What ``function`` raises is noted and None is returned; it runs beside the program, not for it."""
    from torch._C import DisableTorchFunction as unheard  # here: the list is read where there is no torch

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            with unheard():  # subclasses and modes of the program must not hear of it
                return function(*args, **kwargs)
        except Exception:
            trouble()
            return None

    return cast(_Function, run)


def trouble() -> None:
    """Notes the error that is being handled: for code that runs too often to be wrapped."""
    if len(troubles) < KEPT:
        troubles.append(traceback.format_exc())
