"""What ends stories: calls, attributes and statements of which the interpreter knows nothing, counted by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gradsafe.domain.state import Path
from gradsafe.domain.values import Bound, ClassValue, External, Instance, TensorRef, Unknown, Value
from gradsafe.interp import calls, tensor_api, torch_ops
from gradsafe.interp.machine import EXECUTE
from gradsafe.ir import instructions as ir


@dataclass(slots=True)
class Ignorance:
    """``causes`` counts names; ``tensors_lost`` how often a tensor went into something unknown."""

    causes: Counter[str] = field(default_factory=Counter)
    tensors_lost: int = 0

    def lost(self, kind: str, name: str) -> None:
        self.causes[f"{kind}: {name}"] += 1
        self.tensors_lost += 1


@contextmanager
def watching(ignorance: Ignorance) -> Iterator[None]:
    """Count while this lasts. It looks over the interpreter's shoulder: production code counts nothing."""
    result, method = calls.unknown_result, tensor_api.call_method
    opaque, unmodelled = EXECUTE[ir.Opaque], EXECUTE[ir.Unmodelled]

    def watched_result(path: Path, call: calls.Call) -> Any:
        given = [call.function, *call.args, *call.kwargs.values()]
        if any(torch_ops.graph_inputs(path, item) for item in given):
            ignorance.lost(*_callee(call.function))
        return result(path, call)

    def watched_method(machine: Any, path: Path, ref: TensorRef, name: str, call: calls.Call) -> Any:
        outcomes = method(machine, path, ref, name, call)
        value = outcomes[0][1] if outcomes else None
        if isinstance(value, Unknown) and isinstance(value.token, tuple) and value.token[0] == "call":
            ignorance.lost("tensor method", name)
        return outcomes

    def watched_opaque(machine: Any, path: Path, instruction: Any) -> Any:
        ignorance.causes["an expression that is not modelled"] += 1
        return opaque(machine, path, instruction)

    def watched_unmodelled(machine: Any, path: Path, instruction: Any) -> Any:
        ignorance.causes[f"unmodelled: {instruction.reason}"] += 1
        return unmodelled(machine, path, instruction)

    calls.unknown_result, tensor_api.call_method = watched_result, watched_method
    EXECUTE[ir.Opaque], EXECUTE[ir.Unmodelled] = watched_opaque, watched_unmodelled
    try:
        yield
    finally:
        calls.unknown_result, tensor_api.call_method = result, method
        EXECUTE[ir.Opaque], EXECUTE[ir.Unmodelled] = opaque, unmodelled


def _callee(function: Value) -> tuple[str, str]:
    if isinstance(function, External):
        return ("torch" if function.name.startswith("torch.") else "outside"), function.name
    if isinstance(function, Bound):
        return "method", f"{_owner(function.receiver)}.{_member(function.function)}"
    if isinstance(function, Instance):
        return "module", function.cls.name if isinstance(function.cls, ClassValue) else function.cls
    if isinstance(function, Unknown):
        token = function.token
        if isinstance(token, tuple) and token[0] == "attr":
            return "attribute of unknown", str(token[-1])
        if isinstance(token, tuple) and token[0] in ("argument", "global", "import"):
            return str(token[0]), str(token[-1])
        return "unknown", str(token[0]) if isinstance(token, tuple) else str(token)
    return "value", type(function).__name__


def _owner(receiver: Value) -> str:
    if isinstance(receiver, External):
        return receiver.name
    if isinstance(receiver, Instance):
        return "instance" if isinstance(receiver.cls, ClassValue) else receiver.cls
    if isinstance(receiver, Unknown):
        return "unknown"
    return type(receiver).__name__


def _member(function: object) -> str:
    return function if isinstance(function, str) else "function"
