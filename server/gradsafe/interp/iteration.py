"""Iteration over objects of the workspace's classes, run ahead: ``__next__``, or ``__getitem__`` with 0, 1, 2 ..."""

from __future__ import annotations

from collections.abc import Callable

from gradsafe.domain.state import Path, Status
from gradsafe.domain.values import ClassValue, Const, Instance, Source, Value, const
from gradsafe.interp import calls, classes, containers, generators, modules
from gradsafe.interp.machine import Machine, Outcomes


def by_next(
    machine: Machine, path: Path, value: Instance, source: Source
) -> list[tuple[Path, containers.Rounds]]:
    """An iterator written as a class, run ahead: ``__next__`` until it raises StopIteration."""

    def step(each: Path, number: int) -> Outcomes | None:
        return calls.call_method(machine, each, value, "__next__", (), source)

    return _ahead(machine, path, value, source, step, ("StopIteration",))


def by_index(
    machine: Machine, path: Path, value: Instance, source: Source
) -> list[tuple[Path, containers.Rounds]] | None:
    """The old protocol: ``__getitem__`` with 0, 1, ... until it raises IndexError, or as many as ``len`` says."""
    if not isinstance(value.cls, ClassValue) or modules.is_module([*classes.class_of(value)]):
        return None
    if classes.find_member(path, classes.class_of(value), "__getitem__") is None:
        return None
    length: int | None = None
    sized = calls.call_method(machine, path, value, "__len__", (), source)
    if sized is not None:
        path, size = sized[0]
        length = size.value if isinstance(size, Const) and isinstance(size.value, int) else None
        if length is None:
            return [
                (
                    path,
                    containers.Rounds(
                        (lambda p: containers.unknown_item(p, value, source),) * machine.budget.rounds, True
                    ),
                )
            ]

    def step(each: Path, number: int) -> Outcomes | None:
        if length is not None and number >= length:
            each.status, each.raised = Status.RAISED, "IndexError"
            return [(each, value)]
        return calls.call_method(machine, each, value, "__getitem__", (const(number),), source)

    return _ahead(machine, path, value, source, step, ("IndexError", "StopIteration"))


def _ahead(
    machine: Machine, path: Path, value: Instance, source: Source, step: Callable[[Path, int], Outcomes | None],
    ends: tuple[str, ...],
) -> list[tuple[Path, containers.Rounds]]:  # fmt: skip
    running: list[tuple[Path, tuple[Value, ...]]] = [(path, ())]
    found: list[tuple[Path, containers.Rounds]] = []
    for number in range(generators.AHEAD):
        following: list[tuple[Path, tuple[Value, ...]]] = []
        for each, items in running:
            for after, item in step(each, number) or [(each, containers.unknown_item(each, value, source))]:
                if after.status is Status.RAISED and after.raised in ends:
                    after.status, after.raised = Status.RUN, None
                    found.append((after, containers.Rounds(items)))
                elif after.status is not Status.RUN:
                    found.append((after, containers.Rounds(items)))
                else:
                    following.append((after, (*items, item)))
        running = following[: machine.budget.paths]
    return found + [(each, containers.Rounds(items, True)) for each, items in running]
