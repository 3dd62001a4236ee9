"""The plain instructions: registers, names, attributes, items, displays, definitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsafe.domain.state import Entries, Items, Path, Status
from gradsafe.domain.values import (
    NONE,
    DictRef,
    External,
    Imported,
    Instance,
    ListRef,
    SliceValue,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import (
    bounded,
    calls,
    classes,
    comparisons,
    containers,
    data_classes,
    evidence,
    names,
    operators,
    stand_ins,
    strings,
    torch_ops,
)
from gradsafe.interp.machine import EXECUTE, UNREADABLE, Machine, Outcomes, span
from gradsafe.ir import instructions as ir


def executes(kind: type) -> Callable[[Any], Any]:
    """Register the function as what instructions of ``kind`` do."""

    def register(function: Any) -> Any:
        EXECUTE[kind] = function
        return function

    return register


def deliver(outcomes: Outcomes, dst: int) -> list[Path]:
    """Write each outcome's value into ``dst`` of its path."""
    paths = []
    for path, value in outcomes:
        path.frame.regs[dst] = value
        paths.append(path)
    return paths


@executes(ir.Const)
def _const(machine: Machine, path: Path, i: ir.Const) -> None:
    path.frame.regs[i.dst] = const(i.value)


@executes(ir.Opaque)
def _opaque(machine: Machine, path: Path, i: ir.Opaque) -> None:
    path.frame.regs[i.dst] = Unknown(("opaque", span(path, i.at), path.new_id()))


@executes(ir.Load)
def _load(machine: Machine, path: Path, i: ir.Load) -> None:
    path.frame.regs[i.dst] = names.load(machine, path, i.name)


@executes(ir.Store)
def _store(machine: Machine, path: Path, i: ir.Store) -> None:
    value = path.frame.regs[i.src]
    names.store(path, i.name, value)
    if path.frame.hidden is None:
        operators.name_tensor(path, value, i.name)


@executes(ir.Delete)
def _delete(machine: Machine, path: Path, i: ir.Delete) -> None:
    if (path.frame.env, i.name) in path.vars:
        del path.vars[path.frame.env, i.name]


@executes(ir.Attr)
def _attr(machine: Machine, path: Path, i: ir.Attr) -> list[Path] | None:
    outcomes = classes.get_attribute(machine, path, path.frame.regs[i.obj], i.name, path.here(i.at))
    return deliver(outcomes, i.dst)


@executes(ir.SetAttr)
def _set_attr(machine: Machine, path: Path, i: ir.SetAttr) -> list[Path]:
    regs = path.frame.regs
    return classes.assign_attribute(
        machine, path, regs[i.obj], i.name, regs[i.src], path.here(i.at), i.subject
    )


@executes(ir.Item)
def _item(machine: Machine, path: Path, i: ir.Item) -> list[Path] | None:
    regs = path.frame.regs
    outcomes = containers.get_item(machine, path, regs[i.obj], regs[i.index], path.here(i.at))
    return deliver(outcomes, i.dst)


@executes(ir.SetItem)
def _set_item(machine: Machine, path: Path, i: ir.SetItem) -> list[Path] | None:
    regs = path.frame.regs
    return containers.set_item(
        machine, path, regs[i.obj], regs[i.index], regs[i.src], path.here(i.at), i.subject, i.augmented
    )


@executes(ir.DeleteAttr)
def _delete_attr(machine: Machine, path: Path, i: ir.DeleteAttr) -> None:
    obj = path.frame.regs[i.obj]
    if isinstance(obj, Instance) and (obj.oid, i.name) in path.vars:
        del path.vars[obj.oid, i.name]


@executes(ir.Annotate)
def _annotate(machine: Machine, path: Path, i: ir.Annotate) -> None:
    """In a class body a field; elsewhere evidence of what a value is that is not known otherwise."""
    if path.frame.kind == "class":
        data_classes.note_field(path, path.frame.env, i.name, i.annotation)
        return
    held = path.vars.get((path.frame.env, i.name))
    if isinstance(held, Unknown) and evidence.is_tensor(i.annotation):
        torch_ops.materialise(path, held, path.here(i.at), i.name)


@executes(ir.DeleteItem)
def _delete_item(machine: Machine, path: Path, i: ir.DeleteItem) -> None:
    containers.delete_item(path, path.frame.regs[i.obj], path.frame.regs[i.index])


