"""Signatures and calls in, lines of the table out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gradsafe.ops.derive import in_place
from gradsafe.ops.entry import Arg
from gradsafe.ops.match import KIND_NAMES, Bound, Fit, bind, plain
from gradsafe.ops.notation import OPAQUE, REQUIRED, Op, Param, Return, Save, Write
from tools.op_table import tree
from tools.op_table.declared import Declared, declared_return
from tools.op_table.describe import describe, describe_call
from tools.op_table.formulas import declared_saves, declared_writes, has_formula
from tools.op_table.hand import ESCAPES, METADATA, OVERLAP, OWN_COUNTER, RETURNS
from tools.op_table.module_state import state_params, with_module_state
from tools.op_table.probe import Call, Observation, observe, tensors_of, writes_overlapping
from tools.op_table.signatures import of_python

ENOUGH = 6
"""Calls of an overload whose saves a formula tells already."""


@dataclass
class Overload:
    """One signature, the names that share it, and the calls that were seen of it."""

    names: tuple[str, ...]
    params: tuple[Param, ...]
    declared: Declared | None = None
    module: bool = False
    seen: list[tree.Seen] = field(default_factory=list)


def overloads_by_name(
    declared: Iterable[Declared], names: Iterable[tuple[str, Callable[..., object]]]
) -> dict[str, list[Overload]]:
    """Every signature under each of its names; ``names`` are those that torch does not declare."""
    found: dict[str, list[Overload]] = defaultdict(list)
    for item in declared:
        overload = Overload(item.names, item.params, item)
        for name in item.names:
            found[name].append(overload)
    for name, function in names:
        if name not in found:
            params = of_python(name, function)
            if params is not None:
                found[name].append(Overload((name,), params))
    return found


def record(call: Call, overloads: Sequence[Overload]) -> bool:
    """Probe a call and note it at the overload that torch's parser would choose; False where none fits."""
    if any(
        tensor.numel() == 0 for value in (*call.args, *call.kwargs.values()) for tensor in tensors_of(value)
    ):
        # An empty tensor has no memory to share: it shows nothing.
        return False
    args, kwargs = describe_call(call)
    for overload in overloads:
        op = Op(overload.names, overload.params, Return("fresh"))
        bound = bind(op, args, kwargs)
        if bound.fit is Fit.NO:
            continue
        if len(overload.seen) >= ENOUGH and overload.declared is not None and has_formula(overload.declared):
            return True
        observation = observe(call, _labels(bound))
        if observation is None:
            continue
        known = next((RETURNS[name] for name in overload.names if name in RETURNS), None)
        if known is not None and (known.kind == "list" or observation.returns.kind not in ("tuple", "list")):
            observation = replace(observation, returns=_known_return(known, observation.returns))
        if not observation.labels and observation.returns.kind == "fresh":
            # A factory's dtype is its caller's choice.
            observation = replace(observation, returns=Return("fresh"))
        seen = _seen(overload.params, bound, args, dict(kwargs), _settled(observation))
        overload.seen.append(with_module_state(seen, call.module) if call.module is not None else seen)
        return True
    return False


def _known_return(known: Return, seen: Return) -> Return:
    """The rule that holds for every layout; the dtype that was seen."""
    if seen.kind == "value" or known.kind == "list":
        return known if known.kind == "list" else seen
    integer = seen.grad not in ("", "nograd", "nograd?")
    return replace(known, grad=seen.grad) if integer and not known.grad else known


def _labels(bound: Bound) -> Callable[[int | str], str]:
    positions = {where: name for name, where in bound.binding.items()}
    first = bound.binding.get(bound.star, 0) if bound.star else 0

    def label_of(where: int | str) -> str:
        if bound.star and isinstance(where, int) and isinstance(first, int) and where >= first:
            return bound.star
        return positions[where]

    return label_of


def _settled(observation: Observation) -> Observation:
    """In place, the operand that is given back is the result: what is kept of it is kept as the result."""
    written = {write.what for write in observation.writes}
    returns = observation.returns
    if returns.kind != "same" or returns.source not in written:
        return observation
    saved = {
        pattern: frozenset("result" if label == returns.source else label for label in labels)
        for pattern, labels in observation.saved.items()
    }
    return replace(observation, saved=saved, returns=replace(returns, grad=""))


def _seen(
    params: Sequence[Param],
    bound: Bound,
    args: Sequence[Arg],
    kwargs: dict[str, Arg],
    observation: Observation,
) -> tree.Seen:
    literals: dict[str, object] = {}
    kinds: dict[str, str] = {}
    numbers: dict[str, object] = {}
    for param in params:
        where = bound.binding.get(param.name)
        if where is not None:
            arg = args[where] if isinstance(where, int) else kwargs[where]
        elif param.default is REQUIRED or param.default is OPAQUE or isinstance(param.default, tuple):
            continue
        else:
            arg = describe(param.default)
        if arg.kind in ("bool", "str", "none", "number") or (
            arg.kind == "ints" and param.name in tree.TELLING
        ):
            literals[param.name] = plain(arg.value)
        kind = KIND_NAMES.get(arg.kind)
        if kind is not None and kind not in param.kinds:
            kinds[param.name] = kind
        if arg.kind == "tensor":
            numbers[f"{param.name}.ndim"] = arg.ndim
            numbers[f"{param.name}.dtype"] = arg.dtype
    return tree.Seen(observation, literals, kinds, numbers)


