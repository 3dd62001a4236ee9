"""How a program left before its end, in words; and the crash that leaves none, noted by Python's fault handler."""

from __future__ import annotations

import contextlib
import faulthandler
import sys
from typing import Any, Iterator, List, Optional


def exit_code(code: Any) -> int:
    """What ``sys.exit(code)`` means, said as Python says it."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    print(code, file=sys.stderr)
    return 1


def exited(code: Any, row: Optional[int]) -> List[str]:
    """A note about ``sys.exit`` at ``row`` of the program; none where nothing is odd about it."""
    if row is None or code is None or code == 0:
        return []  # a library's own way to end, as pytest's, or a program that says that all is well
    if isinstance(code, int):
        return [f"the program called sys.exit({code}) at line {row}: what stands after it did not run"]
    text = str(code).strip().splitlines()
    said = f": {text[0]}" if text else ""
    return [f"the program gave up with SystemExit at line {row}{said}"]


def left(status: int, row: Optional[int]) -> List[str]:
    """A note about ``os._exit``, which ends the interpreter at once."""
    where = "" if row is None else f" at line {row}"
    return [f"the program called os._exit({status}){where}: nothing after it ran, in no thread"]


@contextlib.contextmanager
def crashes_noted(path: Optional[str]) -> Iterator[None]:
    """While a program runs, a crash of the interpreter writes where it was: to ``path``, or to standard error.

    A handler that the program has set itself stays.
    """
    if faulthandler.is_enabled():
        yield
        return
    with contextlib.ExitStack() as exits:
        with contextlib.suppress(OSError, ValueError, AttributeError):  # a standard error that is no file
            if path is None:
                faulthandler.enable()
            else:
                stream = exits.enter_context(open(path, "w", encoding="utf-8"))  # noqa: PTH123  (a file descriptor is wanted)
                faulthandler.enable(stream, all_threads=False)
            exits.callback(faulthandler.disable)
        yield