def _starred(machine: Machine, path: Path, value: Value, source: Source) -> tuple[Path, Value]:
    """What is starred, as a sequence; where running it ahead forks one side stands for all."""
    each, elements = containers.spread(machine, path, value, source)[0]
    each.blurred = each.blurred or each is not path
    return each, elements


@executes(ir.Call)
def _call(machine: Machine, path: Path, i: ir.Call) -> list[Path] | None:
    regs = path.frame.regs
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    for argument in i.args:
        value = regs[argument.reg]
        if argument.star == 1:
            path, value = _starred(machine, path, value, path.here(i.at))
            regs = path.frame.regs
            args.extend(containers.elements(path, value))
            rest = containers.rest_of(path, value)
            if rest is not None:
                kwargs[calls.OPEN] = (
                    rest if isinstance(rest, Unknown) else Unknown(("star", span(path, i.at)))
                )
        elif argument.star == 2:
            value = data_classes.held(path, value)
            kwargs.update(containers.string_entries(path, value))
            if not isinstance(value, DictRef) or path.entries(value.oid).rest is not None:
                kwargs[calls.OPEN] = (
                    value if isinstance(value, Unknown) else Unknown(("star", span(path, i.at)))
                )
        elif argument.name is not None:
            kwargs[argument.name] = value
        else:
            args.append(value)
    call = calls.Call(
        regs[i.fn], tuple(args), kwargs, path.here(i.at), i.subject, i.first, None, i.for_effect
    )
    carry_out = bounded.decorate if i.decorates else calls.call
    return deliver(carry_out(machine, path, call), i.dst)


@executes(ir.Binary)
def _binary(machine: Machine, path: Path, i: ir.Binary) -> list[Path] | None:
    regs = path.frame.regs
    return deliver(operators.binary(machine, path, i.op, regs[i.left], regs[i.right], path.here(i.at)), i.dst)


@executes(ir.InPlace)
def _in_place(machine: Machine, path: Path, i: ir.InPlace) -> list[Path] | None:
    regs = path.frame.regs
    source = path.here(i.at)
    outcomes = operators.in_place(machine, path, i.op, regs[i.left], regs[i.right], source, i.subject)
    return deliver(outcomes, i.dst)


@executes(ir.Unary)
def _unary(machine: Machine, path: Path, i: ir.Unary) -> list[Path] | None:
    return deliver(operators.unary(machine, path, i.op, path.frame.regs[i.src], path.here(i.at)), i.dst)


@executes(ir.Compare)
def _compare(machine: Machine, path: Path, i: ir.Compare) -> list[Path] | None:
    regs = path.frame.regs
    return deliver(
        comparisons.compare(machine, path, i.op, regs[i.left], regs[i.right], path.here(i.at)), i.dst
    )


@executes(ir.Build)
def _build(machine: Machine, path: Path, i: ir.Build) -> list[Path]:
    regs = path.frame.regs
    items: list[Value] = []
    rest: Value | None = None
    for argument in i.items:
        value = regs[argument.reg]
        if argument.star:
            path, value = _starred(machine, path, value, path.here(i.at))
            regs = path.frame.regs
            items.extend(containers.elements(path, value))
            rest = rest or containers.rest_of(path, value)
        else:
            items.append(value)
    if i.shape == "tuple" and rest is None:
        regs[i.dst] = TupleValue(tuple(items))
        return [path]
    oid = path.new_id()
    path.heap[oid] = Items(tuple(items), rest, i.shape)
    regs[i.dst] = ListRef(oid)
    return [path]


@executes(ir.BuildDict)
def _build_dict(machine: Machine, path: Path, i: ir.BuildDict) -> None:
    regs = path.frame.regs
    known: list[tuple[Value, Value]] = []
    rest: Value | None = None
    for key, value in i.items:
        if key is not None:
            known.append((regs[key], regs[value]))
            continue
        inner = regs[value]
        if isinstance(inner, DictRef):
            entries = path.entries(inner.oid)
            known.extend(entries.known)
            rest = rest or entries.rest
        else:
            rest = Unknown(("rest", span(path, i.at)))
            stand_ins.perhaps_replaced(path, (item for _, item in known))
    oid = path.new_id()
    path.heap[oid] = Entries(tuple(dict(known).items()), rest)
    regs[i.dst] = DictRef(oid)


@executes(ir.BuildSlice)
def _build_slice(machine: Machine, path: Path, i: ir.BuildSlice) -> None:
    regs = path.frame.regs
    bounds = [regs[reg] if reg is not None else NONE for reg in (i.lower, i.upper, i.step)]
    regs[i.dst] = SliceValue(bounds[0], bounds[1], bounds[2])


