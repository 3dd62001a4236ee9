"""After an error of torch: how a path goes on as if the write had been out of place.

One program may have several defects, and torch shows one a run. So a path that raised goes on as
its own *shadow*: whatever the broken write broke counts as whole, and the write itself as not done. What is
found there is at most a warning. The path as torch leaves it waits in ``Path.real`` for an ``except``.
"""

from __future__ import annotations

from dataclasses import replace

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import Creation, SavedTensor, Tri
from gradsafe.domain.values import Bound, TensorRef
from gradsafe.ir import instructions as ir
from gradsafe_tracer.events import AnyPlace, Free, Raise, Save, Write


def go_on(path: Path, instruction: ir.Instruction) -> None:
    """Let a path that torch ended in ``instruction`` run on as a shadow."""
    if path.real is None:
        keep_real(path)
    path.status, path.raised, path.failing = Status.RUN, None, False
    _forgive(path)
    regs = path.frame.regs
    if isinstance(instruction, ir.InPlace):
        regs[instruction.dst] = regs[instruction.left]
    elif isinstance(instruction, ir.Call):
        called = regs.get(instruction.fn)
        if isinstance(called, Bound) and isinstance(called.receiver, TensorRef):
            regs[instruction.dst] = called.receiver


def _forgive(path: Path) -> None:
    """Out of place, the write would have made a tensor that may be written: so may this one, from now on."""
    event = path.log.event if path.log is not None else None
    if not isinstance(event, Raise) or event.tensor is None or event.save is not None:
        return
    tensor = path.tensor(event.tensor)
    path.heap[event.tensor] = replace(
        tensor, known=False, creation=Creation.DEFAULT, overlap=Tri.NO, offset=None, inference=False
    )


def keep_real(path: Path) -> Path:
    """Remember how torch leaves the path that has just failed; gives that path, to be changed further."""
    path.real = real = path.fork()
    real.shadow_from, real.mended, real.failing = None, frozenset(), False
    real.status, real.raised = Status.RAISED, "RuntimeError"
    return real


def as_it_was(path: Path, outer: Path | None) -> Path:
    """The path as torch left it, if it failed since ``outer`` was its ``real``; else the path itself."""
    if path.real is None or path.real is outer:
        return path
    real = path.real.fork()
    real.frame = path.frame.copy()
    return real


def writes_since(path: Path, saved: SavedTensor) -> frozenset[AnyPlace]:
    """The places of the writes that moved the counter of ``saved`` since it was saved."""
    places: set[AnyPlace] = set()
    entry = path.log
    while entry is not None:
        event = entry.event
        if isinstance(event, Save) and event.save == saved.save:
            break
        if (
            isinstance(event, Write)
            and event.counter == saved.counter
            and event.version_after > event.version_before
        ):
            places.add(event.place)
        entry = entry.before
    return frozenset(places)


def freed_by(path: Path, node: int) -> frozenset[AnyPlace]:
    """The places of the backwards that freed ``node``."""
    places: set[AnyPlace] = set()
    entry = path.log
    while entry is not None:
        if isinstance(entry.event, Free) and entry.event.node == node:
            places.add(entry.event.place)
        entry = entry.before
    return frozenset(places)
