"""Functions that take a function and give one: decorators of the standard library, ``partial``, ``cast``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import ClassValue, External, FunctionValue, Instance, PartialValue
from gradsafe.interp import making
from gradsafe.interp.builtin_calls import builtin

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes


@builtin("builtins.object.__new__", "builtins.type.__new__")
def _new(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return making.new(machine, path, call)


@builtin("functools.partialmethod")
def _partial_method(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """In a class body: a method whose first arguments, after ``self``, are given already."""
    function = call.args[0] if call.args else None
    if not isinstance(function, FunctionValue):
        return None
    made = Instance(path.new_id(), making.PARTIAL_METHOD)
    path.vars[made.oid, "#call"] = PartialValue(function, call.args[1:], tuple(call.kwargs.items()))
    return [(path, made)]


@builtin("functools.partial")
def _partial(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if not call.args:
        return None
    return [(path, PartialValue(call.args[0], call.args[1:], tuple(call.kwargs.items())))]


@builtin("typing.cast", "typing_extensions.cast", "torch.jit.annotate")
def _cast(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``cast(Type, value)`` is its value."""
    return [(path, call.args[1])] if len(call.args) == 2 else None


_BINDINGS = {
    "staticmethod": "static",
    "classmethod": "class",
    "property": "property",
    "cached_property": "cached",
}


@builtin(
    "builtins.staticmethod", "builtins.classmethod", "builtins.property", "functools.cached_property",
    "cached_property.cached_property", "werkzeug.utils.cached_property",
)  # fmt: skip
def _binding(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    name = call.function.name.rpartition(".")[2] if isinstance(call.function, External) else ""
    function = call.argument(0, "fget") if name == "property" else call.args[0] if call.args else None
    if not isinstance(function, FunctionValue):
        return [(path, function)] if function is not None else None
    setter = call.argument(1, "fset") if name == "property" else None
    bound = replace(function, binding=_BINDINGS[name])
    return [(path, replace(bound, setter=setter) if isinstance(setter, FunctionValue) else bound)]


@builtin("functools.wraps", "functools.update_wrapper", "functools.total_ordering", "abc.abstractmethod", "typing.overload", "typing.final", "typing.runtime_checkable",
         "atexit.register")  # fmt: skip
def _unchanged(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """Decorators that leave what a function does; ``wraps(f)`` and ``lru_cache(n)`` give such a decorator."""
    name = call.function.name if isinstance(call.function, External) else ""
    if (
        name == "functools.wraps"
        or not call.args
        or not isinstance(call.args[0], (FunctionValue, ClassValue))
    ):
        return [(path, External("abc.abstractmethod"))]
    return [(path, call.args[0])]


@builtin("functools.lru_cache", "functools.cache")
def _cache(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if call.args and isinstance(call.args[0], FunctionValue):
        return [(path, replace(call.args[0], is_cached=True))]
    return [(path, External("functools.lru_cache"))]


@builtin("contextlib.contextmanager", "contextlib.asynccontextmanager")
def _contextmanager(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if call.args and isinstance(call.args[0], FunctionValue):
        return [(path, replace(call.args[0], is_context=True))]
    return None
