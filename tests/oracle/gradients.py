"""Is a gradient right? Torch's own is compared with central finite differences of the program as executed.

The program is run again in float64: once for reference, then with one leaf shifted along a random
direction at its first use. Whatever torch treats as constant (values made without a graph, numbers
taken out of tensors, gradients of earlier backwards) is held at its reference value, so that
``detach()``, masks and no_grad computations are no error; *writes* are executed, whoever makes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from .run import Body, Outcome, Program, record
from .tracer import DATA_SET, ESCAPED, SWAP, Backward, Recorder, Write, is_leaf, storage_key, tensors_in

TOLERANCE = 1e-4
STEPS = (1e-5, 1e-6, 1e-7)
"""A smaller step is tried where one disagrees: it crosses fewer kinks."""


@dataclass
class _Ran:
    """What the reference run of one backward left: the value differentiated, and the change of each gradient."""

    value: float
    grads: dict[int, Any]
    results: Any = None
    gradable: bool = True
    uses: dict[int, int] = field(default_factory=dict)


class _Frozen(Recorder):
    """The reference run (``model`` None), or a run that follows ``model`` with some leaves shifted."""

    def __init__(
        self, filename: str, model: _Frozen | None = None, skipped: frozenset[int] = frozenset()
    ) -> None:
        super().__init__(filename)
        self.model = model
        self.skipped = skipped
        self.shifts: dict[int, list[tuple[int, Any]]] = {}
        self.frozen: dict[int, Any] = {}
        self.leaves: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}
        self.uses: dict[int, list[int]] = {}
        self.runs: list[_Ran] = []
        self.lost: str | None = None
        self.custom = False
        self.differentiable: set[int] = set()
        self.stops: dict[int, tuple[int, Any]] = {}

    def leaf(self, tensor: Any) -> int:
        if id(tensor) not in self.numbers:
            self.numbers[id(tensor)] = len(self.numbers)
            self.leaves[self.numbers[id(tensor)]] = tensor
        return self.numbers[id(tensor)]

    # -- forward --------------------------------------------------------------------------

    def perform(
        self, func: Any, call: int, operands: list[Any], args: tuple[Any, ...], run: Callable[[], Any]
    ) -> Any:
        self.custom = self.custom or self.opaque > 0
        if self.running or self.opaque:
            return run()
        for tensor in operands:
            if tensor.requires_grad:
                self.differentiable.add(storage_key(tensor))
            if tensor.requires_grad and is_leaf(tensor):
                number = self.leaf(tensor)
                if getattr(func, "__name__", "") not in ("__get__", "__set__", "zero_grad", "backward"):
                    self.uses.setdefault(number, []).append(call)
        for number, shift in self.shifts.get(call, ()):
            if number in self.leaves:
                _silently(self.leaves[number].data.add_, shift)
        if self.skipped and self._skips(func, operands):
            return args[0] if args else None
        sources = {storage_key(tensor) for tensor in operands}
        result = run()
        for tensor in tensors_in(result):
            if tensor.requires_grad:
                self.differentiable.add(storage_key(tensor))
                if tensor.is_floating_point() and tensor.dtype != torch.float64:
                    self.lost = f"{tensor.dtype} is too coarse for finite differences"
        if getattr(func, "__name__", "") == "detach_":
            self._hold(call, args[0])
            return result
        return self._freeze(func, call, result, sources, operands)

    def _skips(self, func: Any, operands: list[Any]) -> bool:
        name = getattr(func, "__name__", "")
        writes = name.endswith("_") or name in (
            "__setitem__",
            "__iadd__",
            "__imul__",
            "__isub__",
            "__itruediv__",
        )
        return (writes or func == DATA_SET) and self.site().line in self.skipped

    def _freeze(self, func: Any, call: int, result: Any, sources: set[int], operands: list[Any]) -> Any:
        """Holds what torch treats as constant at its reference value."""
        if isinstance(result, (float, int, bool)) or (
            isinstance(result, list) and result and isinstance(result[0], (float, int, list))
        ):
            if self.model is None:
                self.frozen[call] = result
                return result
            return self.model.frozen.get(call, result)
        if isinstance(result, torch.Tensor) and not result.requires_grad and not result.is_inference():
            key = storage_key(result)
            if key in sources and any(t.requires_grad and storage_key(t) == key for t in operands):
                return self._stop(call, result, key)
        plain = [
            tensor
            for tensor in (*tensors_in(result), *operands)
            if not tensor.requires_grad and storage_key(tensor) not in self.differentiable
        ]
        if self.model is None:
            self.frozen[call] = [tensor.detach().clone() for tensor in plain]
            return result
        for tensor, value in zip(plain, self.model.frozen.get(call, ()), strict=False):
            if tensor.shape != value.shape:
                self.lost = f"call {call} made another shape"
            elif not torch.equal(tensor, value):
                with torch.inference_mode(tensor.is_inference()):
                    _silently(tensor.data.copy_, value)
        return result

    def _hold(self, call: int, tensor: Any) -> None:
        """``detach_()``: from here on the tensor is a constant."""
        if self.model is None:
            self.frozen[call] = tensor.detach().clone()
        elif call in self.model.frozen:
            _silently(tensor.data.copy_, self.model.frozen[call])

    def _stop(self, call: int, result: Any, key: int) -> Any:
        """``detach()``, ``.data`` or a no_grad view: a constant, unless its storage is written later."""
        if self.model is None:
            self.stops[call] = (key, result.detach().clone())
            return result
        stop = self.model.stops.get(call)
        if stop is None or any(w.storage == stop[0] and w.call > call for w in self.model.writes):
            return result
        return stop[1].clone()

    # -- backward -------------------------------------------------------------------------

    def run_engine(
        self,
        original: Callable[..., Any],
        backward: Backward,
        graph: list[Any],
        outputs: Any,
        args: Any,
        kwargs: Any,
    ) -> Any:
        seeds, _keep, create = args[0], args[1], args[2]
        value = sum(
            float((o.detach() * (1 if s is None else s.detach())).sum())
            for o, s in zip(outputs, seeds, strict=False)
        )
        if self.model is None:
            return self._differentiate(original, backward, graph, value, outputs, args, kwargs)
        self.runs.append(_Ran(value, {}))
        if create or backward.index >= len(self.model.runs):
            return original(outputs, *args, **kwargs)
        ran = self.model.runs[backward.index]
        for number, leaf in self.leaves.items():
            if number in ran.grads:
                after = ran.grads[number][1]
                leaf.grad = None if after is None else after.clone()
        return ran.results

    def _differentiate(
        self,
        original: Any,
        backward: Backward,
        graph: list[Any],
        value: float,
        outputs: Any,
        args: Any,
        kwargs: Any,
    ) -> Any:
        into = args[3] if len(args) > 3 else ()
        accumulate = kwargs.get("accumulate_grad", False)
        in_graph = {id(node.variable) for node in graph if getattr(node, "variable", None) is not None}
        for node in graph:
            if getattr(node, "variable", None) is not None:
                self.leaf(node.variable)
        before = {
            n: None if leaf.grad is None else leaf.grad.detach().clone() for n, leaf in self.leaves.items()
        }
        results = original(outputs, *args, **kwargs)
        ran = _Ran(value, {}, results)
        self.runs.append(ran)
        if not accumulate:
            for tensor, grad in zip(into, results, strict=False):
                if isinstance(tensor, torch.Tensor) and tensor.is_leaf and grad is not None:
                    ran.grads[self.leaf(tensor)] = (grad.detach().clone(), grad.detach().clone())
            ran.gradable = bool(ran.grads)
        elif any(getattr(leaf, "_post_accumulate_grad_hooks", None) for leaf in self.leaves.values()):
            ran.gradable = False  # the hook may have taken the gradient away already
        else:
            for number, leaf in self.leaves.items():
                after = None if leaf.grad is None else leaf.grad.detach().clone()
                then = before.get(number)
                change = (
                    torch.zeros_like(leaf) if after is None else after - then if then is not None else after
                )
                ran.grads[number] = (change, after)
        if into:
            asked = {id(tensor) for tensor in into}
            ran.grads = {n: grad for n, grad in ran.grads.items() if id(self.leaves[n]) in asked}
        self._plan(backward, graph, ran, in_graph)
        if into:
            ran.uses = {number: call for number, call in ran.uses.items() if number in ran.grads}
        return results

    def _plan(self, backward: Backward, graph: list[Any], ran: _Ran, in_graph: set[int]) -> None:
        """Where each leaf is to be shifted for this backward: at its first use since it was last written."""
        reached = set(graph)
        tied = {storage_key(leaf) for leaf in self.leaves.values() if id(leaf) in in_graph}
        for number, leaf in self.leaves.items():
            if not leaf.requires_grad or (id(leaf) not in in_graph and storage_key(leaf) in tied):
                continue
            used = self.uses.get(number, [])
            inside = [
                node.call
                for node in self.nodes.values()
                if node.object in reached
                and id(leaf) in in_graph
                and any(getattr(below, "variable", None) is leaf for below, _ in node.object.next_functions)
            ]
            limit = min(inside) if inside else backward.call
            held = self._held(leaf)
            written = [w.call for w in self.writes if w.storage in held and w.call < limit]
            start = [call for call in used if call > max(written, default=0)]
            if start:
                ran.uses[number] = start[0]

    def _held(self, leaf: Any) -> set[int]:
        """The storages that a leaf has had: ``leaf.data = t`` gives it another."""
        held = {storage_key(leaf)}
        swaps = [w.storage for w in self.writes if w.operation == SWAP]
        for before, after in reversed(list(zip(swaps[::2], swaps[1::2], strict=True))):
            if after in held:
                held.add(before)
        return held


def _silently(write: Callable[[Any], Any], value: Any) -> None:
    with torch.no_grad(), torch._C.DisableTorchFunction():
        write(value)


@dataclass(frozen=True)
class WrongGradient:
    """The gradient that ``backward`` gave to a leaf is not the derivative."""

    line: int | None
    leaf: int
    torch_says: float
    finite_difference: float
    call: int = 0


@dataclass
class Check:
    """The comparison of one program. ``ungraded`` says why there is none."""

    wrong: list[WrongGradient] = field(default_factory=list)
    ungraded: str | None = None
    compared: int = 0


def check(program: Program, body: Body | None = None, skipped: frozenset[int] = frozenset()) -> Check:
    """Compares every gradient of every backward of a program that runs clean."""
    base = _Frozen(program.filename, None, skipped)
    outcome = _double(program, body, base)
    if not outcome.clean:
        return Check(ungraded=f"in float64: {outcome.error or outcome.blames}")
    if base.lost:
        return Check(ungraded=base.lost)
    result = Check()
    for index, ran in enumerate(base.runs):
        if not ran.gradable or not ran.uses:
            continue
        for number in _suspects(program, body, base, index, result):
            wrong = _compare(program, body, base, index, [number], result)
            if wrong is not None:
                if base.custom:
                    return Check(ungraded="a custom Function says itself what its gradient is")
                result.wrong.append(
                    WrongGradient(base.backwards[index].line, number, *wrong, base.backwards[index].call)
                )
    return result


def _suspects(program: Program, body: Body | None, base: _Frozen, index: int, result: Check) -> list[int]:
    """All leaves where there are few, else those of halves whose joint derivative is off."""
    groups = [list(base.runs[index].uses)]
    suspects: list[int] = []
    while groups:
        group = groups.pop()
        if len(group) <= 2:
            suspects.extend(group)
        elif _compare(program, body, base, index, group, result) is not None:
            groups += [group[: len(group) // 2], group[len(group) // 2 :]]
    return suspects


def _compare(
    program: Program, body: Body | None, base: _Frozen, index: int, leaves: list[int], result: Check
) -> tuple[float, float] | None:
    ran = base.runs[index]
    generator = torch.Generator().manual_seed(index + 7 * leaves[0])
    drawn = partial(torch.randn, generator=generator, dtype=torch.float64, device="cpu")
    directions = {n: drawn(base.leaves[n].shape).to(base.leaves[n].device) for n in leaves}
    analytic = sum(float((ran.grads[n][0] * directions[n]).sum()) for n in leaves if n in ran.grads)
    result.compared += 1
    numeric = 0.0
    for step in STEPS:
        values = []
        for signed in (step, -step):
            value = _shifted(program, body, base, index, {n: directions[n] * signed for n in leaves})
            if value is None:
                result.ungraded = result.ungraded or "a shifted run went another way"
                return None
            values.append(value)
        numeric = (values[0] - values[1]) / (2 * step)
        if math.isnan(numeric) or math.isnan(analytic):
            result.ungraded = result.ungraded or "not a number"
            return None
        if _near(analytic, numeric, ran.value, step) or _kink(analytic, ran.value, values, step):
            return None
    return analytic, numeric


def _near(analytic: float, numeric: float, value: float, step: float) -> bool:
    noise = 1e-15 * max(1.0, abs(value)) / step
    return abs(analytic - numeric) <= TOLERANCE * max(abs(analytic), abs(numeric)) + noise


def _kink(analytic: float, value: float, values: list[float], step: float) -> bool:
    """At a kink (relu at 0) any slope between the two one-sided ones is a fair answer."""
    low, high = sorted(((values[0] - value) / step, (value - values[1]) / step))
    slack = TOLERANCE * max(abs(low), abs(high), 1.0)
    return high - low > 10 * slack and low - slack <= analytic <= high + slack


def _shifted(
    program: Program, body: Body | None, base: _Frozen, index: int, shifts: dict[int, Any]
) -> float | None:
    run = _Frozen(program.filename, base, base.skipped)
    for number, shift in shifts.items():
        run.shifts.setdefault(base.runs[index].uses[number], []).append((number, shift))
    outcome = _double(program, body, run)
    if run.lost or not outcome.clean or run.calls != base.calls or index >= len(run.runs):
        return None
    return run.runs[index].value


def _double(program: Program, body: Body | None, recorder: _Frozen) -> Outcome:
    torch.set_default_dtype(torch.float64)
    try:
        return record(program, body, recorder)
    finally:
        torch.set_default_dtype(torch.float32)


def bypasses(recorder: Recorder, call: int) -> list[Write]:
    """Writes that autograd does not differentiate, to storages that the graph of the backward at ``call`` knew by then."""
    first: dict[int, int] = {}
    backward = next((run for run in recorder.backwards if run.call == call), None)
    graph = set(recorder.reachable(backward.roots)) if backward else set()
    for node in recorder.nodes.values():
        # A leaf's own node lives on from step to step; it does not say when this graph used the leaf.
        inside = node.object in graph and not hasattr(node.object, "variable")
        for counter, _ in node.participants if inside else ():
            key = recorder.counters.storages[counter]
            first[key] = min(first.get(key, node.call), node.call)
    return [
        w
        for w in recorder.writes
        if w.call < call
        and w.site.line is not None
        and (w.through_data or not w.tracked or w.before == w.after)
        and (
            w.operation == SWAP
            or (
                (w.through_data or w.storage in recorder.graph_storages)
                and first.get(w.storage, w.call + 1) < w.call + (w.operation == ESCAPED)
            )
        )
    ]


def culprits(
    program: Program, body: Body | None, recorder: Recorder, wrong: list[WrongGradient]
) -> list[int]:
    """The rows whose write makes a gradient wrong: alone it still does, or without it all is right."""
    found = [w for at in {x.call for x in wrong} for w in bypasses(recorder, at)]
    lines = sorted({w.site.line or 0 for w in found})
    if len(lines) <= 1:
        return lines
    stuck = sorted({w.site.line or 0 for w in found if w.operation == ESCAPED})
    if stuck and check(program, body, frozenset(lines) - set(stuck)).wrong:
        return stuck  # what NumPy writes cannot be skipped, and is enough
    alone = [line for line in lines if check(program, body, frozenset(lines) - {line}).wrong]
    return alone or [line for line in lines if not check(program, body, frozenset({line})).wrong] or lines
