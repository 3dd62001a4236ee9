"""Tensors inside a graph that were changed outside of it: which operations of a backward used them later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from ..errors.nodes import reachable
from ..seen.records import BackwardNote, Hazard

if TYPE_CHECKING:
    from ..seen.recorder import Recorder


def changed_values(recorder: Recorder, backward: BackwardNote) -> List[Hazard]:
    """The hazards that the graph of ``backward`` meets; they are told once."""
    found = [hazard for _, hazard in recorder.swaps.values() if hazard.used]
    recorder.swaps = {key: one for key, one in recorder.swaps.items() if not one[1].used}
    if recorder.hazards:
        nodes = reachable(backward.roots)
        found += _used_later(recorder.hazards, nodes, backward.edges)
        found += _leaves_used_on_both_sides(recorder.hazards, nodes)
    for hazard in found:
        hazard.told = True
    recorder.hazards = [hazard for hazard in recorder.hazards if not hazard.told]
    return found


def _used_later(hazards: List[Hazard], nodes: List[Any], roots: List[Tuple[Any, int]]) -> List[Hazard]:
    waiting: Dict[Tuple[int, int], List[Hazard]] = {}
    for hazard in hazards:
        if hazard.leaf is None:
            waiting.setdefault((hazard.seq, hazard.output), []).append(hazard)
    found: Dict[int, Hazard] = {}
    for node, output in roots if waiting else ():
        # What is written and then differentiated has no user but the caller.
        for hazard in waiting.get((node._sequence_nr(), output), ()) if node is not None else ():
            hazard.root = True
            found[id(hazard)] = hazard
    for node in nodes if waiting else ():
        for below, output in node.next_functions:
            if below is not None:
                for hazard in waiting.get((below._sequence_nr(), output), ()):
                    if node._sequence_nr() >= hazard.now:
                        hazard.users.append(node)
                        found[id(hazard)] = hazard
    return list(found.values())


def _leaves_used_on_both_sides(hazards: List[Hazard], nodes: List[Any]) -> List[Hazard]:
    """``w.data = f(w.data)`` between two uses of w: its gradient adds up over two different values."""
    found = []
    for hazard in hazards:
        leaf = None if hazard.leaf is None else hazard.leaf()
        if leaf is not None:
            sides = {
                node._sequence_nr() >= hazard.now
                for node in nodes
                for below, _ in node.next_functions
                if below is not None and getattr(below, "variable", None) is leaf
            }
            if len(sides) == 2:
                found.append(hazard)
    return found
