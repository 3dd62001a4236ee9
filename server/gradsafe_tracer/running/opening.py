"""Whether this interpreter can trace at all: torch is imported here, first, and what is missing is said in words."""

from __future__ import annotations

import re
import sys
from typing import Any, Iterable

from .program import ProgramError

OLDEST_TORCH = (2, 1)


def open_session(filenames: Iterable[str], light: bool = False) -> Any:
    """A :class:`~gradsafe_tracer.watching.session.Session`, not started; ``filenames`` are the user's wherever they lie."""
    try:
        import torch
    except ModuleNotFoundError as error:
        if error.name == "torch":
            raise ProgramError("no-torch", f"{sys.executable} has no torch") from None
        raise ProgramError("torch-broken", f"importing torch fails: {error}") from None
    except (ImportError, OSError) as error:
        raise ProgramError("torch-broken", f"importing torch fails: {error}") from None
    found = re.match(r"(\d+)\.(\d+)", str(getattr(torch, "__version__", "")))
    if found is None:
        place = getattr(torch, "__file__", None) or f"a folder in {next(iter(torch.__path__), 'the path')}"
        raise ProgramError("torch-broken", f"what `import torch` finds ({place}) is not PyTorch")
    if (int(found[1]), int(found[2])) < OLDEST_TORCH:
        raise ProgramError("old-torch", f"torch {torch.__version__} is older than 2.1")
    from ..care import selftest
    from ..seen import places
    from ..watching.session import Session

    for filename in filenames:
        places.mark_user_file(filename)
    silenced = selftest.silenced()
    if silenced is not None:
        raise ProgramError("self-test", f"torch {torch.__version__}: {silenced}; nothing was run")
    return Session(light)
