"""Distributions whose samples are saved: those made by transforms of another one's, and those of ``Dirichlet``.

After torch/distributions/{transformed_distribution,beta,dirichlet}.py of 2.13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradsafe.domain.state import Status
from gradsafe.domain.tensors import Tensor, Tri
from gradsafe.domain.values import NONE, Instance, TensorRef, TupleValue, Unknown, Value, const
from gradsafe.interp import autograd, calls, containers
from gradsafe.interp.autograd import ToSave
from gradsafe.interp.distributions import METHODS, Ops, binary, kind_of, method, tensor_of, whole


@method("rsample", "TransformedDistribution")
def _transformed_rsample(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    """The sample of the base goes through every transform: ``tanh`` saves what it gives."""
    base, transforms = _parts(do, obj)
    handler = METHODS.get((kind_of(do.path, base) or "", "rsample")) if base is not None else None
    if handler is None or base is None or not transforms:
        return whole(do, obj, args, "rsample")
    value = handler(do, base, args)
    for transform in transforms:
        value = _ask(do, transform, "__call__", value)
    return value


@method("log_prob", "TransformedDistribution")
def _transformed_log_prob(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    base, transforms = _parts(do, obj)
    handler = METHODS.get((kind_of(do.path, base) or "", "log_prob")) if base is not None else None
    if handler is None or base is None or not transforms or not args:
        return whole(do, obj, args, "log_prob")
    value, corrections = args[0], []
    for transform in reversed(transforms):
        before = _ask(do, transform, "inverse", value)
        corrections.append(_ask(do, transform, "log_abs_det_jacobian", before, value))
        value = before
    density = handler(do, base, (value,))
    for correction in corrections:
        if kind_of(do.path, base) == "Independent":
            correction = do("Tensor.sum", correction, const(-1))
        density = binary(do, "-", density, correction)
    return density


def _parts(do: Ops, obj: Instance) -> tuple[Instance | None, list[Instance]]:
    base, given = (do.path.vars.get((obj.oid, name)) for name in ("base_dist", "transforms"))
    listed = (given,) if isinstance(given, Instance) else containers.elements(do.path, given or NONE)
    transforms = [each for each in listed if isinstance(each, Instance) and not isinstance(each.cls, str)]
    return base if isinstance(base, Instance) else None, transforms if len(transforms) == len(listed) else []


def _ask(do: Ops, transform: Instance, name: str, *args: Value) -> Value:
    """A told transform's method: it has one path, whose result is taken."""
    if do.path.status is not Status.RUN:
        return Unknown((name, do.source.place, do.path.new_id()))
    outcomes = calls.call_method(do.machine, do.path, transform, name, args, do.source)
    if outcomes is None or len(outcomes) != 1 or outcomes[0][0] is not do.path:
        return Unknown((name, do.source.place, do.path.new_id()))
    return outcomes[0][1]


@method("rsample", "Beta", "Dirichlet")
def _dirichlet_rsample(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    """``_Dirichlet.apply`` saves its concentration and the sample; that of ``Beta`` is a view of it."""
    names = ("concentration1", "concentration0") if kind_of(do.path, obj) == "Beta" else ("concentration",)
    given = [do.path.vars.get((obj.oid, name)) or NONE for name in names]
    tensors = [tensor_of(do, value) for value in given]
    known = [ref for ref in tensors if ref is not None]
    if not known or do.path.status is not Status.RUN:
        return whole(do, obj, args, "rsample")
    concentration: Value = known[0]
    if len(names) == 2:
        pair = TupleValue((known[0], known[-1]))
        concentration = do("torch.stack", pair, const(-1))
    if not isinstance(concentration, TensorRef):
        return whole(do, obj, args, "rsample")
    path, source = do.path, do.source
    needs = autograd.any_requires_grad(path, [concentration.oid])
    leaf = {Tri.YES: Tri.NO, Tri.MAYBE: Tri.MAYBE, Tri.NO: Tri.YES}[needs]
    saves = [ToSave(concentration.oid, "concentration")]
    node = (
        autograd.record(path, source, "_Dirichlet", [concentration.oid], saves, needs)
        if needs is not Tri.NO
        else None
    )
    shape = path.tensor(concentration.oid).shape if not args else None
    made = Tensor(0, 0, needs, node=node, leaf=leaf, shape=shape)
    sample = autograd.new_tensor(path, source, "_Dirichlet", made)
    if node is not None:
        autograd.save(path, source, node, [ToSave(sample, "result", as_output=True)])
        path.heap[node] = replace(path.node(node), raises_when_freed=True)
    return (
        do("Tensor.select", TensorRef(sample), const(-1), const(0)) if len(names) == 2 else TensorRef(sample)
    )
