"""``queue.Queue`` and its kin: what goes in comes out, in which order.

Nobody waits here: where nothing is left, another thread may put something in, so what comes out is not known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import NONE, External, ListRef, Unknown, Value, const
from gradsafe.interp import containers
from gradsafe.interp.builtin_calls import builtin

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_ORDER = "#queue"
"""On a list: it is a queue, and where its next element stands."""


@builtin("queue.Queue", "queue.SimpleQueue", "queue.LifoQueue", "asyncio.Queue", "asyncio.LifoQueue")
def _queue(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    made = containers.new_list(path, ())
    last_first = isinstance(call.function, External) and call.function.name.endswith("LifoQueue")
    path.vars[made.oid, _ORDER] = const(-1 if last_first else 0)
    return [(path, made)]


def call_method(path: Path, receiver: ListRef, name: str, call: Call) -> Value | None:
    """A method of a queue; None where the list is none, or the method is not known."""
    at = path.vars.get((receiver.oid, _ORDER))
    if at is None:
        return None
    items = path.items(receiver.oid)
    if name in ("put", "put_nowait") and call.args:
        path.heap[receiver.oid] = containers.bounded((*items.known, call.args[0]), items.rest, items.shape)
        return NONE
    if name in ("get", "get_nowait"):
        if not items.known:
            return items.rest or Unknown(("queue", call.source.place, path.new_id()))
        left = list(items.known)
        value = left.pop(0 if at == const(0) else -1)
        path.heap[receiver.oid] = replace(items, known=tuple(left))
        return value
    if name in ("empty", "qsize") and items.rest is None:
        return const(not items.known if name == "empty" else len(items.known))
    return NONE if name in ("task_done", "join", "shutdown") else None
