"""A run without data and without a GPU: every tensor is made on ``meta``, which has sizes and a history and no values.

Measured: version counters, saved tensors, views and leaf checks behave on ``meta`` as anywhere else, in-place and
foreach operations and optimizers included. What needs a value ends the run, with the line that asks for it.
The program still believes its tensors to be where it put them: ``x.device`` says so, and ``.to`` copies where it would.
"""

from __future__ import annotations

import contextlib
import re
import sys
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
from .guess import Guess, NeedsValue, guessing_math

_META = torch.device("meta")
_CPU = torch.device("cpu")
_TORCH = str(Path(torch.__file__).parent)
_DATA, _OPTIMIZERS = str(Path(_TORCH, "utils", "data")), str(Path(_TORCH, "optim"))
"""Torch's own code that computes with values of its own: samplers draw indices, optimizers count their steps."""
_KERNELS = tuple(
    str(Path(_TORCH, name)) for name in ("_refs", "_prims", "_meta_reg", "_decomp", "_library", "_inductor")
)
"""Many kernels of ``meta`` are Python; where the engine runs them, they must see what there is."""
_UNTOUCHED = (_DATA, *_KERNELS)
_BETWEEN = (str(Path(__file__).parents[1]), str(Path(_TORCH, "overrides.py")))
_NAMED_AUTOCAST = hasattr(torch, "get_autocast_dtype")
"""Torch 2.4 gave both functions a device, and calls the old ones deprecated."""
_PLACE, _KNOWN = "_gradsafe_device", "_gradsafe_known"
_OWNER: Any = torch.autograd.Variable


