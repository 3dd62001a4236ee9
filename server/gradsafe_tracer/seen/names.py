"""Which variables and parameters of the user's frames hold a tensor."""

from __future__ import annotations

from types import FrameType
from typing import Any, Iterator, List, Optional, Tuple

import torch

from .places import user_frames


def variable(tensor: Any, frame: Optional[FrameType]) -> Optional[str]:
    """The name under which the innermost user frame knows ``tensor``, or a module's parameter name."""
    if tensor is None:
        return None
    for user in user_frames(frame):
        found = _direct(tensor, user)
        if found is not None:
            return found
        break
    for user in user_frames(frame):
        for name, value in _variables(user):
            if isinstance(value, torch.nn.Module):
                inner = _parameter(tensor, value)
                if inner is not None:
                    return f"{name}.{inner}"
    return None


def holders(tensor: Any, frame: Optional[FrameType]) -> List[str]:
    """Every name that holds ``tensor`` or shares its storage, in all user frames."""
    key = _pointer(tensor)
    found: List[str] = []
    for user in user_frames(frame):
        for name, value in _variables(user):
            if isinstance(value, torch.Tensor) and (value is tensor or (key and _pointer(value) == key)):
                found.append(name)
            elif isinstance(value, torch.nn.Module):
                for inner, parameter in _members(value):
                    if parameter is tensor or (key and _pointer(parameter) == key):
                        found.append(f"{name}.{inner}")
    return list(dict.fromkeys(found))


def _direct(tensor: Any, frame: FrameType) -> Optional[str]:
    for name, value in _variables(frame):
        if value is tensor:
            return name
    for name, value in _variables(frame):
        if name == "self" and hasattr(value, "__dict__"):
            for attribute, held in (*vars(value).items(), *vars(value).get("_parameters", {}).items()):
                if held is tensor:
                    return f"self.{attribute}"
    return None


def _parameter(tensor: Any, module: Any) -> Optional[str]:
    for name, parameter in _members(module):
        if parameter is tensor:
            return str(name)
    return None


def _members(module: Any) -> Iterator[Tuple[str, Any]]:
    """Parameters and buffers by name; none while ``__init__`` is still on the way to ``nn.Module``'s own."""
    if "_modules" in vars(module):
        yield from module.named_parameters()
        yield from module.named_buffers()


def _variables(frame: FrameType) -> Iterator[Tuple[str, Any]]:
    for name, value in list(frame.f_locals.items()):
        if not name.startswith("__"):
            yield name, value


def _pointer(tensor: Any) -> int:
    try:
        return int(tensor.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError):
        return 0