@executes(ir.Format)
def _format(machine: Machine, path: Path, i: ir.Format) -> None:
    path.frame.regs[i.dst] = strings.formatted(path, i)


@executes(ir.Unpack)
def _unpack(machine: Machine, path: Path, i: ir.Unpack) -> list[Path]:
    src = path.frame.regs[i.src]
    # A tensor tells by the number of names how many rows it has.
    is_tensor = isinstance(src, TensorRef)
    outcomes = [(path, src)] if is_tensor else containers.spread(machine, path, src, path.here(i.at))
    for each, value in outcomes:
        values = containers.unpack(machine, each, value, len(i.dsts), i.star, each.here(i.at))
        each.frame.regs.update(zip(i.dsts, values, strict=False))
    return [each for each, _ in outcomes]


@executes(ir.Function)
def _function(machine: Machine, path: Path, i: ir.Function) -> None:
    path.frame.regs[i.dst] = classes.make_function(path, i)


@executes(ir.Class)
def _class(machine: Machine, path: Path, i: ir.Class) -> list[Path] | None:
    return deliver(classes.make_class(machine, path, i), i.dst)


@executes(ir.Import)
def _import(machine: Machine, path: Path, i: ir.Import) -> None:
    names.store(path, i.name, names.import_module(machine, path, i))


@executes(ir.ImportFrom)
def _import_from(machine: Machine, path: Path, i: ir.ImportFrom) -> None:
    if i.attr != "*":
        value = names.import_from(machine, path, i)
        if path.frame.kind == "class":  # an attribute from now on, not a variable
            value = names.looked_up(machine, path, value)
        names.store(path, i.name, value)
        return
    file = machine.world.find_module(path.frame.file, i.module, i.level)
    if file is not None:
        for name in names.star_names(machine, path, file):
            names.store(path, name, Imported(path.frame.file, i.module, i.level, name))
    elif i.module.split(".")[0] == "torch":
        for name in ("nn", "optim", "Tensor", "no_grad"):
            names.store(path, name, External(f"{i.module}.{name}"))


@executes(ir.Return)
def _return(machine: Machine, path: Path, i: ir.Return) -> None:
    path.returned = path.frame.regs[i.src] if i.src is not None else NONE
    path.status = Status.RETURN


@executes(ir.Break)
def _break(machine: Machine, path: Path, i: ir.Break) -> None:
    path.status = Status.BREAK


@executes(ir.Continue)
def _continue(machine: Machine, path: Path, i: ir.Continue) -> None:
    path.status = Status.CONTINUE


@executes(ir.Await)
def _await(machine: Machine, path: Path, i: ir.Await) -> None:
    path.frame.regs[i.dst] = path.frame.regs[i.src]


@executes(ir.RaiseStatement)
def _raise(machine: Machine, path: Path, i: ir.RaiseStatement) -> None:
    path.status = Status.RAISED
    path.raised = calls.exception_name(path.frame.regs[i.src]) if i.src is not None else "#reraised"


@executes(ir.Assert)
def _assert(machine: Machine, path: Path, i: ir.Assert) -> None:
    test = path.frame.regs[i.test]
    truth = operators.truth(path, test)
    if truth is False:
        path.status, path.raised = Status.RAISED, "AssertionError"
    elif truth is None:
        token, negated = operators.condition_token(test)
        path.decisions[token] = not negated  # where it does not hold nothing after it runs


@executes(ir.Scope)
def _scope(machine: Machine, path: Path, i: ir.Scope) -> None:
    if i.kind == "global":
        path.frame.global_names = path.frame.global_names | set(i.names)
    else:
        path.frame.nonlocal_names = path.frame.nonlocal_names | set(i.names)


@executes(ir.Collect)
def _collect(machine: Machine, path: Path, i: ir.Collect) -> None:
    regs = path.frame.regs
    key = regs[i.key] if i.key is not None else None
    path.frame.collected = (*path.frame.collected, (key, regs[i.value]))


@executes(ir.Unmodelled)
def _unmodelled(machine: Machine, path: Path, i: ir.Unmodelled) -> None:
    """Code that could not be read: whatever it binds is unknown, and nothing after it is certain."""
    machine.ran += UNREADABLE
    for name in i.binds:
        names.store(path, name, Unknown(("unmodelled", span(path, i.at), name)))
    path.blurred = True