class DryRun(TorchFunctionMode):  # type: ignore[misc]  # torch is untyped here
    """Sends what makes tensors to ``meta``, and answers what asks for values or places."""

    def __init__(self) -> None:
        super().__init__()
        self._twins: Dict[int, Tuple[Any, Any]] = {}
        self._makers = set(_device_constructors())
        self._special = _special()

    def __torch_function__(
        self, func: Any, types: Any, args: Tuple[Any, ...] = (), kwargs: Optional[Dict[str, Any]] = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        caller = _caller(sys._getframe(1))
        if caller.startswith(_UNTOUCHED):
            return func(*args, **kwargs)
        args, kwargs = self._on_meta(args), self._on_meta(kwargs)
        place = _place_of(args, kwargs)
        if func in self._makers:
            if caller.startswith(_OPTIMIZERS) and kwargs.get("device") is None:
                return func(*args, **kwargs)
            place, kwargs["device"] = _device(kwargs.get("device")), _META
        elif kwargs.get("device") is not None and func not in _MOVES:
            place, kwargs["device"] = _device(kwargs["device"]), _META
        special = self._special.get(func)
        if special is not None and (func in _MOVES or _without_values(args)):
            return special(func, *args, **kwargs)
        return self._run(func, args, kwargs, place)

    def _run(self, func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], place: torch.device) -> Any:
        if _casts():
            raise NeedsValue("autocast: it casts by device, and leaves tensors on meta as they are")
        try:
            result = func(*args, **kwargs)
        except (RuntimeError, TypeError) as error:  # NotImplementedError is a RuntimeError
            if reason_of(str(error)) is None and "meta" in str(error).lower():
                raise NeedsValue(f"`{operation_name(func)}`") from None
            raise
        if place != _CPU:
            for tensor in tensors_in(result):
                setattr(tensor, _PLACE, place)
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
        if tensor.is_meta or (
            tensor.dim() == 0 and not tensor.requires_grad and id(tensor) not in self._twins
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
def dry_run() -> Iterator[None]:
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
        exits.enter_context(mode)
        yield


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
        place = tensor.__dict__.get(_PLACE) if hasattr(tensor, "__dict__") else None
        if place is not None:
            return place
    return _CPU


def _place(tensor: Any) -> torch.device:
    return getattr(tensor, "__dict__", {}).get(_PLACE, _CPU)


# -- what asks for a value, or for a place -----------------------------------------------------------------------------


def _item(_func: Any, tensor: Any) -> Any:
    if tensor.numel() != 1:
        raise RuntimeError(f"a Tensor with {tensor.numel()} elements cannot be converted to Scalar")
    known = tensor.__dict__.get(_KNOWN)
    return Guess() if known is None else known


def _bool(_func: Any, tensor: Any) -> bool:
    known = tensor.__dict__.get(_KNOWN)
    if known is None:
        raise NeedsValue("a decision by a tensor's value")
    return bool(known)


def _asked(what: str) -> Callable[..., Any]:
    def ask(_func: Any, *_args: Any, **_kwargs: Any) -> Any:
        raise NeedsValue(what)

    return ask


def _format(func: Any, tensor: Any, spec: str) -> str:
    return format(Guess(), spec) if tensor.dim() == 0 else str(func(tensor, spec))


def _finite(value: bool) -> Callable[..., Any]:
    """A run that works has finite numbers: ``if torch.isnan(loss)`` need not end the dry run."""

    def answer(func: Any, *args: Any, **kwargs: Any) -> Any:
        result = func(*args, **kwargs)
        setattr(result, _KNOWN, value)
        return result

    return answer


def _same(func: Any, tensor: Any, *args: Any, **kwargs: Any) -> Any:
    result = func(tensor, *args, **kwargs)
    known = tensor.__dict__.get(_KNOWN)
    if known is not None and isinstance(result, torch.Tensor):
        setattr(result, _KNOWN, known)
    return result


def _to(func: Any, tensor: Any, *args: Any, **kwargs: Any) -> Any:
    """``.to``, ``.cuda`` and ``.cpu``: a copy where the program would move the tensor, else as torch does."""
    target, dtype = kwargs.pop("device", None), kwargs.pop("dtype", None)
    kwargs.pop("non_blocking", None)
    if func is torch.Tensor.cpu:
        target = "cpu"
    elif func is torch.Tensor.cuda:
        target = target if target is not None else args[0] if args and args[0] is not None else "cuda"
    else:
        for one in args:
            if isinstance(one, torch.Tensor):
                target, dtype = _place(one), one.dtype
            elif isinstance(one, torch.dtype):
                dtype = one
            elif isinstance(one, (str, torch.device)) or type(one) is int:
                target = one
            elif isinstance(one, bool):
                continue
        other = kwargs.pop("other", None)
        if other is not None:
            target, dtype = _place(other), other.dtype
    target = _place(tensor) if target is None else _device(target)
    if target != _place(tensor):
        kwargs["copy"] = True
    result = torch.Tensor.to(tensor, dtype or tensor.dtype, **kwargs)
    if result is not tensor or target != _CPU:
        setattr(result, _PLACE, target)
    return result


def _set_data(func: Any, tensor: Any, value: Any) -> None:
    func(tensor, value)
    setattr(tensor, _PLACE, _place(value))


def _device(given: Any) -> torch.device:
    """The device that ``device=given`` names; a bare number is a GPU's."""
    if given is None:
        return _CPU
    device = torch.device("cuda", given) if type(given) is int else torch.device(given)
    return (
        device if device.type in ("cpu", "meta") or device.index is not None else torch.device(device.type, 0)
    )


_T: Any = torch.Tensor
_MOVES = (_T.to, _T.cuda, _T.cpu)


def _special() -> Dict[Any, Callable[..., Any]]:
    """By function: what to do in its place where the tensor has no values."""
    found: Dict[Any, Callable[..., Any]] = dict.fromkeys(_MOVES, _to)
    found.update({_T.item: _item, _T.__bool__: _bool, _T.__format__: _format})
    found.update(dict.fromkeys((_T.__float__, _T.__int__, _T.__index__), _asked("a number of a tensor")))
    for name in ("tolist", "numpy", "__array__", "nonzero", "data_ptr"):
        found[getattr(_T, name)] = _asked(f"`.{name}()`")
    for owner in (torch, _T):
        for name, value in (("isnan", False), ("isinf", False), ("isfinite", True)):
            found[getattr(owner, name)] = _finite(value)
        found.update(dict.fromkeys((owner.any, owner.all), _same))
    found[_T.device.__get__] = lambda _func, tensor: _place(tensor)
    found[_T.is_cuda.__get__] = lambda _func, tensor: _place(tensor).type == "cuda"
    found[_T.is_cpu.__get__] = lambda _func, tensor: _place(tensor).type == "cpu"
    found[_T.is_meta.__get__] = lambda _func, tensor: _place(tensor).type == "meta"
    found[_T.data.__set__] = _set_data
    found[_T.pin_memory] = lambda _func, tensor, *_args: tensor
    return found
