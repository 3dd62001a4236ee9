"""Time and memory that a run may take: watched from inside, so that its story is told before it is ended."""

from __future__ import annotations

import _thread
import sys
import time
from typing import Callable, Optional

POLL = 0.05
TIMEOUT, MEMORY = "timeout", "memory"


def watch(
    deadline: Optional[float],
    memory: Optional[int],
    over: Callable[[str], bool],
) -> None:
    """Calls ``over`` with the limit that is passed, until it answers False: then the run is through.

    ``deadline`` in seconds since 1970, ``memory`` in bytes. Not a ``threading.Thread``: the program must not find
    one more in its list of threads.
    """

    def look() -> None:
        while over(""):
            if deadline is not None and time.time() >= deadline:
                over(TIMEOUT)
                return
            if memory is not None and resident() > memory:
                over(MEMORY)
                return
            left = POLL if memory is not None or deadline is None else deadline - time.time()
            time.sleep(min(max(left, 0.0), POLL if memory is not None else 1.0))

    if deadline is not None or memory is not None:
        _thread.start_new_thread(look, ())


def resident() -> int:
    """Bytes of memory that this process holds: its peak where the present is not told, 0 where neither is."""
    try:
        with open("/proc/self/statm", encoding="ascii") as numbers:  # noqa: PTH123  (no pathlib in a watched process)
            return int(numbers.read().split()[1]) * 4096
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
