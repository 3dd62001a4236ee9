"""``torch.utils.checkpoint``: the region runs now, keeps nothing but its inputs, and runs again in backward.

Measured on 2.13 (AUTOGRAD.md section 9.34). Reentrant (the default): forward runs without grad and saves its tensor
arguments; backward runs the region on detached inputs and goes through the fresh graph, so a save that the region itself
breaks raises, there. Not reentrant: the arguments are saved if the region saves anything, and what the region saves is
not version-checked. In both, what the region reads from outside is read as it is in backward, unchecked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import Bypass, GradMode, Node, SavedTensor, Tensor, Tri
from gradsafe.domain.values import NONE, Const, Source, TensorRef, TupleValue, Unknown, Value
from gradsafe.interp import autograd, calls, module_containers, tensor_api, torch_ops, unchecked
from gradsafe.interp.torch_api import torch_function
from gradsafe_tracer.events import Save

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

_OPTIONS = ("use_reentrant", "preserve_rng_state", "determinism_check", "context_fn", "debug", "early_stop")


@torch_function("torch.utils.checkpoint.checkpoint")
def checkpoint(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``checkpoint(function, *args)``."""
    if not call.args:
        return None
    asked = call.kwargs.get("use_reentrant")
    reentrant = Tri.YES if asked is None or asked == NONE else tensor_api.flag(asked)
    kwargs = {key: value for key, value in call.kwargs.items() if key not in _OPTIONS}
    args = call.args[1:2] and (torch_ops.materialise(path, call.args[1], call.source), *call.args[2:])
    args = tuple(torch_ops.resolve(path, value) for value in args)
    if path.grad_mode is not GradMode.ENABLED:
        return calls.call(machine, path, replace(call, function=call.args[0], args=args, kwargs=kwargs))
    node = path.new_id()
    path.heap[node] = Node("checkpoint", (), (), call.source)
    inputs = [value.oid for value in args if isinstance(value, TensorRef)]
    given = {oid: path.tensor(oid) for oid in inputs}
    versions = {oid: path.version(tensor.counter) for oid, tensor in given.items()}
    around = path.vars.get(autograd.REGION) or NONE
    if reentrant is Tri.YES:
        path.vars[autograd.REGION] = Const(node, int)
    else:
        autograd.save(path, call.source, node, [autograd.ToSave(oid, "input") for oid in inputs])
    outcomes = calls.call(machine, path, replace(call, function=call.args[0], args=args, kwargs=kwargs))
    for each, value in outcomes:
        each.vars[autograd.REGION] = around
        if each.status is Status.RUN:
            needs = Tri.YES
            if reentrant is Tri.YES:
                needs = autograd.any_requires_grad(each, inputs)
                needs = needs | (Tri.MAYBE if any(isinstance(arg, Unknown) for arg in args) else Tri.NO)
                # `ctx.save_for_backward` takes effect when the Function's forward, and with it the region, is over.
                autograd.save(each, call.source, node, [autograd.ToSave(oid, "input") for oid in inputs])
                _note_written_argument(each, node, versions)
                _keep_history(each, given)
            _seal(each, node, inputs, torch_ops.tensors_in(each, value), reentrant, needs)
    return outcomes


def _keep_history(path: Path, given: dict[int, Tensor]) -> None:
    """Without grad a write leaves the history of an argument as it was; the replay writes a detached one."""
    for oid, before in given.items():
        path.heap[oid] = replace(
            path.tensor(oid), node=before.node, requires_grad=before.requires_grad, leaf=before.leaf
        )


