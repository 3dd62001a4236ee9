"""A run without data and without a GPU: every tensor is made on ``meta``, which has sizes and a history and no values.

Measured: version counters, saved tensors, views and leaf checks behave on ``meta`` as anywhere else, in-place and
foreach operations and optimizers included. What needs a value ends the run, with the line that asks for it.
The program still believes its tensors to be where it put them: ``x.device`` says so, and ``.to`` copies where it would.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import weakref
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils._device import _device_constructors

from ..errors.messages import reason_of
from ..seen.places import USER, kind_of_file
from ..watching.operands import operation_name, tensors_in
from ..watching.patches import replaced
from . import overlaps
from .answers import CPU, MOVES, PLACE, SUBSCRIPTS, device_of, indices, is_real, packed, remember, special
from .guess import NeedsValue, guessing_math

_META = torch.device("meta")
_OF_NUMBERS = (torch.tensor, torch.as_tensor, torch.scalar_tensor)
_TORCH = str(Path(torch.__file__).parent)
_DATA, _OPTIMIZERS = str(Path(_TORCH, "utils", "data")), str(Path(_TORCH, "optim"))
"""Torch's own code that computes with values of its own: samplers draw indices, optimizers count their steps."""
_KERNELS = tuple(
    str(Path(_TORCH, name)) for name in ("_refs", "_prims", "_meta_reg", "_decomp", "_library", "_inductor")
)
"""Many kernels of ``meta`` are Python; where the engine runs them, they must see what there is."""
_PACKING = str(Path(_TORCH, "nn", "utils", "rnn.py"))
"""Sequences are packed by their lengths, which must be known; the sizes of the batches stay on the CPU."""
_UNTOUCHED = (_DATA, *_KERNELS)
_BETWEEN = (str(Path(__file__).parents[1]), str(Path(_TORCH, "overrides.py")))
_NAMED_AUTOCAST = hasattr(torch, "get_autocast_dtype")
"""Torch 2.4 gave both functions a device, and calls the old ones deprecated."""
_OWNER: Any = torch.autograd.Variable


