"""Which variables, parameters, attributes and containers of a program hold a tensor: a bounded search, on request.

Runs none of the program's code: attributes are read from ``__dict__``, never through properties.
"""

from __future__ import annotations

from types import FrameType, ModuleType
from typing import Any, Callable, Dict, Iterable, Iterator, List, Set, Tuple

import torch

DEPTH = 5
ITEMS = 200
"""How many items of one container are looked at."""
STEPS = 20_000
"""How many values one search looks at, over all frames."""

Named = Tuple[str, Any]


def holders(tensor: Any, frames: Iterable[FrameType]) -> List[str]:
    """Every name that holds ``tensor`` or shares its storage; those of the first frames come first.

    ``model.layers.0.weight`` and not ``self.layers.0.weight`` beside it, where one object has two names in one frame.
    """
    key = _storage(tensor)

    def wanted(value: Any) -> bool:
        return value is tensor or (key != 0 and _storage(value) == key)

    found: Dict[str, None] = {}
    left = [STEPS]
    seen_globals: Set[int] = set()
    for frame in frames:
        scopes: List[Dict[str, Any]] = [dict(frame.f_locals)]
        if id(frame.f_globals) not in seen_globals and frame.f_globals is not frame.f_locals:
            seen_globals.add(id(frame.f_globals))
            scopes.append(frame.f_globals)
        for scope in scopes:
            found.update(dict.fromkeys(_search(scope, wanted, left)))
    return list(found)


def _search(scope: Dict[str, Any], wanted: Callable[[Any], bool], left: List[int]) -> Iterator[str]:
    """Breadth first, so that short names win; each object once."""
    todo: List[Tuple[str, Any, int]] = [
        (name, value, 0) for name, value in list(scope.items()) if not name.startswith("_")
    ]
    seen: Set[int] = set()
    while todo and left[0] > 0:
        name, value, depth = todo.pop(0)
        left[0] -= 1
        if isinstance(value, torch.Tensor):
            if wanted(value):
                yield name
            continue
        if id(value) in seen or depth >= DEPTH:
            continue
        seen.add(id(value))
        todo += [(inner, held, depth + 1) for inner, held in _inside(name, value)]


def _inside(name: str, value: Any) -> Iterator[Named]:
    if isinstance(value, torch.nn.Module):
        yield from _of_module(name, value)
    elif type(value) in (list, tuple):
        yield from ((f"{name}[{index}]", one) for index, one in enumerate(value[:ITEMS]))
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from ((f"{name}.{field}", one) for field, one in zip(value._fields, value))
    elif isinstance(value, dict):
        keys = list(value)[:ITEMS]
        yield from ((f"{name}[{key!r}]", value[key]) for key in keys if isinstance(key, (str, int)))
    elif not isinstance(value, (type, ModuleType)) and not callable(value):
        members = getattr(value, "__dict__", None)
        if type(members) is dict and not type(value).__module__.startswith("torch."):
            yield from ((f"{name}.{key}", one) for key, one in list(members.items())[:ITEMS])


def _of_module(name: str, module: Any) -> Iterator[Named]:
    members = vars(module)
    for part in ("_parameters", "_buffers", "_modules"):
        for key, one in (members.get(part) or {}).items():
            if one is not None:
                yield f"{name}.{key}", one
    for key, one in list(members.items())[:ITEMS]:
        if not key.startswith("_"):
            yield f"{name}.{key}", one


def _storage(value: Any) -> int:
    """The storage's address while ``value`` lives; 0 where it has none (sparse, or a subclass that hides it)."""
    try:
        return int(value.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError, AttributeError):
        return 0
