"""One torch operation on abstract tensors, as its line in the op table says.

The order of steps is that of torch's generated kernels (``VariableType``): check what is
written, make the node and save the inputs, run, move the counters, rewrite history, save
the results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import GradMode, Tensor, Tri
from gradsafe.domain.values import Bound, ListRef, Source, TensorRef, TupleValue, Unknown, Value
from gradsafe.interp import arguments, autograd, layouts, results, saving, shapes, unseen, unseen_writes
from gradsafe.interp.autograd import ToSave
from gradsafe.interp.machine import Machine, Outcomes
from gradsafe.ops.entry import Arg, Selection
from gradsafe.ops.notation import Op
from gradsafe.ops.operators import BINARY, UNARY
from gradsafe_tracer.events import Save

_UNRECORDED = frozenset({"logical_not_", "logical_and_", "logical_or_", "logical_xor_"})
"""In-place operations that autograd knows nothing of: no check, no node, but the counter moves (measured)."""


@dataclass(slots=True)
class Application:
    """One call of an operation while it is being carried out."""

    name: str
    op: Op
    source: Source
    how: str
    subject: str
    bound: Mapping[str, tuple[Value, ...]]
    declared: Any = None
    exact: bool = True
    tensors: dict[str, tuple[int, ...]] = field(default_factory=dict)
    needs: Tri = Tri.NO
    node: int | None = None
    config: Mapping[str, Value] = field(default_factory=dict)
    """What the module that is called was made with."""
    told_as: str = ""
    """What events call it, where it is one of many that a ``_foreach`` operation makes."""

    @property
    def operation(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def word(self) -> str:
        """The operation in events, as the reader knows it."""
        return self.told_as or self.operation

    def inputs(self) -> list[int]:
        return [oid for oids in self.tensors.values() for oid in oids]


def resolve(path: Path, value: Value) -> Value:
    """An unknown value that has been used as a tensor is that tensor."""
    if isinstance(value, Unknown):
        known = path.vars.get((("tensor", value.token), "#ref"))
        if known is not None:
            return known
    return value


def materialise(path: Path, value: Value, source: Source, name: str | None = None) -> Value:
    """Use an unknown value as a tensor: from now on it is one, of unknown history."""
    value = resolve(path, value)
    if not isinstance(value, Unknown):
        return value
    if (
        name is None
        and isinstance(value.token, tuple)
        and len(value.token) == 3
        and value.token[0] == "argument"
    ):
        name = str(value.token[2])
    above = [oid for oid in graph_inputs(path, value) if autograd.requires_grad(path, oid) is not Tri.NO]
    needs = autograd.any_requires_grad(path, above) & Tri.MAYBE
    if needs is not Tri.NO:
        node = autograd.record(path, source, "an unknown function", above, (), needs)
        made = Tensor(
            0, 0, Tri.MAYBE, node=node, leaf=Tri.MAYBE, contiguous=Tri.MAYBE, name=name, overlap=Tri.MAYBE
        )
        derived = TensorRef(autograd.new_tensor(path, source, "unknown", made))
        path.vars[("tensor", value.token), "#ref"] = derived
        return derived
    if _is_batch(value.token):
        # `default_collate` stacks: a batch is fresh memory without a history.
        batch = TensorRef(autograd.new_tensor(path, source, "batch", Tensor(0, 0, Tri.NO, name=name)))
        path.vars[("tensor", value.token), "#ref"] = batch
        return batch
    unknown = Tensor(
        0, 0, Tri.MAYBE, leaf=Tri.MAYBE, origin="argument", known=False, contiguous=Tri.MAYBE, name=name,
        overlap=Tri.MAYBE,
    )  # fmt: skip
    ref = TensorRef(autograd.new_tensor(path, source, "unknown", unknown))
    path.vars[("tensor", value.token), "#ref"] = ref
    return ref


def _is_batch(token: object) -> bool:
    """Is this what a ``DataLoader`` gives, or a part of it?"""
    for _ in range(4):
        if not isinstance(token, tuple) or not token:
            return False
        if token[0] == "batch":
            return True
        if token[0] not in ("item", "unpack") or len(token) < 2:
            return False
        token = token[1]
    return False


_ONLY_TENSORS_HAVE = frozenset({
    "exp", "sigmoid", "tanh", "relu", "softmax", "log_softmax", "unsqueeze", "permute", "masked_fill", "detach", "log",
    "sqrt", "expand", "index_select", "gather", "logsumexp", "requires_grad", "grad_fn", "is_leaf",
})  # fmt: skip
"""Methods that neither NumPy's arrays nor Python's containers have: who calls them on a value says what it is."""


def is_tensor_like(machine: Machine, path: Path, value: Unknown, attribute: str) -> bool:
    """Does the use of ``attribute`` show that an unknown value is a tensor?

    Any method of a tensor does for an argument of a module's ``forward``; elsewhere only one that nothing else has.
    """
    in_place = attribute.endswith("_") and not attribute.startswith("_")
    likely = path.vars.get((("tensor", value.token), "#likely")) is not None
    if isinstance(value.token, tuple) and value.token[:1] == ("item",) and len(value.token) > 1:
        likely = likely or path.vars.get((("tensor", value.token[1]), "#elements")) is not None
    if not (in_place or likely or attribute in _ONLY_TENSORS_HAVE):
        return False
    return attribute in ("data", "grad_fn", "is_leaf", "requires_grad", "T", "shape") or (
        machine.table.canonical(f"Tensor.{attribute}") is not None
    )


def graph_inputs(path: Path, value: Value) -> list[int]:
    """The tensors whose graph a value may carry: itself, its elements, or what an unknown value was made of."""
    value = resolve(path, value)
    if not isinstance(value, Unknown):
        found = tensors_in(path, value)
        if isinstance(value, Bound):
            found += graph_inputs(path, value.receiver)
        return found
    collected: list[int] = []
    stack: list[object] = [value.token]
    for _ in range(64):
        if not stack:
            break
        token = stack.pop()
        if isinstance(token, TensorRef):
            collected.append(token.oid)
        elif type(token) is tuple and token:  # a place is a tuple, too, and is made of nothing
            held = path.vars.get((("inputs", token), "#tensors")) if token[0] == "call" else None
            collected.extend(tensors_in(path, held) if held is not None else ())
            stack.extend(token)
    return list(dict.fromkeys(collected))


def select(
    machine: Machine, path: Path, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]
) -> tuple[Selection, dict[str, tuple[Value, ...]]] | None:
    """The line of the op table for a call, and the values that each of its parameters gets."""
    known = [arguments.argument(path, value) for value in args]
    named = {key: arguments.argument(path, value) for key, value in kwargs.items()}
    found = machine.table.select(name, known, named)
    if found is None:
        # A size that was used in arithmetic before has been taken for a tensor: it may as well be a number.
        known = [_unless_guessed(path, value, arg) for value, arg in zip(args, known, strict=True)]
        named = {key: _unless_guessed(path, kwargs[key], arg) for key, arg in named.items()}
        found = machine.table.select(name, known, named)
    if found is None:
        return None
    bound: dict[str, tuple[Value, ...]] = {}
    for parameter, where in found.binding.items():
        if isinstance(where, str):
            if where in kwargs:
                bound[parameter] = (kwargs[where],)
        elif parameter == found.star:
            bound[parameter] = tuple(args[where:])
        elif where < len(args):
            bound[parameter] = (args[where],)
    for key, value in kwargs.items():
        bound.setdefault(key, (value,))
    return found, bound


def _unless_guessed(path: Path, value: Value, arg: Arg) -> Arg:
    """``arg``, but of an unknown value that only its use made a tensor: nothing is known."""
    value = resolve(path, value)
    if isinstance(value, TensorRef) and not path.tensor(value.oid).known:
        return Arg("unknown")
    return arg


OPERATION = 5
"""An operation takes as long as so many instructions and more (150 to 200 us). The ``forward`` of a network is one call and
hundreds of these."""


def apply(
    machine: Machine, path: Path, name: str, args: Sequence[Value], kwargs: Mapping[str, Value], source: Source,
    how: str = "function", subject: str = "", declared: object = None, config: Mapping[str, Value] | None = None,
    told_as: str = "",
) -> Outcomes | None:  # fmt: skip
    """Carry out one operation. None where the op table does not know the call."""
    machine.ran += OPERATION
    args = [_with_graph(path, value, source) for value in args]
    kwargs = {key: _with_graph(path, value, source) for key, value in kwargs.items()}
    chosen = select(machine, path, name, args, kwargs)
    if chosen is None:
        return None
    selection, bound = chosen
    if any(write.what == "out" for write in selection.op.writes):
        how = "out"
    call = Application(
        name, selection.op, source, how, subject, bound, declared, selection.exact, config=config or {},
        told_as=told_as,
    )  # fmt: skip
    mode = path.grad_mode
    if "no-grad" in call.op.flags and mode is not GradMode.INFERENCE:
        path.grad_mode = GradMode.NO_GRAD  # `nn.init.*` switches grad off for itself
    outcomes = _carry_out(machine, path, call)
    for each, _ in outcomes:
        each.grad_mode = mode
    return outcomes


def _carry_out(machine: Machine, path: Path, call: Application) -> Outcomes:
    _bind_tensors(path, call)
    call.needs = autograd.any_requires_grad(path, _differentiable(path, call))
    if call.how == "out" and call.needs is Tri.YES:
        # "functions with out=... arguments don't support automatic differentiation": torch raises here.
        path.status, path.raised = Status.RAISED, "RuntimeError"
        return [(path, Unknown(("out", call.source.place)))]
    _check_writes(path, call)
    if path.status is not Status.RUN:
        return [(path, Unknown(("raised", call.source.place)))]
    _record(path, call)
    if path.status is not Status.RUN:
        return [(path, Unknown(("raised", call.source.place)))]
    _write(path, call)
    return results.make(machine, path, call)


def _with_graph(path: Path, value: Value, source: Source) -> Value:
    """An unknown value that was made from tensors with a graph is a tensor, as far as autograd is concerned.

    So is one in a list or tuple of tensors (``torch.stack(log_probs)``), which `tensors_in` finds from then on.
    """
    value = resolve(path, value)
    for item in items_of(path, value):
        _with_graph(path, item, source)
    if isinstance(value, Unknown) and any(
        autograd.requires_grad(path, oid) is not Tri.NO for oid in graph_inputs(path, value)
    ):
        return materialise(path, value, source)
    return value


def _bind_tensors(path: Path, call: Application) -> None:
    """Find the tensors among the arguments; an unknown argument where only a tensor fits is one."""
    kinds = {param.name: param.kinds for param in call.op.params}
    bound = dict(call.bound)
    for name, values in call.bound.items():
        found: list[int] = []
        if kinds.get(name) == ("Tensor",):
            values = tuple(materialise(path, value, call.source) for value in values)
            bound[name] = values
        for value in values:
            if "Tensors" in kinds.get(name, ()):
                _materialise_items(path, value, call.source)
            found.extend(tensors_in(path, value))
        if found:
            call.tensors[name] = tuple(found)
    call.bound = bound


def items_of(path: Path, value: Value) -> tuple[Value, ...]:
    """What is in a list or tuple."""
    if isinstance(value, TupleValue):
        return value.items
    if isinstance(value, ListRef):
        held = path.items(value.oid)
        return (*held.known, *((held.rest,) if held.rest is not None else ()))
    return ()


def _materialise_items(path: Path, value: Value, source: Source) -> None:
    """``torch.stack([a, b])``: what is in the list are tensors."""
    items = value.items if isinstance(value, TupleValue) else ()
    if isinstance(value, ListRef):
        items = path.items(value.oid).known
    for item in items:
        materialise(path, item, source)


def tensors_in(path: Path, value: Value) -> list[int]:
    """The tensors that an argument brings: itself, or those in a list or tuple."""
    value = resolve(path, value)
    if isinstance(value, TensorRef):
        return [value.oid]
    return [oid for item in items_of(path, value) for oid in tensors_in(path, item)]


def _differentiable(path: Path, call: Application) -> list[int]:
    return [oid for oid in call.inputs() if path.tensor(oid).dtype not in shapes.INTEGRAL]


def _check_writes(path: Path, call: Application) -> None:
    if call.operation in _UNRECORDED:
        return
    for write in call.op.writes:
        if not write.certain:
            continue
        for oid in call.tensors.get(write.what, ()):
            if write.what == "out":
                # Of what is written as `out=` only the counter moves, which an inference tensor has not (measured).
                autograd.check_inplace(path, call.source, oid, Tri.NO, call.operation, "out")
                if path.status is not Status.RUN:
                    return
                continue
            if not write.bumps or (call.how != "out" and not _is_returned(call, write.what)):
                continue  # the operation writes it for itself, under no_grad (`max_norm`, running statistics)
            needs = call.needs | autograd.any_requires_grad(path, [oid])
            read = [other for other in call.inputs() if other != oid]
            itself = path.tensor(oid).overlap is Tri.YES or autograd.partly_overlaps(path, oid, read)
            itself = itself and not write.unchecked
            # The kernel checks overlap after autograd's own checks, and before the one for inference tensors; NumPy does not (measured).
            if not (itself and path.tensor(oid).inference):
                autograd.check_inplace(
                    path, call.source, oid, needs, call.word, call.how, declared=call.declared
                )
                if path.status is not Status.RUN:
                    return
            if itself and path.tensor(oid).origin != "numpy":
                autograd.raise_overlap(
                    path, call.source, oid, operation=call.word, how=call.how, declared=call.declared,
                    name=call.subject or path.tensor(oid).name,
                )  # fmt: skip
                return
            if shapes.outgrows(path, call, oid):
                autograd.refuse(path)


def _record(path: Path, call: Application) -> None:
    """Make the node, with the operands that are saved before the operation runs."""
    if call.needs is Tri.NO or not _has_node(call):
        return
    before = [save for save in call.op.saves if not save.what.startswith("result")]
    saves = [item for save in before for item in saving.to_save(path, call, save)]
    call.node = autograd.record(
        path, call.source, call.operation, _differentiable(path, call), saves, call.needs
    )
    if call.node is not None and (saving.keeps_number(call) or saving.keeps_copy(path, call)):
        node = path.node(call.node)
        path.heap[call.node] = replace(node, raises_when_freed=True)
        source = call.source
        kept = Save(source.place, source.stack, path.new_id(), call.node, call.operation, "a copy", 0, 0, 0)
        path.emit(kept)


def _has_node(call: Application) -> bool:
    returns = call.op.returns
    if call.operation in _UNRECORDED:
        return False
    if returns.kind in ("tuple", "list"):
        return any(item.kind in ("tuple", "list") or item.differentiable for item in returns.items)
    if returns.kind in ("value", "none", "unknown"):
        return False
    if returns.kind in ("view", "alias", "multiview") or (returns.kind == "same" and not call.op.writes):
        return False  # `results` makes the node of a view
    return returns.differentiable


def _write(path: Path, call: Application) -> None:
    """Move the counters, and rewrite the history of what is written."""
    for write in call.op.writes:
        if not write.certain:
            continue
        for oid in call.tensors.get(write.what, ()):
            operation = call.operation
            # What a module writes but does not return is no `inplace=True`: `max_norm` scales the weight.
            own = call.how == "module" and not _is_returned(call, write.what)
            how, declared = ("function", None) if own else (call.how, call.declared)
            named = None if own else call.subject or None
            autograd.bump(path, call.source, oid, write.bumps, call.word, how, declared, named)
            if not write.bumps and write.what in saving.STATISTICS:
                name = path.tensor(oid).name
                unseen.note_bypass(path, call.source, oid, "statistics", operation, True, name, flow=False)
            if "metadata" in call.op.flags:
                layouts.lay_out_anew(path, call, oid)
            if not write.bumps or "metadata" in call.op.flags:
                continue
            unseen_writes.note(path, call.source, oid, operation, call.inputs(), call.subject or None)
            if call.node is not None and _is_returned(call, write.what):
                autograd.rebase_history(path, call.source, oid, call.node, call.needs)
                _save_results(path, call, oid)


def _is_returned(call: Application, what: str) -> bool:
    returns = call.op.returns
    return (returns.kind == "same" and returns.source == what) or call.operation.startswith("_foreach")


def _save_results(path: Path, call: Application, oid: int) -> None:
    """``result`` of an in-place operation is the written tensor, at its new version."""
    saves = [save for save in call.op.saves if save.what.startswith("result")]
    if not saves:
        return
    tensor = path.tensor(oid)
    root = path.tensor(tensor.base) if tensor.base is not None else tensor
    if root.node is not None:
        certain = Tri.YES if saves[0].certain else Tri.MAYBE
        autograd.save(path, call.source, root.node, [ToSave(oid, "result", certain, as_output=True)])


def apply_operator(
    machine: Machine, path: Path, op: str, left: Value, right: Value, source: Source, in_place: bool = False,
    subject: str = "",
) -> Outcomes:  # fmt: skip
    """``left OP right`` with a tensor on one side; ``in_place``: ``left OP= right`` on a tensor."""
    entry = BINARY[op]
    outcomes: Outcomes | None
    if isinstance(left, TensorRef):
        name = entry.in_place if in_place and entry.in_place else entry.direct
        how = "augmented" if in_place and entry.in_place else "function"
        outcomes = apply(machine, path, name, [left, right], {}, source, how, subject)
    else:
        outcomes = apply(machine, path, entry.reflected, [right, left], {}, source)
    return outcomes if outcomes is not None else [(path, Unknown(("operator", source.place, path.new_id())))]


def apply_unary(machine: Machine, path: Path, op: str, value: TensorRef, source: Source) -> Outcomes:
    """``OP tensor``."""
    outcomes = apply(machine, path, UNARY[op], [value], {}, source)
    return outcomes if outcomes is not None else [(path, Unknown(("operator", source.place, path.new_id())))]