class DryRun(TorchFunctionMode):  # type: ignore[misc]  # torch is untyped here
    """Sends what makes tensors to ``meta``, and answers what asks for values or places."""

    def __init__(self) -> None:
        super().__init__()
        self._twins: Dict[int, Tuple[Any, Any]] = {}
        self._makers = set(_device_constructors())
        self._special = special()
        self.ended: Optional[NeedsValue] = None

    def __torch_function__(
        self, func: Any, types: Any, args: Tuple[Any, ...] = (), kwargs: Optional[Dict[str, Any]] = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        caller = _caller(sys._getframe(1))
        if caller == _PACKING:
            return packed(func, args, kwargs)
        if caller.startswith(_UNTOUCHED):
            return func(*args, **kwargs)
        args, kwargs = self._on_meta(args), self._on_meta(kwargs)
        if func in SUBSCRIPTS:
            args = (args[0], indices(args[1]), *args[2:])
        place = _place_of(args, kwargs)
        if func in self._makers:
            # An optimizer's count of its steps, and the one that it adds: real numbers, on the CPU.
            if caller.startswith(_OPTIMIZERS) and device_of(kwargs.get("device")) == CPU:
                return func(*args, **kwargs)
            place, kwargs["device"] = device_of(kwargs.get("device")), _META
        elif kwargs.get("device") is not None and func not in MOVES:
            place, kwargs["device"] = device_of(kwargs["device"]), _META
        special = self._special.get(func)
        if special is not None and (func in MOVES or _without_values(args)):
            return special(func, *args, **kwargs)
        return self._run(func, args, kwargs, place)

    def _run(self, func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], place: torch.device) -> Any:
        if _casts():
            raise NeedsValue("autocast: it casts by device, and leaves tensors on meta as they are")
        try:
            refused = overlaps.refusal(func, args, kwargs)
            if refused is not None and not refused.in_backward:
                return _seen_by_others(overlaps.refusing(func, refused.message), args, kwargs)
            result = func(*args, **kwargs)
            if refused is not None:
                overlaps.refuse_backward(args[0], refused.message)
        except (RuntimeError, TypeError) as error:  # NotImplementedError is a RuntimeError
            if reason_of(str(error)) is None and "meta" in str(error).lower():
                what = "a subscript by a mask" if func in SUBSCRIPTS else f"`{operation_name(func)}`"
                raise NeedsValue(what) from None
            raise
        if place != CPU:
            for tensor in tensors_in(result):
                setattr(tensor, PLACE, place)
        if func in _OF_NUMBERS:
            remember(result, args[0])
        return result

    def _on_meta(self, value: Any) -> Any:
        """``value`` with every tensor that has a memory replaced by its twin; numbers of no dimension may stay."""
        if isinstance(value, torch.Tensor):
            return self._twin(value)
        if type(value) in (tuple, list):
            changed = [self._on_meta(one) for one in value]
            return type(value)(changed) if any(a is not b for a, b in zip(changed, value)) else value
        if type(value) is dict:
            return {key: self._on_meta(one) for key, one in value.items()}
        return value

    def _twin(self, tensor: Any) -> Any:
        """``torch.Tensor(3)`` and what a data loader collates pass by every mode: each has one twin for good."""
        if (
            tensor.is_meta
            or is_real(tensor)
            or (tensor.dim() == 0 and not tensor.requires_grad and id(tensor) not in self._twins)
        ):
            return tensor
        known = self._twins.get(id(tensor))
        if known is not None and known[0]() is tensor:
            return known[1]
        twin = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=_META)
        twin.requires_grad_(tensor.requires_grad)
        table, key = self._twins, id(tensor)
        table[key] = (weakref.ref(tensor, lambda _dead: table.pop(key, None)), twin)
        return twin


class _Engine:
    """Torch's engine: hooks and custom functions run in here with all modes off, and must be on meta too."""

    def __init__(self, original: Any, mode: DryRun) -> None:
        self._original = original
        self._mode = mode

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def run_backward(self, *args: Any, **kwargs: Any) -> Any:
        if self._mode in _get_current_function_mode_stack():
            return self._original.run_backward(*args, **kwargs)
        with self._mode:
            return self._original.run_backward(*args, **kwargs)


@contextlib.contextmanager
def _threads(mode: DryRun) -> Iterator[None]:
    """New threads run on ``meta`` too. One that has to end ends the dry run: what waits for it would get nothing."""
    original: Any = getattr(threading.Thread, "_bootstrap_inner", None)
    if original is None:
        yield
        return

    def bootstrap(thread: Any) -> None:
        told = thread._invoke_excepthook

        def invoke(ended: Any) -> None:
            error = sys.exc_info()[1]
            if isinstance(error, NeedsValue):
                mode.ended = mode.ended or error
            else:
                told(ended)

        thread._invoke_excepthook = invoke
        with mode:
            original(thread)

    with replaced(threading.Thread, "_bootstrap_inner", bootstrap):
        yield