def _seal(path: Path, node: int, inputs: list[int], outputs: list[int], reentrant: Tri, needs: Tri) -> None:
    """Put the checkpoint's own node between the region's graph and what uses its results.

    ``needs``: do the results require grad, as far as the arguments decide it?
    """
    ends = [oid for oid in outputs if path.tensor(oid).node is not None]
    region = _region(path, ends, node)
    saves = [saved for number in region for saved in path.node(number).saves]
    given = {path.tensor(oid).counter for oid in inputs}
    outside = [s for s in saves if s.counter < node and s.counter not in given]
    arguments = path.node(node).saves
    for number in region:
        _leave(path, number, node, arguments, reentrant)
    above = tuple(dict.fromkeys(edge for oid in ends if (edge := path.tensor(oid).node) is not None))
    path.heap[node] = replace(
        path.node(node), inputs=above, saves=arguments if reentrant is Tri.YES else (), certain=needs,
        raises_when_freed=bool(saves) or reentrant is Tri.YES,
    )  # fmt: skip
    for oid in ends:
        tensor = path.tensor(oid)
        if needs is Tri.NO:
            # "None of the inputs have requires_grad=True": the region's parameters get no gradient.
            path.heap[oid] = replace(tensor, node=None, requires_grad=Tri.NO, leaf=Tri.YES, base=None)
        else:
            path.heap[oid] = replace(tensor, node=node, requires_grad=tensor.requires_grad & needs, base=None)
    unchecked.keep_saved(path, node, outside, "recomputed")


def _note_written_argument(path: Path, node: int, versions: dict[int, int]) -> None:
    """In backward the arguments are detached and require grad: leaves, which the region then may not write."""
    for oid, version in versions.items():
        if autograd.requires_grad(path, oid) is not Tri.YES:
            continue
        write = unchecked.first_write(path, path.tensor(oid).counter, version, recorded=True)
        if write is not None:
            source = Source(write.place, write.stack)  # type: ignore[arg-type]
            reason = "leaf" if write.tensor == oid else "leaf-view"
            bypass = Bypass(source, reason, write.operation, write.name, oid)
            path.heap[node] = replace(path.node(node), replayed_write=bypass)
            return


def _leave(path: Path, number: int, first: int, arguments: tuple[SavedTensor, ...], reentrant: Tri) -> None:
    """What a node of the region still keeps for backward: what it broke itself, or the region's arguments."""
    node = path.node(number)
    if reentrant is Tri.YES:
        kept = tuple(s for s in node.saves if s.counter > first and path.version(s.counter) != s.version)
    else:
        sure = Tri.YES if any(s.certain is Tri.YES for s in node.saves) else Tri.MAYBE
        given = arguments if node.saves else ()
        kept = tuple(replace(s, save=path.new_id(), certain=s.certain & sure) for s in given)
        for s in kept:
            where = node.source
            path.emit(
                Save(where.place, where.stack, s.save, number, node.operation, s.role, s.tensor, s.counter, s.version, s.name)
            )  # fmt: skip
    path.heap[number] = replace(node, saves=kept, raises_when_freed=False)


def _region(path: Path, outputs: list[int], first: int) -> list[int]:
    """The nodes that the region made."""
    found: dict[int, None] = {}
    stack = [node for oid in outputs if (node := path.tensor(oid).node) is not None]
    while stack:
        number = stack.pop()
        if number >= first and number not in found and path.node(number).leaf is None:
            found[number] = None
            stack.extend(path.node(number).inputs)
    return list(found)


@torch_function("torch.utils.checkpoint.checkpoint_sequential")
def checkpoint_sequential(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``checkpoint_sequential(layers, segments, input)``: all segments but the last are checkpointed."""
    layers, given = call.argument(0, "functions"), call.argument(2, "input")
    segments = call.argument(1, "segments")
    children = module_containers.children(path, layers) if layers is not None else ()
    count = segments.value if isinstance(segments, Const) and isinstance(segments.value, int) else 0
    if not children or given is None or count < 1:
        return None
    size = len(children) // count
    cuts = [size * number for number in range(count)]
    states: Outcomes = [(path, given)]
    for number, start in enumerate(cuts):
        last = number == count - 1
        part = TupleValue(children[start:] if last else children[start : start + size])
        following: Outcomes = []
        for each, value in states:
            if each.status is Status.RUN:
                following.extend(_segment(machine, each, part, value, call, last))
            else:
                following.append((each, value))
        states = following
    return states


def _segment(
    machine: Machine, path: Path, part: TupleValue, value: Value, call: Call, plain: bool
) -> Outcomes:
    run = module_containers.sequence(path, part.items)
    if plain:
        return calls.call(machine, path, replace(call, function=run, args=(value,), kwargs={}))
    kwargs = {key: item for key, item in call.kwargs.items() if key in _OPTIONS}
    return checkpoint(machine, path, replace(call, args=(run, value), kwargs=kwargs)) or []
