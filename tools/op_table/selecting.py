"""A real call, looked up in the table."""

from __future__ import annotations

from collections.abc import Callable

from gradsafe.ops.entry import Selection
from gradsafe.ops.table import OpTable
from tools.op_table.describe import describe_call, describe_module
from tools.op_table.probe import Call


def select(table: OpTable, call: Call) -> Selection | None:
    """The operation that a perfect reader of the source would find for ``call``."""
    args, kwargs = describe_call(call)
    if call.module is not None:
        wanted = {param.name for op in table.ops(call.name) for param in op.params if param.keyword_only}
        state = describe_module(call.module)
        kwargs = {**kwargs, **{name: arg for name, arg in state.items() if name in wanted}}
    return table.select(call.name, args, kwargs)


def labels_of(selection: Selection) -> Callable[[int | str], str]:
    """The parameter at a position or keyword; KeyError where the selection has none."""
    positions = {where: name for name, where in selection.binding.items()}

    def label_of(where: int | str) -> str:
        if selection.star is not None and isinstance(where, int):
            first = selection.binding[selection.star]
            if isinstance(first, int) and where >= first:
                return selection.star
        return positions[where]

    return label_of