@contextlib.contextmanager
def dry_run() -> Iterator[DryRun]:
    """Everything in the block runs on ``meta``; raises :class:`NeedsValue` where that cannot be."""
    mode = DryRun()
    original_load, original_array = torch.load, torch.from_numpy

    def load(*args: Any, **kwargs: Any) -> Any:
        kwargs["map_location"] = "meta"
        return original_load(*args[:1], *args[2:], **kwargs)

    def from_numpy(array: Any) -> Any:
        with torch._C.DisableTorchFunction():
            made = original_array(array)
        return mode._twin(made)

    make: Any = torch.nn.Parameter.__new__

    def new(cls: Any, data: Any = None, requires_grad: bool = True) -> Any:
        with torch._C.DisableTorchFunction():  # or `is_meta` would be answered as the program sees it
            there = mode._on_meta(data)
        return make(cls, there, requires_grad)

    validated = torch.distributions.Distribution._validate_args
    with contextlib.ExitStack() as exits:
        exits.enter_context(replaced(torch, "load", load))
        exits.enter_context(replaced(torch, "from_numpy", from_numpy))
        exits.enter_context(replaced(torch.nn.Parameter, "__new__", new))
        exits.enter_context(replaced(_OWNER, "_execution_engine", _Engine(_OWNER._execution_engine, mode)))
        exits.enter_context(_recomputed_anywhere())
        # Distributions look at every value of their arguments, which are taken to be valid.
        torch.distributions.Distribution.set_default_validate_args(False)
        exits.callback(torch.distributions.Distribution.set_default_validate_args, validated)
        exits.enter_context(guessing_math())
        exits.enter_context(_threads(mode))
        exits.enter_context(mode)
        try:
            yield mode
        except Exception:
            if mode.ended is None:
                raise
        if mode.ended is not None:
            raise mode.ended


@contextlib.contextmanager
def _recomputed_anywhere() -> Iterator[None]:
    """Checkpoint compares what it recomputes with what it had, devices included: half of them are seen in kernels."""
    import torch.utils.checkpoint as checkpoint

    checks = getattr(checkpoint, "_allowed_determinism_checks_to_fns", {})
    original = checks.get("default")
    if original is not None:
        checks["default"] = lambda tensor: {"shape": tensor.shape, "dtype": tensor.dtype}
    try:
        yield
    finally:
        if original is not None:
            checks["default"] = original


def run_dry(program: Callable[[], None]) -> Optional[str]:
    """Runs ``program``; says in words where it had to end and why, None where it came to its end."""
    try:
        with dry_run():
            program()
    except (NeedsValue, RuntimeError) as error:
        what = error.what if isinstance(error, NeedsValue) else _of_mixed_devices(error)
        if what is None:
            raise
        row = filename = None
        step = error.__traceback__
        while step is not None:
            if kind_of_file(step.tb_frame.f_code.co_filename) == USER:
                filename, row = step.tb_frame.f_code.co_filename, step.tb_lineno
            step = step.tb_next
        where = f" at {filename}:{row}" if filename is not None else ""
        why = f"the dry run ends{where}: {what} needs values, and tensors on meta have none"
        return f"{why}. What comes after was not looked at: run it without --dry-run"
    return None


def _of_mixed_devices(error: Exception) -> Optional[str]:
    """Torch's own C code may meet a tensor that no mode could send to ``meta``: no error of the program."""
    text = str(error)
    return "a call of torch" if reason_of(text) is None and re.search(r"\b(meta|device)\b", text) else None


def _seen_by_others(func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """Calls a function of ours as torch calls one of its own: the modes below this one see it, and what it raises."""
    if _get_current_function_mode_stack():
        return torch.overrides.handle_torch_function(func, tuple(tensors_in((args, kwargs))), *args, **kwargs)
    return func(*args, **kwargs)


def _casts() -> bool:
    if _NAMED_AUTOCAST:
        return any(torch.is_autocast_enabled(device) for device in ("cpu", "cuda"))
    return bool(torch.is_autocast_enabled() or torch.is_autocast_cpu_enabled())


def _caller(frame: Any) -> str:
    """The file from which a function of torch is called: past our own modes and torch's way to them."""
    while frame is not None and frame.f_code.co_filename.startswith(_BETWEEN):
        frame = frame.f_back
    return "" if frame is None else str(frame.f_code.co_filename)


def _without_values(args: Tuple[Any, ...]) -> bool:
    return bool(args) and isinstance(args[0], torch.Tensor) and args[0].is_meta


def _place_of(args: Any, kwargs: Any) -> torch.device:
    for tensor in tensors_in((args, kwargs)):
        place = tensor.__dict__.get(PLACE) if hasattr(tensor, "__dict__") else None
        if place is not None:
            return place
    return CPU
