"""Functions under ``lru_cache``, called with constants: what they give is worked out once for all roots.

Python runs such a call once in a process. Packages ask in this way which others are installed (``is_torch_available()``),
hundreds of times in the making of one model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Frame, Path, Status, is_made_since
from gradsafe.domain.values import Const, External, FunctionValue, Source, TupleValue, Unknown, Value
from gradsafe.interp import calls, classes, names, torch_ops
from gradsafe.interp.machine import STATEMENT, Machine, is_ignorance
from gradsafe.interp.prelude import Bindings
from gradsafe.syntax.span import Span

if TYPE_CHECKING:
    from gradsafe.interp.world import World

RESULT = ""
"""The one name among the bindings."""


def value_of(
    machine: Machine,
    path: Path,
    function: FunctionValue,
    args: tuple[Value, ...],
    kwargs: Mapping[str, Value],
) -> Value | None:
    """What the call gives; None where it has to be carried out on the path: it may make tensors, or change something."""
    given = (*args, *kwargs.values(), *(each for each in function.defaults if each is not None))
    if function.env is not None or not all(isinstance(each, Const) for each in given):
        return None
    env = names.module_env(function.file)
    if machine.executing == function.file:  # what it reads may not have its last value yet
        return None
    key = ("cached", function.chunk, classes.function_key(function), args, tuple(kwargs.items()))

    def compute(world: World) -> Bindings:
        inner = Machine(world, machine.table, STATEMENT, machine.prelude)
        inner.forking = frozenset()
        frame = Frame(env, function.file, function.chunk, "", ())
        own = Path.begin(frame, machine.prelude.shared)
        first = own.next_id = machine.prelude.first_id()
        source = Source(Span(function.chunk, 0, 0), ())
        outcomes = calls.call_function(inner, own, replace(function, is_cached=False), args, kwargs, source)
        running = [(each, value) for each, value in outcomes if each.status is Status.RUN]
        shared = bool(running) and all(
            _is_plain(each, value) and _did_nothing(each, first) for each, value in running
        )
        values = list(dict.fromkeys(value for _, value in running)) if shared else []
        result = values[0] if len(values) == 1 and not isinstance(values[0], Unknown) else Unknown(key)
        return Bindings({RESULT: result}, shared, frozenset(inner.called), inner.ran, inner.spent())

    found = machine.prelude.remember(machine.outside, key, compute)
    if not isinstance(found, Bindings) or not found.shared or found.cut:
        return None
    machine.called |= found.called
    machine.called_with_grad |= found.called
    return found.names[RESULT]


def _is_plain(path: Path, value: Value) -> bool:
    """A constant, a name from outside, what the outside world decides, or a tuple of such."""
    if isinstance(value, TupleValue):
        return all(_is_plain(path, each) for each in value.items)
    if isinstance(value, Unknown):
        return not is_ignorance(value.token) and not torch_ops.graph_inputs(path, value)
    return isinstance(value, (Const, External))


def _did_nothing(path: Path, first: int) -> bool:
    """Nothing happened to tensors, and nothing that was there before has changed."""
    return (
        path.log is None
        and not any(isinstance(owner, tuple) and owner[0] == "module" for owner, _ in path.vars.flat())
        and all(is_made_since(oid, first) for oid in path.heap.flat())
    )