def ops_of(overload: Overload) -> Iterator[Op]:
    """The lines of one signature: a declared one needs no call, a Python function that was never seen has none."""
    saves: tuple[Save, ...] | None = None
    origin = f"probe, {len(overload.seen)} calls"
    if overload.declared is not None:
        if has_formula(overload.declared):
            saves = declared_saves(overload.declared)
            origin = f"yaml {overload.declared.schema}"
        elif overload.seen:
            origin += f" of {overload.declared.schema}"
        elif overload.declared.function.func.has_composite_implicit_autograd_kernel:
            return
        else:
            # No formula: torch gives no gradient.
            saves, origin = (), f"yaml {overload.declared.schema}, no formula"
    if overload.seen:
        leaves = tree.leaves(_telling(overload), saves)
        params = (
            (*overload.params, *state_params(overload.seen, leaves)) if overload.module else overload.params
        )
        for leaf in map(_with_places, map(_without_idle_facts, leaves)):
            writes = _with_overlap_check(overload, leaf.writes)
            flags = _flags(overload)
            yield Op(overload.names, params, leaf.returns, leaf.conditions, leaf.saves, writes, flags, origin)
    elif overload.declared is not None:
        yield Op(
            overload.names,
            overload.params,
            next((RETURNS[n] for n in overload.names if n in RETURNS), declared_return(overload.declared)),
            saves=saves or (),
            writes=declared_writes(overload.declared),
            flags=_flags(overload),
            origin=f"{origin}, not run",
        )


def _with_places(leaf: tree.Leaf) -> tree.Leaf:
    """Results that are saved apart are told apart: a tuple, not a list."""
    places = [int(save.what[6:]) for save in leaf.saves if save.what.startswith("result") and save.what[6:]]
    if leaf.returns.kind != "list" or not places:
        return leaf
    return replace(leaf, returns=Return("tuple", items=leaf.returns.items * max(3, 1 + max(places))))


def _telling(overload: Overload) -> list[tree.Seen]:
    """What may part the calls. A Fourier transform copies its input where a given size is not the input's own."""
    if not overload.names[0].startswith("torch.fft."):
        return overload.seen
    return [
        replace(
            seen,
            literals={k: v for k, v in seen.literals.items() if k in ("n", "s") and v is None},
            kinds={},
            numbers={},
        )
        for seen in overload.seen
    ]


def _without_idle_facts(leaf: tree.Leaf) -> tree.Leaf:
    """A result that never requires grad has no node, so nothing is saved for it."""
    if leaf.returns.kind in ("fresh", "view", "alias") and leaf.returns.grad not in ("", "nograd?"):
        return replace(leaf, saves=())
    return leaf


def _flags(overload: Overload) -> tuple[str, ...]:
    found = []
    for flag, names in (
        ("overlap", OVERLAP),
        ("escapes", ESCAPES),
        ("metadata", METADATA),
        ("own-counter", OWN_COUNTER),
    ):
        if names.intersection(overload.names):
            found.append(flag)
    if overload.names[0].startswith("init."):
        found.append("no-grad")
    if overload.declared is not None and "nondeterministic_seeded" in overload.declared.function.func.tags:
        found.append("random")
    return tuple(found)


def _with_overlap_check(overload: Overload, writes: tuple[Write, ...]) -> tuple[Write, ...]:
    """Mark the operand that is written although its memory overlaps itself."""
    if not any(name.rpartition(".")[2].endswith("_") for name in overload.names):
        return writes
    calls = [item.observation.call for item in overload.seen]
    if not writes or writes[0].what != overload.params[0].name or not any(map(writes_overlapping, calls)):
        return writes
    return (replace(writes[0], unchecked=True), *writes[1:])


def split_derived(ops: Sequence[Op]) -> tuple[list[Op], list[str]]:
    """Leave out the in-place lines that :mod:`gradsafe.ops.derive` gives; their names come second."""
    by_name: dict[str, list[Op]] = defaultdict(list)
    for op in ops:
        for name in op.names:
            by_name[name].append(op)
    derived = {
        name
        for name, explicit in by_name.items()
        if name.endswith("_")
        and not name.endswith("__")
        and _is_derived(name, explicit, by_name.get(name[:-1], []))
    }
    kept = []
    for op in ops:
        names = tuple(name for name in op.names if name not in derived)
        if names:
            kept.append(replace(op, names=names))
    return kept, sorted(derived)


def _is_derived(name: str, explicit: Sequence[Op], base: Sequence[Op]) -> bool:
    candidates = {_key(op): op for line in base if (op := in_place(line, name)) is not None}
    return bool(candidates) and all(
        (found := candidates.get(_key(op))) is not None and _same(found, op) for op in explicit
    )


def _key(op: Op) -> tuple[object, ...]:
    return (tuple((p.name, p.kinds) for p in op.params), tuple(map(str, op.conditions)))


def _same(first: Op, second: Op) -> bool:
    return (first.returns, set(first.saves), first.writes, first.flags) == (
        second.returns,
        set(second.saves),
        second.writes,
        second.flags,
    )
