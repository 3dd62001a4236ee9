"""``torch.distributions``: objects that hold tensors, whose methods are a few operations each.

The operations are those of torch's own Python source (torch/distributions/*.py, 2.13), as far as they decide what
is saved: who asks for ``log_prob`` twice, or writes into ``logits`` in between, gets the error of those operations.
A distribution that is not spelled out here has methods that depend on all of its tensors and save something.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gradsafe.domain.state import Path, Status
from gradsafe.domain.tensors import GradMode, Tensor, Tri
from gradsafe.domain.values import (
    NONE,
    Const,
    External,
    Instance,
    Source,
    TensorRef,
    TupleValue,
    Unknown,
    Value,
    const,
)
from gradsafe.interp import autograd, containers, shapes, torch_ops
from gradsafe_tracer.events import Save

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

PREFIX = "torch.distributions."

_PARAMETERS = {
    "Normal": ("loc", "scale"), "LogNormal": ("loc", "scale"), "Laplace": ("loc", "scale"),
    "Categorical": ("probs", "logits"), "OneHotCategorical": ("probs", "logits"), "Bernoulli": ("probs", "logits"),
    "Independent": ("base_dist", "reinterpreted_batch_ndims"), "Uniform": ("low", "high"),
    "Beta": ("concentration1", "concentration0"), "Dirichlet": ("concentration",), "Exponential": ("rate",),
    "Poisson": ("rate",), "Gamma": ("concentration", "rate"),
    "MultivariateNormal": ("loc", "covariance_matrix", "precision_matrix", "scale_tril"),
    "TransformedDistribution": ("base_dist", "transforms"), "Gumbel": ("loc", "scale"),
    "RelaxedOneHotCategorical": ("temperature", "probs", "logits"), "Geometric": ("probs", "logits"),
    "RelaxedBernoulli": ("temperature", "probs", "logits"), "Binomial": ("total_count", "probs", "logits"),
    "StudentT": ("df", "loc", "scale"), "Cauchy": ("loc", "scale"), "VonMises": ("loc", "concentration"),
    "LowRankMultivariateNormal": ("loc", "cov_factor", "cov_diag"),
    "MixtureSameFamily": ("mixture_distribution", "component_distribution"),
}  # fmt: skip
_PLAIN = frozenset({"sample", "sample_n", "enumerate_support"})
_SMOOTH = frozenset({"log_prob", "rsample", "entropy", "cdf", "icdf", "perplexity"})
_MOMENTS = frozenset({"mean", "mode", "stddev", "variance"})


class Ops:
    """Carries out operations one after the other, at the place of one call."""

    __slots__ = ("machine", "name", "path", "source")

    def __init__(self, machine: Machine, path: Path, source: Source, name: str = "") -> None:
        self.machine, self.path, self.source, self.name = machine, path, source, name

    def __call__(self, name: str, *args: Value, **kwargs: Value) -> Value:
        if self.path.status is Status.RUN:
            outcomes = torch_ops.apply(self.machine, self.path, name, args, kwargs, self.source)
            if outcomes is not None:
                return outcomes[0][1]
        return Unknown((name, self.source.place, self.path.new_id()))


Method: TypeAlias = "Callable[[Ops, Instance, Sequence[Value]], Value]"
METHODS: dict[tuple[str, str], Method] = {}


def method(name: str, *families: str) -> Callable[[Method], Method]:
    """Register what a method of some families of distributions does."""

    def register(handler: Method) -> Method:
        for family in families:
            METHODS[family, name] = handler
        return handler

    return register


def family_of(name: str | None) -> str | None:
    """``Normal`` for ``torch.distributions.normal.Normal``."""
    if name is None or not name.startswith(PREFIX):
        return None
    simple = name.rpartition(".")[2]
    return simple if simple in _PARAMETERS else None


def construct(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> bool:
    """The ``__init__`` of a distribution; False for any other class."""
    family = family_of(name)
    if family is None:
        return False
    do = Ops(machine, path, call.source)
    for position, parameter in enumerate(_PARAMETERS[family]):
        value = call.argument(position, parameter)
        if value is None or value == NONE:
            continue
        if family in ("Categorical", "OneHotCategorical") and isinstance(tensor_of(do, value), TensorRef):
            value = _normalised(do, parameter, value)
        path.vars[obj.oid, parameter] = value
    path.vars[obj.oid, "#distribution"] = const(family)
    return True


def construct_external(machine: Machine, path: Path, name: str, call: Call) -> Outcomes | None:
    """``Normal(loc, scale)``."""
    obj = Instance(path.new_id(), name)
    return [(path, obj)] if construct(machine, path, obj, name, call) else None


def _normalised(do: Ops, parameter: str, value: Value) -> Value:
    """``Categorical`` normalises what it is given, and saves it for that."""
    if parameter == "logits":
        return do("Tensor.sub", value, do("Tensor.logsumexp", value, dim=const(-1), keepdim=const(True)))
    return do("Tensor.div", value, do("Tensor.sum", value, const(-1), const(True)))


def kind_of(path: Path, value: Value) -> str | None:
    """The family of a distribution object."""
    held = path.vars.get((value.oid, "#distribution")) if isinstance(value, Instance) else None
    return str(held.value) if isinstance(held, Const) else None


def attribute(machine: Machine, path: Path, obj: Instance, name: str, source: Source) -> Value | None:
    """Parameters that are worked out on first use and kept: ``probs`` of logits and the reverse; moments."""
    family = kind_of(path, obj)
    if family is None:
        return None
    do = Ops(machine, path, source)
    if name in ("probs", "logits") and name in _PARAMETERS[family]:
        return _other_form(do, obj, family, name)
    if name in _MOMENTS:
        if family == "Normal":
            held = path.vars.get((obj.oid, "loc" if name in ("mean", "mode") else "scale")) or NONE
            return do("Tensor.pow", held, const(2)) if name == "variance" else held
        return whole(do, obj, (), name)
    return None


def _other_form(do: Ops, obj: Instance, family: str, name: str) -> Value:
    other = do.path.vars.get((obj.oid, "logits" if name == "probs" else "probs")) or NONE
    if tensor_of(do, other) is None:
        return Unknown(("attr", obj.oid, name))
    binary = family in ("Bernoulli", "Geometric", "Binomial", "RelaxedBernoulli")
    if name == "probs":
        made = do("torch.sigmoid", other) if binary else do("torch.softmax", other, dim=const(-1))
    else:
        clamped = do("Tensor.clamp", other, min=const(1e-7), max=const(1 - 1e-7))
        made = do("torch.log", clamped)
        if binary:
            made = do("Tensor.sub", made, do("torch.log1p", do("Tensor.neg", clamped)))
    do.path.vars[obj.oid, name] = made
    return made


def call_method(machine: Machine, path: Path, obj: Instance, name: str, call: Call) -> Outcomes | None:
    """A method of a distribution; None for other objects."""
    family = kind_of(path, obj)
    if family is None:
        return None
    do = Ops(machine, path, call.source, name)
    args = (*call.args, *call.kwargs.values())
    if name in _PLAIN:
        mode, path.grad_mode = (
            path.grad_mode,
            GradMode.NO_GRAD if path.grad_mode is not GradMode.INFERENCE else path.grad_mode,
        )
        made = Tensor(0, 0, Tri.NO, dtype="int64" if family == "Categorical" else None)
        value: Value = TensorRef(autograd.new_tensor(path, call.source, name, made))
        path.grad_mode = mode
        return [(path, value)]
    handler = METHODS.get((family, name))
    if handler is not None:
        return [(path, handler(do, obj, args))]
    if name in _SMOOTH:
        return [(path, whole(do, obj, args, name))]
    return None


def kl_divergence(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    """``kl_divergence(p, q)``."""
    p, q = call.argument(0, "p"), call.argument(1, "q")
    do = Ops(machine, path, call.source)
    kinds = {kind_of(path, p) if p is not None else None, kind_of(path, q) if q is not None else None}
    if None in kinds or not (isinstance(p, Instance) and isinstance(q, Instance)):
        return None
    if kinds == {"Normal"}:
        return [(path, _kl_normal(do, p, q))]
    return [(path, whole(do, p, (q,), "kl_divergence"))]


def _kl_normal(do: Ops, p: Instance, q: Instance) -> Value:
    (loc, scale), (other, wide) = _pair(do, p), _pair(do, q)
    ratio = _power(do, binary(do, "/", scale, wide))
    shift = _power(do, binary(do, "/", binary(do, "-", loc, other), wide))
    whole = binary(do, "-", binary(do, "-", binary(do, "+", ratio, shift), const(1)), _log(do, ratio))
    return binary(do, "*", whole, const(0.5))


def _pair(do: Ops, obj: Instance) -> tuple[Value, Value]:
    return (do.path.vars.get((obj.oid, "loc")) or NONE), (do.path.vars.get((obj.oid, "scale")) or NONE)


def tensor_of(do: Ops, value: Value) -> TensorRef | None:
    """The tensor that a value is, or that is made of what went into it; None for numbers and the like."""
    found = torch_ops.resolve(do.path, value)
    if isinstance(found, Unknown) and torch_ops.graph_inputs(do.path, found):
        found = torch_ops.materialise(do.path, found, do.source)
    return found if isinstance(found, TensorRef) else None


def binary(do: Ops, op: str, left: Value, right: Value) -> Value:
    """``left op right``, where numbers are only passed on."""
    tensors = [tensor_of(do, value) for value in (left, right)]
    if do.path.status is not Status.RUN or tensors == [None, None]:
        return Unknown((op, left, right))
    sides = [ref if ref is not None else value for ref, value in zip(tensors, (left, right), strict=True)]
    return torch_ops.apply_operator(do.machine, do.path, op, sides[0], sides[1], do.source)[0][1]


def _power(do: Ops, value: Value) -> Value:
    return (
        do("Tensor.pow", value, const(2)) if tensor_of(do, value) is not None else Unknown(("square", value))
    )


def _log(do: Ops, value: Value) -> Value:
    return do("torch.log", value) if tensor_of(do, value) is not None else Unknown(("log", value))


@method("log_prob", "Normal")
def _normal_log_prob(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    loc, scale = _pair(do, obj)
    variance, log_scale = _power(do, scale), _log(do, scale)
    square = _power(do, binary(do, "-", args[0] if args else NONE, loc))
    minus = do("Tensor.neg", square) if tensor_of(do, square) is not None else square
    whole = binary(do, "/", minus, binary(do, "*", variance, const(2)))
    return binary(do, "-", binary(do, "-", whole, log_scale), const(0.92))


@method("rsample", "Normal")
def _normal_rsample(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    loc, scale = _pair(do, obj)
    like = tensor_of(do, loc) or tensor_of(do, scale)
    shape = do.path.tensor(like.oid).shape if like is not None and not args else None
    noise = TensorRef(autograd.new_tensor(do.path, do.source, "randn", Tensor(0, 0, Tri.NO, shape=shape)))
    return binary(do, "+", loc, binary(do, "*", noise, scale))


@method("entropy", "Normal")
def _normal_entropy(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    return binary(do, "+", _log(do, _pair(do, obj)[1]), const(1.42))


@method("log_prob", "Categorical")
def _categorical_log_prob(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    """``gather`` keeps the index by reference: the very action, if it is of integers already."""
    logits, value = _form(do, obj, "logits"), tensor_of(do, args[0]) if args else None
    if tensor_of(do, logits) is None or value is None:
        return whole(do, obj, args, "log_prob")
    if do.path.tensor(value.oid).dtype not in (None, "int64"):
        value = TensorRef(
            autograd.new_tensor(do.path, do.source, "long", Tensor(0, 0, Tri.NO, dtype="int64"))
        )
    index = do("Tensor.unsqueeze", value, const(-1))
    return do("Tensor.squeeze", do("Tensor.gather", logits, const(-1), index), const(-1))


@method("entropy", "Categorical", "OneHotCategorical")
def _categorical_entropy(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    logits = _form(do, obj, "logits")
    if tensor_of(do, logits) is None:
        return whole(do, obj, args, "entropy")
    clamped = do("torch.clamp", logits, min=const(-3.4e38))
    product = do("Tensor.mul", clamped, _form(do, obj, "probs"))
    return do("Tensor.neg", do("Tensor.sum", product, const(-1)))


@method("log_prob", "Bernoulli")
def _bernoulli_log_prob(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    logits = _form(do, obj, "logits")
    if tensor_of(do, logits) is None or not args:
        return whole(do, obj, args, "log_prob")
    loss = "torch.nn.functional.binary_cross_entropy_with_logits"
    return do("Tensor.neg", do(loss, logits, args[0], reduction=const("none")))


def _form(do: Ops, obj: Instance, name: str) -> Value:
    held = do.path.vars.get((obj.oid, name))
    return held if held is not None else _other_form(do, obj, kind_of(do.path, obj) or "", name)


@method("entropy", "Bernoulli")
def _bernoulli_entropy(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    logits, probs = _form(do, obj, "logits"), _form(do, obj, "probs")
    if tensor_of(do, logits) is None:
        return whole(do, obj, args, "entropy")
    return do("torch.nn.functional.binary_cross_entropy_with_logits", logits, probs, reduction=const("none"))


@method("log_prob", "Laplace")
def _laplace_log_prob(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    (loc, scale), value = _pair(do, obj), args[0] if args else NONE
    away = binary(do, "-", value, loc)
    away = do("torch.abs", away) if tensor_of(do, away) is not None else away
    doubled = _log(do, binary(do, "*", scale, const(2)))
    return binary(do, "-", binary(do, "*", doubled, const(-1)), binary(do, "/", away, scale))


@method("entropy", "Laplace")
def _laplace_entropy(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    return binary(do, "+", _log(do, binary(do, "*", _pair(do, obj)[1], const(2))), const(1))


@method("log_prob", "Exponential")
def _exponential_log_prob(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    rate = do.path.vars.get((obj.oid, "rate")) or NONE
    return binary(do, "-", _log(do, rate), binary(do, "*", rate, args[0] if args else NONE))


@method("rsample", "Exponential")
def _exponential_rsample(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    rate = do.path.vars.get((obj.oid, "rate")) or NONE
    noise = TensorRef(autograd.new_tensor(do.path, do.source, "exponential_", Tensor(0, 0, Tri.NO)))
    return binary(do, "/", noise, rate)


@method("log_prob", "Independent")
@method("entropy", "Independent")
@method("rsample", "Independent")
def _independent(do: Ops, obj: Instance, args: Sequence[Value]) -> Value:
    """The method of what is inside; a density and an entropy are summed over the last dimensions."""
    base = do.path.vars.get((obj.oid, "base_dist"))
    handler = METHODS.get((kind_of(do.path, base) or "", do.name)) if base is not None else None
    if handler is None or not isinstance(base, Instance):
        return whole(do, obj, args, "Independent")
    inner = handler(do, base, args)
    if do.name == "rsample" or tensor_of(do, inner) is None:
        return inner
    return do("Tensor.sum", inner, const(-1))


def whole(do: Ops, obj: Instance, args: Sequence[Value], name: str) -> Value:
    """A result that depends on every tensor of the distribution, and whose node keeps what cannot be told."""
    inputs = tensors_of(do.path, obj) + [oid for arg in args for oid in tensors_of(do.path, arg)]
    path, source = do.path, do.source
    smooth = [oid for oid in inputs if path.tensor(oid).dtype not in shapes.INTEGRAL]
    needs = autograd.any_requires_grad(path, smooth)
    node = autograd.record(path, source, name, smooth, (), needs) if needs is not Tri.NO else None
    if node is not None:
        path.heap[node] = replace(path.node(node), raises_when_freed=True)
        path.emit(Save(source.place, source.stack, path.new_id(), node, name, "a copy", 0, 0, 0))
    leaf = {Tri.YES: Tri.NO, Tri.MAYBE: Tri.MAYBE, Tri.NO: Tri.YES}[needs]
    return TensorRef(autograd.new_tensor(path, source, name, Tensor(0, 0, needs, node=node, leaf=leaf)))


def tensors_of(path: Path, value: Value) -> list[int]:
    """The tensors of a distribution, those of the distributions within it, and those of plain values."""
    value = torch_ops.resolve(path, value)
    family = kind_of(path, value)
    if isinstance(value, Instance) and family is not None:
        held = [path.vars.get((value.oid, name)) for name in _PARAMETERS[family]]
        return list(dict.fromkeys(oid for item in held if item is not None for oid in tensors_of(path, item)))
    if isinstance(value, (TupleValue, External)):
        return [oid for item in containers.elements(path, value) for oid in tensors_of(path, item)]
    return torch_ops.graph_inputs(path, value)
