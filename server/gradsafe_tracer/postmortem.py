"""After the error: walks the graph of the failing call and names every broken saved tensor.

Costs nothing until something fails: no hook, no mode. Says which operation saved, as what, at which
version, and which variables and parameters hold the tensor; who wrote it, only a traced run can tell.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, Type

import torch

from .messages import plain_name, reason_of
from .names import holders
from .nodes import reachable
from .operands import grad_fn_of
from .places import USER, kind_of_file

_VERSIONS = re.compile(r"is at version (\d+); expected version (\d+)")
_ROOT_NAMES = ("tensors", "t_outputs", "outputs")


@dataclass(frozen=True)
class Broken:
    """A saved tensor that backward refuses: ``reason`` is ``version`` or ``freed``."""

    reason: str
    operation: str
    role: str
    found: Optional[int]
    expected: Optional[int]
    holders: Tuple[str, ...]


def install() -> Callable[[], None]:
    """Adds the explanation to what Python prints for an uncaught error; returns what takes it back."""
    before = sys.excepthook

    def hook(kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
        before(kind, error, trace)
        sys.stderr.write(explain(error))

    sys.excepthook = hook

    def uninstall() -> None:
        if sys.excepthook is hook:
            sys.excepthook = before

    return uninstall


def explain(error: BaseException) -> str:
    """The broken saved tensors behind ``error`` as text; empty where it is not autograd's error."""
    lines = []
    for broken in examine(error):
        held = f"; held by {', '.join(broken.holders)}" if broken.holders else ""
        if broken.reason == "version":
            versions = f"saved at version {broken.expected}, now {broken.found}"
            lines.append(f"gradsafe: {broken.operation} saved its {broken.role}: {versions}{held}")
        else:
            lines.append(f"gradsafe: {broken.operation}: an earlier backward freed its {broken.role}")
    return "".join(line + "\n" for line in lines)


def examine(error: BaseException) -> List[Broken]:
    """Every broken saved tensor in the graph of the call that failed, the latest operation first."""
    reason = reason_of(str(error)) if isinstance(error, RuntimeError) else None
    if reason not in ("version", "freed"):
        return []
    frames = list(_frames(error.__traceback__))
    roots = _roots(frames)
    user = next((one for one in reversed(frames) if kind_of_file(one.f_code.co_filename) == USER), None)
    nodes = sorted(reachable(roots), key=lambda node: int(node._sequence_nr()), reverse=True)
    with torch._C.DisableTorchFunction():
        return [one for node in nodes for one in _broken(node, user) if one.reason == reason]


def _frames(trace: Optional[TracebackType]) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _roots(frames: List[FrameType]) -> List[Any]:
    """What ``torch.autograd.backward`` or ``grad`` was called on: its arguments are in its frame."""
    for frame in frames:
        if "autograd" in frame.f_code.co_filename:
            for name in _ROOT_NAMES:
                value = frame.f_locals.get(name)
                tensors = [value] if isinstance(value, torch.Tensor) else value
                if isinstance(tensors, (list, tuple)) and tensors:
                    return [grad_fn_of(one) for one in tensors if isinstance(one, torch.Tensor)]
    return []


def _broken(node: Any, user: Optional[FrameType]) -> Iterator[Broken]:
    slots = [name for name in dir(node) if name.startswith("_saved_")]
    for slot in [*slots, "saved_tensors"]:
        try:
            getattr(node, slot, None)
        except RuntimeError as error:
            reason = reason_of(str(error))
            if reason is not None:
                yield _describe(node, slot, reason, str(error), user)


def _describe(node: Any, slot: str, reason: str, message: str, user: Optional[FrameType]) -> Broken:
    versions = _VERSIONS.search(message)
    found, expected = (int(versions.group(1)), int(versions.group(2))) if versions else (None, None)
    role = "saved tensors" if slot == "saved_tensors" else slot[len("_saved_") :]
    names = _held(node, slot, user) if reason == "version" else ()
    return Broken(reason, re.sub(r"Backward\d*$", "", plain_name(node.name())), role, found, expected, names)


def _held(node: Any, slot: str, user: Optional[FrameType]) -> Tuple[str, ...]:
    raw = getattr(node, "_raw" + (slot if slot.startswith("_") else "_" + slot), None)
    found: Dict[str, None] = {}
    for one in raw if isinstance(raw, (tuple, list)) else (raw,):
        try:
            tensor = one.data
        except (RuntimeError, AttributeError):
            continue
        tensor = getattr(tensor, "alias", tensor)
        if isinstance(tensor, torch.Tensor) and user is not None:
            found.update(dict.fromkeys(holders(tensor, user)))
    return tuple(found)
