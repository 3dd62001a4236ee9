"""The whole table as text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import torch

from gradsafe.ops.notation import Op, parse
from gradsafe.ops.specs import module_text, optimizer_text, parse_module, parse_optimizer
from tools.op_table import call_list, modules, opdb, optimizers, synthesis, universe
from tools.op_table.build import Overload, ops_of, overloads_by_name, record, split_derived
from tools.op_table.declared import overloads
from tools.op_table.hand import LINES
from tools.op_table.probe import Call
from tools.op_table.signatures import of_python

FLAGS = ("inplace", "training")
MOST_VARIED = 4
MOST_CALLS = 64
"""Probed calls of one name at most."""


def generate() -> str:
    """Declarations first, then probes; the same torch gives the same text."""
    kept, derived = operations()
    lines = [*_header(), f"@in-place {' '.join(derived)}", *_constructors(), *map(str, kept)]
    check(lines)
    return "\n".join(lines) + "\n"


def operations(only: frozenset[str] | None = None) -> tuple[list[Op], list[str]]:
    """The lines of all operations, or of those whose names are all in ``only``; and the names left to derivation."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    calls = [*call_list.calls(), *opdb.calls(only)]
    names = {call.name: call.function for call in calls}
    found = overloads_by_name(overloads(), [*names.items(), *universe.functions()]) | modules_by_name()
    if only is not None:
        found = {
            name: [o for o in group if only.issuperset(o.names)]
            for name, group in found.items()
            if name in only
        }
    probe(calls, found)
    probe_the_rest(found)
    if only is None or any(name.startswith("nn.") for name in only):
        probe(list(modules.calls()), found)
    ops = sorted(with_hand_lines(_all_ops(found)), key=lambda op: op.names[0].lower())
    return split_derived(ops)


def probe(calls: list[Call], found: dict[str, list[Overload]]) -> None:
    """Run the calls, at most :data:`MOST_CALLS` for each name."""
    for name, group in itertools.groupby(
        sorted(calls, key=lambda call: call.name), key=lambda call: call.name
    ):
        done = 0
        for call in varied(group, found.get(name, ())):
            done += record(call, found.get(name, ()))
            if done >= MOST_CALLS:
                break


def probe_the_rest(found: dict[str, list[Overload]]) -> None:
    """Make up a call for each public overload that has not been seen."""
    for overload in {id(each): each for group in found.values() for each in group}.values():
        private = overload.names[0].rpartition(".")[2].startswith("_")
        if overload.declared is not None and not overload.seen and not private:
            recorded = (call for call in synthesis.calls(overload) if record(call, [overload]))
            list(itertools.islice(recorded, MOST_VARIED))


def varied(calls: Iterable[Call], overloads: Sequence[Overload]) -> Iterator[Call]:
    """Each call; for the first few, the flags that decide about memory are tried both ways."""
    flags = [param.name for overload in overloads for param in overload.params if param.name in FLAGS]
    for number, call in enumerate(calls):
        yield call
        if call.module is None and flags and number < MOST_VARIED and len(overloads) == 1:
            for values in itertools.product((False, True), repeat=len(flags)):
                changed = {**call.kwargs, **dict(zip(flags, values, strict=True))}
                if changed != call.kwargs and _positional(overloads[0], call).isdisjoint(flags):
                    yield replace(call, kwargs=changed)


def _positional(overload: Overload, call: Call) -> set[str]:
    return {param.name for param in overload.params[: len(call.args)]}


def with_hand_lines(ops: Iterable[Op]) -> list[Op]:
    """The lines of :mod:`tools.op_table.hand` in place of generated ones of the same names."""
    lines = [replace(parse(line), origin="hand") for line in LINES.strip().splitlines()]
    taken = {name for op in lines for name in op.names}
    kept = []
    for op in ops:
        names = tuple(name for name in op.names if name not in taken)
        if names:
            kept.append(replace(op, names=names))
    return [*kept, *lines]


def _all_ops(found: dict[str, list[Overload]]) -> Iterator[Op]:
    once: dict[int, Overload] = {id(overload): overload for group in found.values() for overload in group}
    for overload in once.values():
        yield from ops_of(overload)


def modules_by_name() -> dict[str, list[Overload]]:
    """One signature for each module class: its forward. A lazy class is told with the one that it becomes."""
    lazy = modules.lazy_names()
    found = {}
    for name, kind in modules.classes().items():
        params = of_python(f"nn.{name}", kind.forward)
        names = tuple(f"nn.{each}" for each in (name, *lazy.get(name, ())))
        if params is not None:
            found[f"nn.{name}"] = [Overload(names, params[1:], module=True)]
    return found


def _constructors() -> Iterator[str]:
    yield from (f"@optimizer {optimizer_text(spec)}" for spec in optimizers.specs())
    yield from (f"@module {module_text(spec)}" for spec in modules.specs())


def check(lines: Iterable[str]) -> None:
    """Every line must read back as it was written.

    Raises:
        NotationError: one does not.
    """
    for line in lines:
        if line.startswith("@module "):
            parse_module(line.removeprefix("@module "))
        elif line.startswith("@optimizer "):
            parse_optimizer(line.removeprefix("@optimizer "))
        elif line[0] not in "@#":
            parse(line)


def _header() -> Iterator[str]:
    yield "# Generated by `make op-table` (python -m tools.op_table). Do not edit. Notation: ops/notation.py."
    yield f"@torch {torch.__version__.partition('+')[0]}"
    yield "@device cpu"
    for name in sorted(vars(torch.nn.init)):
        # torch.nn.init.normal is the old spelling of normal_.
        if f"{name}_" in vars(torch.nn.init) and not name.startswith("_"):
            yield f"@alias init.{name} = init.{name}_"
