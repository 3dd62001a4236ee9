"""Constructors of ``dict`` and of the mappings of ``collections``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import NONE, Const, DictRef, External, Unknown, Value, const
from gradsafe.interp import containers, data_classes
from gradsafe.interp.builtin_calls import builtin

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes


@builtin(
    "builtins.dict", "collections.OrderedDict", "weakref.WeakValueDictionary", "weakref.WeakKeyDictionary",
    "types.MappingProxyType",
)  # fmt: skip
def _dict(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    entries = tuple((const(name), value) for name, value in call.kwargs.items())
    if not call.args:
        return [(path, containers.new_dict(path, entries))]
    found: Outcomes = []
    for each, source in containers.spread(machine, path, data_classes.held(path, call.args[0]), call.source):
        if isinstance(source, DictRef):
            old = each.entries(source.oid)
            merged = dict(old.known) | dict(entries)
            found.append((each, containers.new_dict(each, tuple(merged.items()), old.rest)))
            continue
        pairs = [containers.elements(each, item) for item in containers.elements(each, source)]
        known = {pair[0]: pair[1] for pair in pairs if len(pair) == 2} | dict(entries)
        rest = containers.rest_of(each, source)
        found.append((each, containers.new_dict(each, tuple(known.items()), rest)))
    return found


@builtin("collections.ChainMap")
def _chain_map(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """One dict with what the first has, then what the next has besides; what is set in one later is not seen."""
    maps = [path.entries(each.oid) for each in call.args if isinstance(each, DictRef)]
    if len(maps) != len(call.args):
        return None
    known: dict[Value, Value] = {}
    for entries in reversed(maps):
        known |= dict(entries.known)
    rest = next((entries.rest for entries in maps if entries.rest is not None), None)
    return [(path, containers.new_dict(path, tuple(known.items()), rest))]


@builtin("collections.defaultdict")
def _defaultdict(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    rest = replace(call, function=External("builtins.dict"), args=call.args[1:])
    outcomes = _dict(machine, path, rest)
    for each, made in outcomes or ():
        if isinstance(made, DictRef) and call.args and call.args[0] != NONE:
            each.vars[made.oid, "#factory"] = call.args[0]
    return outcomes


@builtin("collections.Counter")
def _counter(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    counts: dict[Value, Value] = {}
    is_open = False
    if call.args:
        outcomes = containers.spread(machine, path, call.args[0], call.source)
        path, given = outcomes[0]
        is_open = len(outcomes) > 1 or containers.rest_of(path, given) is not None
        for item in containers.elements(path, given):
            before = counts.get(item)
            counts[item] = const(
                1 + (before.value if isinstance(before, Const) and isinstance(before.value, int) else 0)
            )
    rest = Unknown(("count", path.new_id())) if is_open else None
    made = containers.new_dict(path, tuple(counts.items()), rest)
    if not is_open:
        path.vars[made.oid, "#factory"] = External("builtins.int")
    return [(path, made)]
