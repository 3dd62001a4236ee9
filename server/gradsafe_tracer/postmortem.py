"""After the error: walks the graph of the failing call and names every broken saved tensor.

Costs nothing until something fails: no hook, no mode, one Python call around each ``backward()``. Says which operation
saved, as what, at which version, and which variables and parameters hold the tensor; who wrote it, only a traced run
can tell. The error keeps its type and message; what is found is added as a note (Python 3.11), else printed.
"""

from __future__ import annotations

import re
import sys
import threading
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple

import torch

from .care.harmless import harmless
from .context import running_session
from .errors.blame import guilty
from .errors.messages import plain_name, reason_of
from .errors.nodes import reachable
from .seen.holders import holders
from .seen.places import USER, kind_of_file, kinds
from .watching.operands import grad_fn_of

_VERSIONS = re.compile(r"is at version (\d+); expected version (\d+)")
_OWNER: Any = torch.autograd.Variable
_NOTED = "_gradsafe_note"
SHOWN = 12
"""How many broken tensors are told; an optimizer's step breaks every parameter of a net."""


@dataclass(frozen=True)
class Broken:
    """A saved tensor that backward refuses: ``reason`` is ``version`` or ``freed``."""

    reason: str
    operation: str
    role: str
    found: Optional[int]
    expected: Optional[int]
    holders: Tuple[str, ...]
    shape: Optional[Tuple[int, ...]] = None
    dtype: Optional[str] = None


