"""Marimo notebooks: a program whose functions are cells, run once each when ``app.run()`` is called.

``@app.cell`` registers a function and runs nothing. Its parameters are the names that it takes from other cells, and what it
returns are those that it gives them (marimo writes both, from what the code of the cell uses). ``app.run()`` runs the cells
in the order of :func:`gradsafe.syntax.marimo.running_order`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsafe.domain.state import Path, Status
from gradsafe.domain.values import TRUE, FunctionValue, Instance, PartialValue, TupleValue, Unknown, Value
from gradsafe.interp import calls
from gradsafe.interp.builtin_calls import builtin
from gradsafe.interp.walk import instructions
from gradsafe.ir import instructions as ir
from gradsafe.ir.instructions import LazyBody
from gradsafe.syntax.marimo import Names, running_order
from gradsafe.syntax.span import ChunkId

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes
    from gradsafe.ir.instructions import Body

_APP = "marimo.App"
_CELLS = "#cells"


@builtin(_APP)
def _app(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    return [(path, Instance(path.new_id(), _APP))]


def call_method(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    """``@app.cell``, ``@app.function`` and ``app.run()``; None for other objects and methods."""
    if obj.cls != _APP:
        return None
    if name in ("cell", "function", "class_definition"):
        if not call.args:  # ``@app.cell(hide_code=True)``
            return [(path, PartialValue(call.function, (), tuple(call.kwargs.items())))]
        function = call.args[0]
        if name == "cell" and isinstance(function, FunctionValue) and call.kwargs.get("disabled") != TRUE:
            path.vars[obj.oid, _CELLS] = TupleValue((*_cells(path, obj), function))
        return [(path, function)]
    if name != "run":
        return None
    return [(each, Unknown(("call", call.source.place))) for each in _run(machine, path, obj, call)]


def _cells(path: Path, app: Instance) -> tuple[Value, ...]:
    held = path.vars.get((app.oid, _CELLS))
    return held.items if isinstance(held, TupleValue) else ()


def _run(machine: Machine, path: Path, app: Instance, call: Call) -> list[Path]:
    cells = [cell for cell in _cells(path, app) if isinstance(cell, FunctionValue)]
    given = [returned_names(machine, cell) for cell in cells]
    taken = [tuple(each.name for each in cell.code.parameters if not each.kind) for cell in cells]
    order = running_order([Names(uses, defines) for uses, defines in zip(taken, given, strict=True)])
    running: list[tuple[Path, dict[str, Value]]] = [(path, {})]
    ended: list[Path] = []
    for at in order:
        ahead: list[tuple[Path, dict[str, Value]]] = []
        for state, known in running:
            kwargs = {name: known[name] for name in taken[at] if name in known}
            # A name that no cell gives is one of the module's own, or of a cell that does not run.
            kwargs |= {name: Unknown(("cell", name)) for name in taken[at] if name not in known}
            for after, value in calls.call_function(machine, state, cells[at], (), kwargs, call.source):
                if after.status is Status.RUN:
                    ahead.append((after, known | _given(given[at], value)))
                else:
                    ended.append(after)
        running = ahead
    return ended + [state for state, _ in running]


def _given(names: tuple[str, ...], value: Value) -> dict[str, Value]:
    if isinstance(value, TupleValue) and len(value.items) == len(names):
        return dict(zip(names, value.items, strict=True))
    return {name: Unknown(("cell", name)) for name in names}


def returned_names(machine: Machine, cell: FunctionValue) -> tuple[str, ...]:
    """The names in the ``return (x, y)`` at the end of a cell."""

    def body_of(body: LazyBody) -> Body:
        return machine.world.body(body) if isinstance(body, ChunkId) else body

    loaded: dict[int, str] = {}
    built: dict[int, tuple[str, ...]] = {}
    names: tuple[str, ...] = ()
    for instruction in instructions(cell.code.body, body_of):
        if isinstance(instruction, ir.Load):
            loaded[instruction.dst] = instruction.name
        elif isinstance(instruction, ir.Build):
            built[instruction.dst] = tuple(loaded.get(item.reg, "") for item in instruction.items)
        elif isinstance(instruction, ir.Return) and instruction.src is not None:
            names = built.get(instruction.src, ())
    return names
