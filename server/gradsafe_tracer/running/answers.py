"""What a dry run answers in the place of tensors without values: to ``.item()``, to ``if``, to ``.device`` and ``.to``."""

from __future__ import annotations

import operator
from typing import Any, Callable, Dict, Tuple

import torch

from ..watching.operands import tensors_in
from .guess import Guess, NeedsValue
from .recurrent import lstm

CPU = torch.device("cpu")
PLACE = "_gradsafe_device"
"""The attribute that says where the program believes a tensor to be, where that is no CPU."""
_KNOWN, _REAL = "_gradsafe_known", "_gradsafe_real"
_NUMBERS = (int, float, bool)
_MANY = 1_000


def place_of(tensor: Any) -> torch.device:
    return getattr(tensor, "__dict__", {}).get(PLACE, CPU)


def remember(tensor: Any, value: Any) -> None:
    """``tensor`` holds what the program wrote down, a number or a list of numbers, until it is written."""
    one = value if type(value) is list else [value]
    if len(one) <= _MANY and all(type(number) in _NUMBERS for number in one):
        setattr(tensor, _KNOWN, (tensor._version, value))


def packed(func: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """A call that packs or unpacks sequences: by lengths that must be known, into batches whose sizes stay on the CPU."""
    if func is _T.cpu and args[0].is_meta:
        return args[0]
    if func is _T.__getitem__ and any(one.is_meta for one in tensors_in(args[1:])):
        return func(args[0].to("meta"), *args[1:])  # lengths in an order that is not known
    results = func(*map(_real, args), **kwargs)
    for tensor in tensors_in(results):
        if not tensor.is_meta:
            setattr(tensor, _REAL, True)
    return results


def _real(value: Any) -> Any:
    """A tensor on the CPU in the place of one whose numbers are known."""
    known = _known(value) if isinstance(value, torch.Tensor) and value.is_meta else None
    return value if known is None else torch.tensor(known, dtype=value.dtype)


def is_real(tensor: Any) -> bool:
    return bool(getattr(tensor, "__dict__", {}).get(_REAL, False))


def _known(tensor: Any) -> Any:
    """The numbers that a tensor holds, where they are known."""
    version, value = getattr(tensor, "__dict__", {}).get(_KNOWN, (0, None))
    return value if version == tensor._version else None


def indices(index: Any) -> Any:
    """A subscript, with the tensors that torch takes for numbers as numbers: no position changes what is saved."""
    if isinstance(index, tuple):
        return tuple(map(indices, index))
    if isinstance(index, slice):
        return slice(*(_number(one) for one in (index.start, index.stop, index.step)))
    if not isinstance(index, torch.Tensor) or index.dim() or not index.is_meta:
        return index
    if index.dtype == torch.bool or index.is_floating_point() or index.is_complex():
        return index
    return 0 if _known(index) is None else _known(index)


def _number(bound: Any) -> Any:
    if not isinstance(bound, torch.Tensor) or not bound.is_meta:
        return bound
    if _known(bound) is None:
        raise NeedsValue("a slice up to a tensor's value")
    return _known(bound)


def _item(_func: Any, tensor: Any) -> Any:
    if tensor.numel() != 1:
        raise RuntimeError(f"a Tensor with {tensor.numel()} elements cannot be converted to Scalar")
    known = _known(tensor)
    return Guess() if known is None else known


def _converted(kind: Any, what: str) -> Callable[..., Any]:
    def convert(_func: Any, tensor: Any) -> Any:
        known = _known(tensor)
        if known is None:
            raise NeedsValue(what)
        return kind(known)

    return convert


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
        remember(result, value)
        return result

    return answer


def _same(func: Any, tensor: Any, *args: Any, **kwargs: Any) -> Any:
    result = func(tensor, *args, **kwargs)
    known = _known(tensor)
    if known is not None and isinstance(result, torch.Tensor):
        remember(result, known)
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
                target, dtype = place_of(one), one.dtype
            elif isinstance(one, torch.dtype):
                dtype = one
            elif isinstance(one, (str, torch.device)) or type(one) is int:
                target = one
            elif isinstance(one, bool):
                continue
        other = kwargs.pop("other", None)
        if other is not None:
            target, dtype = place_of(other), other.dtype
    target = place_of(tensor) if target is None else device_of(target)
    if target != place_of(tensor):
        kwargs["copy"] = True
    result = torch.Tensor.to(tensor, dtype or tensor.dtype, **kwargs)
    if result is not tensor or target != CPU:
        setattr(result, PLACE, target)
    return result


def _type(func: Any, tensor: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
    """``.type()`` tells the place as well, and ``.type("torch.cuda.FloatTensor")`` names one."""
    if dtype is None:
        place = place_of(tensor).type
        return func(tensor).replace("torch.meta.", "torch." if place == "cpu" else f"torch.{place}.")
    if isinstance(dtype, torch.dtype):
        return _to(torch.Tensor.to, tensor, dtype)
    name = dtype if isinstance(dtype, str) else f"{dtype.__module__}.{dtype.__name__}"
    kind: Any = getattr(torch, name.rsplit(".", 1)[-1], None)
    if not hasattr(kind, "dtype"):
        return func(tensor, dtype)
    return _to(torch.Tensor.to, tensor, kind.dtype, device="cuda" if ".cuda." in name else "cpu")


def _lstm(func: Any, *args: Any, **kwargs: Any) -> Any:
    place = place_of(args[0])
    results = lstm(func, *args, **kwargs) if place == CPU else func(*args, **kwargs)
    for one in results if place != CPU else ():
        setattr(one, PLACE, place)
    return results


def _set_data(func: Any, tensor: Any, value: Any) -> None:
    func(tensor, value)
    setattr(tensor, PLACE, place_of(value))


def device_of(given: Any) -> torch.device:
    """The device that ``device=given`` names; a bare number is a GPU's."""
    if given is None:
        return CPU
    device = torch.device("cuda", given) if type(given) is int else torch.device(given)
    return (
        device if device.type in ("cpu", "meta") or device.index is not None else torch.device(device.type, 0)
    )


_T: Any = torch.Tensor
MOVES = (_T.to, _T.cuda, _T.cpu)
SUBSCRIPTS = (_T.__getitem__, _T.__setitem__)


def special() -> Dict[Any, Callable[..., Any]]:
    """By function: what to do in its place where the tensor has no values."""
    found: Dict[Any, Callable[..., Any]] = dict.fromkeys(MOVES, _to)
    found.update({_T.item: _item, _T.__format__: _format})
    found[_T.__bool__] = _converted(bool, "a decision by a tensor's value")
    for function, kind in ((_T.__float__, float), (_T.__int__, int), (_T.__index__, operator.index)):
        found[function] = _converted(kind, "a number of a tensor")
    found[_T.tolist] = _converted(lambda known: known, "`.tolist()`")
    for name in ("numpy", "__array__", "nonzero", "data_ptr"):
        found[getattr(_T, name)] = _asked(f"`.{name}()`")
    for owner in (torch, _T):
        for name, value in (("isnan", False), ("isinf", False), ("isfinite", True)):
            found[getattr(owner, name)] = _finite(value)
        found.update(dict.fromkeys((owner.any, owner.all), _same))
    found[_T.device.__get__] = lambda _func, tensor: place_of(tensor)
    found[_T.is_cuda.__get__] = lambda _func, tensor: place_of(tensor).type == "cuda"
    found[_T.is_cpu.__get__] = lambda _func, tensor: place_of(tensor).type == "cpu"
    found[_T.is_meta.__get__] = lambda _func, tensor: place_of(tensor).type == "meta"
    found[_T.data.__set__] = _set_data
    found[_T.type] = _type
    found[torch.lstm] = _lstm
    found[_T.pin_memory] = lambda _func, tensor, *_args: tensor
    return found
