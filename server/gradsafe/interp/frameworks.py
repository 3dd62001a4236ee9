"""Lightning, Fabric, Accelerate: what they hand back is what they were given, and whose optimizers they keep."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import (
    Const,
    DictRef,
    Instance,
    ListRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import calls, classes, containers
from gradsafe.interp.module_methods import method

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_HANDED_BACK = frozenset(
    {"prepare", "setup", "unwrap_model", "setup_dataloaders", "prepare_model", "prepare_optimizer"}
)


def handed_back(path: Path, function: Unknown, call: Call) -> Value | None:
    """``accelerator.prepare(model, opt)``, ``fabric.setup(model, opt)``: the same objects; None for other calls."""
    token = function.token
    if not (isinstance(token, tuple) and len(token) == 3 and token[0] == "attr" and token[2] in _HANDED_BACK):
        return None
    if not any(isinstance(arg, Instance) for arg in call.args):
        return None
    return call.args[0] if len(call.args) == 1 else TupleValue(call.args)


@method("optimizers")
def _optimizers(machine: Machine, path: Path, obj: Instance, call: Call) -> Outcomes | None:
    """``self.optimizers()`` of a LightningModule: what its ``configure_optimizers`` made, once."""
    known = path.vars.get((obj.oid, "#optimizers"))
    if known is not None:
        return [(path, known)]
    if classes.find_member(path, classes.class_of(obj), "configure_optimizers") is None:
        return None
    outcomes: Outcomes = []
    for each, bound in classes.get_attribute(machine, path, obj, "configure_optimizers", call.source):
        for after, value in calls.call(machine, each, replace(call, function=bound, args=(), kwargs={})):
            chosen = _chosen(after, value)
            after.vars[obj.oid, "#optimizers"] = chosen
            outcomes.append((after, chosen))
    return outcomes


def _chosen(path: Path, value: Value) -> Value:
    """The optimizers out of the forms that ``configure_optimizers`` may return; a single one comes alone."""
    if isinstance(value, DictRef):
        return dict(path.entries(value.oid).known).get(const("optimizer"), value)
    if isinstance(value, (TupleValue, ListRef)):
        items = containers.elements(path, value)
        if len(items) == 2 and all(isinstance(item, (ListRef, TupleValue)) for item in items):
            items = containers.elements(path, items[0])  # optimizers, schedulers
        inner = tuple(_chosen(path, item) if isinstance(item, DictRef) else item for item in items)
        return inner[0] if len(inner) == 1 else TupleValue(inner)
    return value


@method("toggle_optimizer", "untoggle_optimizer", "clip_gradients", "lr_schedulers")
def _nothing(machine: Machine, path: Path, obj: Instance, call: Call) -> Value:
    return Unknown(("lightning", call.source.place)) if call.args else Const(None, type(None))
