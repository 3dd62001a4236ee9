"""From a saved tensor to the node of the graph that holds it, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple

import torch

from ..care.harmless import harmless
from ..seen.records import Saved, SaveNote
from ..watching.operands import grad_fn_of, operation_name, tensors_in

if TYPE_CHECKING:
    from ..seen.recorder import Recorder
    from ..watching.mode import Watch

_slots: Dict[Any, Tuple[str, ...]] = {}
SLACK = 3
BREADTH = 200
"""How many nodes one call may have made before the search for its saves is given up."""


def slots_of(node: Any) -> Tuple[str, ...]:
    """The names under which ``node`` gives access to what it saved (``_raw_saved_self`` ...)."""
    kind = type(node)
    known = _slots.get(kind)
    if known is None:
        known = _slots[kind] = tuple(name for name in dir(node) if name.startswith("_raw_saved_"))
    return known


class Asking:
    """How the records of a node are had where torch does not show them: our ``unpack`` tells what it is asked for."""

    def __init__(self) -> None:
        self.found: Optional[List[Saved]] = None
        """Filled by ``unpack`` while records are asked for."""
        self.others = False
        """Whether the program has set hooks of its own: asking would run them."""

    def records(self, node: Any, slot: str) -> List[Saved]:
        """What ``slot`` holds, in order."""
        if self.others:
            return []
        self.found = []
        try:
            getattr(node, "saved_tensors" if slot == "_raw_saved_tensors" else slot[len("_raw") :], None)
        except RuntimeError:
            pass  # freed, or a result whose node is gone
        finally:
            found, self.found = self.found, None
        return list(found or ())


asking = Asking()
SHOWS_DATA = hasattr(torch._C._autograd.SavedTensor, "data")
"""Older releases let nobody see what a hook has packed."""


def held_by(node: Any) -> Iterator[Tuple[str, Any]]:
    """Each ``(role, record)`` that ``node`` holds."""
    return _shown(node) if SHOWS_DATA else _asked(node)


def _shown(node: Any) -> Iterator[Tuple[str, Any]]:
    for slot in slots_of(node):
        try:
            raw = getattr(node, slot)
        except RuntimeError:
            continue  # freed
        role = slot[len("_raw_saved_") :]
        for number, one in enumerate(raw if isinstance(raw, (tuple, list)) else (raw,)):
            try:
                record = one.data
            except (RuntimeError, AttributeError):
                continue
            if isinstance(record, Saved):
                yield (role if one is raw else f"{role}[{number}]"), record


def _asked(node: Any) -> Iterator[Tuple[str, Any]]:
    for slot in slots_of(node):
        role, records = slot[len("_raw_saved_") :], asking.records(node, slot)
        for number, record in enumerate(records):
            yield (role if len(records) == 1 and role != "tensors" else f"{role}[{number}]"), record


@harmless
def settle(watch: Watch, func: Any, result: Any, args: Tuple[Any, ...]) -> None:
    """Says of each save that this call made which node holds it, as what."""
    recorder = watch.recorder
    wanted = {id(saved): saved for saved in (one() for one in watch.pending) if saved is not None}
    watch.pending.clear()
    for saved in wanted.values():
        saved.note.operation = operation_name(func)
    watch.busy = True
    try:
        outputs = list(tensors_in(result)) or list(tensors_in(args[:1]))
        # A view that renews its history, or a write to a view, makes nodes of its own in between.
        first = min((saved.note.seq for saved in wanted.values()), default=0) - SLACK
        for node in _new_nodes(outputs, first):
            for role, record in held_by(node):
                saved = wanted.pop(id(record), None)
                if saved is not None:
                    place_save(recorder, saved.note, node, role)
                    # A composite operation saves results that are not its own: no variable holds them.
                    saved.note.inner = all(saved.original() is not output for output in outputs)
            if not wanted:
                return
    finally:
        watch.busy = False


def place_save(recorder: Recorder, note: SaveNote, node: Any, role: str) -> None:
    """Ties a save to its node. The number guessed when it was made may be that of a view's renewed history."""
    note.seq = node._sequence_nr()
    note.role = role
    note.node = recorder.node_number(note)


def _new_nodes(outputs: Iterable[Any], first: int) -> Iterator[Any]:
    stack: List[Any] = [grad_fn_of(tensor) for tensor in outputs]
    seen: Set[Any] = set()
    while stack and len(seen) < BREADTH:
        node = stack.pop()
        if node is None or node in seen or node._sequence_nr() < first:
            continue
        seen.add(node)
        yield node
        stack.extend(below for below, _ in node.next_functions)


def reachable(roots: Iterable[Any]) -> List[Any]:
    """The nodes below ``roots``, each once."""
    seen: Dict[Any, None] = {}
    stack = [root for root in roots if root is not None]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen[node] = None
            stack.extend(below for below, _ in node.next_functions if below is not None)
    return list(seen)