class _Engine:
    """Torch's engine; an error of autograd that leaves it is explained while its frames are still there."""

    def __init__(self, original: Any) -> None:
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def run_backward(self, roots: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._original.run_backward(roots, *args, **kwargs)
        except RuntimeError as error:
            _note(error, roots, sys._getframe(1))
            raise


def install() -> Callable[[], None]:
    """From here on errors of autograd explain themselves, in every thread; returns what takes it back.

    Installed twice, it is still there once.
    """
    if isinstance(_OWNER._execution_engine, _Engine):
        return lambda: None
    stand_in = _OWNER._execution_engine = _Engine(_OWNER._execution_engine)
    before, before_in_thread = sys.excepthook, threading.excepthook

    def hook(kind: Any, error: BaseException, trace: Optional[TracebackType]) -> None:
        _explain_once(error)
        before(kind, error, trace)
        _print_note(error)

    def hook_in_thread(told: Any) -> None:
        if told.exc_value is not None:
            _explain_once(told.exc_value)
        before_in_thread(told)
        if told.exc_value is not None:
            _print_note(told.exc_value)

    sys.excepthook, threading.excepthook = hook, hook_in_thread

    def uninstall() -> None:
        if sys.excepthook is hook:
            sys.excepthook = before
        if threading.excepthook is hook_in_thread:
            threading.excepthook = before_in_thread
        if _OWNER._execution_engine is stand_in:
            _OWNER._execution_engine = stand_in._original

    return uninstall


def explain(error: BaseException) -> str:
    """What is behind ``error`` as text; empty where it is not autograd's error."""
    noted = getattr(error, _NOTED, None)
    if noted is not None:
        return str(noted)
    broken = examine(error)
    return text_of(broken) if broken else guilty(error)


def examine(error: BaseException) -> List[Broken]:
    """Every broken saved tensor in the graph of the call that failed, the latest operation first."""
    frames = list(_frames(error.__traceback__))
    users = [one for one in reversed(frames) if _is_user(one)]
    return _examine(str(error), _roots(frames), users) if isinstance(error, RuntimeError) else []


def text_of(broken: List[Broken]) -> str:
    """A line for each."""
    lines = []
    for one in broken[:SHOWN]:
        what = f"{one.dtype} {list(one.shape)}" if one.shape is not None else ""
        held = f"; held by {', '.join(one.holders) or 'no variable in sight'}"
        if one.reason == "version":
            versions = f"saved at version {one.expected}, now {one.found}"
            kind = f" ({what})" if what else ""
            lines.append(f"gradsafe: {one.operation} saved its {one.role}{kind}: {versions}{held}")
        else:
            lines.append(f"gradsafe: {one.operation}: an earlier backward freed its {one.role}")
    if len(broken) > SHOWN:
        lines.append(f"gradsafe: and {len(broken) - SHOWN} more")
    if broken and broken[0].reason == "version":
        lines.append("gradsafe: who modified it, a traced run tells: python -m gradsafe_tracer FILE")
    return "".join(line + "\n" for line in lines)


def _note(error: RuntimeError, roots: Any, frame: Optional[FrameType]) -> None:
    if running_session() is None and not hasattr(error, _NOTED):
        _explain(error, roots, frame)


@harmless
def _explain(error: RuntimeError, roots: Any, frame: Optional[FrameType]) -> None:
    users = []
    while frame is not None:
        if _is_user(frame):
            users.append(frame)
        frame = frame.f_back
    nodes = [
        grad_fn_of(one) if isinstance(one, torch.Tensor) else getattr(one, "node", None) for one in roots
    ]
    broken = _examine(str(error), nodes, users)
    if broken:
        attach(error, text_of(broken))


def attach(error: BaseException, text: str) -> None:
    """Tells ``text`` with the error: as a note where Python has them."""
    setattr(error, _NOTED, text)
    if hasattr(error, "add_note"):
        error.add_note(text.rstrip("\n"))


@harmless
def _explain_once(error: BaseException) -> None:
    """For the errors that no backward raised: the operation itself did."""
    if not hasattr(error, _NOTED) and isinstance(error, RuntimeError):
        text = guilty(error)
        if text:
            attach(error, text)


def _print_note(error: BaseException) -> None:
    if not hasattr(error, "add_note") and hasattr(error, _NOTED):
        sys.stderr.write(getattr(error, _NOTED))


def _is_user(frame: FrameType) -> bool:
    filename = frame.f_code.co_filename
    kind = kinds.get(filename)
    return (kind_of_file(filename) if kind is None else kind) == USER


def _frames(trace: Optional[TracebackType]) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _roots(frames: List[FrameType]) -> List[Any]:
    """What ``torch.autograd.backward`` or ``grad`` was called on: its arguments are in its frame."""
    for frame in frames:
        if "autograd" in frame.f_code.co_filename:
            for name in ("tensors", "t_outputs", "outputs"):
                value = frame.f_locals.get(name)
                tensors = [value] if isinstance(value, torch.Tensor) else value
                if isinstance(tensors, (list, tuple)) and tensors:
                    return [grad_fn_of(one) for one in tensors if isinstance(one, torch.Tensor)]
    return []


def _examine(message: str, roots: Iterable[Any], users: List[FrameType]) -> List[Broken]:
    reason = reason_of(message)
    if reason not in ("version", "freed"):
        return []
    nodes = sorted(reachable(roots), key=lambda node: int(node._sequence_nr()), reverse=True)
    with torch._C.DisableTorchFunction():
        return [one for node in nodes for one in _broken(node, users) if one.reason == reason]


def _broken(node: Any, users: List[FrameType]) -> Iterator[Broken]:
    slots = [name for name in dir(node) if name.startswith("_saved_")]
    for slot in [*slots, "saved_tensors"]:
        if _has_hooks(node, slot):
            continue  # the user's unpack hook may do anything; and torch checks no version where there is one
        try:
            getattr(node, slot, None)
        except RuntimeError as error:
            reason = reason_of(str(error))
            if reason is not None:
                yield _describe(node, slot, reason, str(error), users)


def _describe(node: Any, slot: str, reason: str, message: str, users: List[FrameType]) -> Broken:
    versions = _VERSIONS.search(message)
    found, expected = (int(versions.group(1)), int(versions.group(2))) if versions else (None, None)
    role = "saved tensors" if slot == "saved_tensors" else slot[len("_saved_") :]
    operation = re.sub(r"Backward\d*$", "", plain_name(node.name()))
    if reason != "version":
        return Broken(reason, operation, role, found, expected, ())
    names: Dict[str, None] = {}
    shape = dtype = None
    for tensor in _held(node, slot):
        if slot == "saved_tensors" and f"Tensor {list(tensor.shape)}" not in message:
            continue  # of several that a custom Function saved, the one that torch complains of
        names.update(dict.fromkeys(holders(tensor, users)))
        shape, dtype = tuple(tensor.shape), str(tensor.dtype).replace("torch.", "")
    return Broken(reason, operation, role, found, expected, tuple(names), shape, dtype)


def _held(node: Any, slot: str) -> Iterator[Any]:
    raw = _raw(node, slot)
    for one in raw if isinstance(raw, (tuple, list)) else (raw,):
        try:
            tensor = one.data
        except (RuntimeError, AttributeError):
            continue
        tensor = getattr(tensor, "alias", tensor)
        if isinstance(tensor, torch.Tensor):
            yield tensor


def _raw(node: Any, slot: str) -> Any:
    try:
        return getattr(node, "_raw" + (slot if slot.startswith("_") else "_" + slot), None)
    except RuntimeError:
        return None  # freed


def _has_hooks(node: Any, slot: str) -> bool:
    """A saved tensor without hooks gives a tensor as its data; what a hook packed is anything."""
    raw = _raw(node, slot)
    for one in raw if isinstance(raw, (tuple, list)) else (raw,):
        try:
            data = None if one is None else one.data
        except (RuntimeError, AttributeError):
            continue
        if data is not None and not isinstance(data, torch.Tensor):
            return True
    return False
