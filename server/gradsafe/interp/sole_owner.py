"""Whether a tensor is one variable's alone on a path, so that an operation may write it without anybody noticing.

Each function gives a reason against, as a person would say it, or an empty text. Whatever is not known is a reason.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from enum import Enum

from gradsafe.domain.state import Entries, Items, LogEntry, Path
from gradsafe.domain.tensors import GradMode, Node, Storage, Tensor, Tri
from gradsafe.domain.values import Bound, Const, TensorRef, TupleValue, Value
from gradsafe.interp import autograd, saving, torch_ops
from gradsafe.syntax.span import Span
from gradsafe_tracer.events import Create, Save

FLOATING = ("float16", "bfloat16", "float32", "float64")
_INTEGRAL = frozenset({"bool", "uint8", "int8", "int16", "int32", "int64"})
_ATOMIC = frozenset(["randn", "rand", "randint", "normal", "bernoulli", "zeros", "ones", "empty", "full", "eye", "arange", "linspace", "tensor", "zeros_like", "ones_like", "empty_like", "full_like", "randn_like", "rand_like", "new_zeros", "new_ones", "new_empty", "new_full", "clone", "add", "sub", "mul", "div", "neg", "pow", "square", "abs", "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "rsqrt", "reciprocal", "sin", "cos", "tan", "tanh", "sigmoid", "relu", "gelu", "silu", "softplus", "leaky_relu", "elu", "softmax", "log_softmax", "clamp", "clamp_min", "clamp_max", "masked_fill", "where", "minimum", "maximum", "sign", "round", "floor", "ceil", "trunc", "sum", "mean", "cumsum", "cat", "mm", "bmm", "mv", "addmm", "baddbmm", "tril", "triu", "gather", "index_select", "lerp", "addcmul", "addcdiv", "erf", "dropout"])  # fmt: skip
"""Operations of which every kernel fills memory of its own, and of which none saves a result that the op table does not name."""
_COMPOSED = frozenset(["matmul", "linear", "stack", "std", "var", "repeat", "flip", "roll", "embedding", "Linear", "Embedding", "Conv1d", "Conv2d", "Conv3d", "conv1d", "conv2d", "conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "layer_norm", "group_norm", "batch_norm", "instance_norm", "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "GELU", "SiLU", "Softplus", "LeakyReLU", "ELU", "Tanh", "Sigmoid", "ReLU", "Softmax", "LogSoftmax"])  # fmt: skip
"""The same of these, but what they give may be a view of what they filled (measured on 2.13: ``linear`` of three dimensions, an unbatched
``conv2d``): one that was made without grad must not be written with grad, here or by whoever gets it. Attention and recurrent layers are left
out, since kernels of other devices save their result (``_scaled_dot_product_flash_attention`` and ``_cudnn_rnn`` in derivatives.yaml);
``einsum``, ``pad`` and others, since they may give back a view of their operand."""


class Soft(Enum):
    """How far dtypes and sizes are up to whoever calls: autocast, vmap, a model of another dtype."""

    NEVER = 0
    LOWERED = 1
    """Where an operation ran that autocast lowers."""
    ALWAYS = 2


@dataclass(frozen=True, slots=True)
class Case:
    """One operation as a path has just carried it out; see :class:`gradsafe.interp.spare.Question`."""

    place: Span
    name: str | None
    births: frozenset[Span]
    operand: int
    result: int
    others: tuple[Value, ...]
    before: LogEntry | None
    keeps_dtype: bool
    plain: bool
    soft: Soft


def reason_against(path: Path, case: Case) -> str:
    """Why the result must not take the operand's place; empty where nothing is against it."""
    return (
        _not_certain(path)
        or _not_its_own(path, case)
        or _is_saved(path, case)
        or _has_company(path, case)
        or _would_differ(path, case)
        or _operands_differ(path, case)
    )


def _not_certain(path: Path) -> str:
    if path.blurred or path.shadow_from is not None or path.frame.hidden is not None:
        return "the path is not certain"
    if (
        path.frame.kind not in ("module", "function")
        or path.frame.generator is not None
        or path.frame.suspended
    ):
        return "not in a plain function"
    return "" if path.saving == "all" else "saved tensors are not kept as usual here"


def _not_its_own(path: Path, case: Case) -> str:
    """Made in this activation, by an expression whose value went to this variable only, on memory of its own."""
    tensor, storage = path.tensor(case.operand), path.heap.get(path.tensor(case.operand).storage)
    if case.name is not None and _variable(path, case.name) != TensorRef(case.operand):
        return "the variable is another one's"
    own = tensor.known and tensor.origin == "made" and tensor.base is None and not tensor.inference
    if not own or tensor.overlap is not Tri.NO or tensor.contiguous is not Tri.YES or tensor.offset != 0:
        return "the operand is a view, an argument or a parameter"
    if not isinstance(storage, Storage) or storage != Storage() or tensor.bypasses or tensor.flow:
        return "the operand's memory was changed behind autograd's back"
    made, result = _made(case.before, case.operand), _made(path.log, case.result)
    if result is None or (result.place, result.stack) != (case.place, path.frame.stack):
        return "a function of that name does something else"
    if made is None or made.operation not in _ATOMIC | _COMPOSED:
        return "it is not known how the operand was made"
    begins = (
        autograd.requires_grad(path, case.operand) is Tri.NO is not autograd.requires_grad(path, case.result)
    )
    if begins and made.operation not in _ATOMIC:
        return "the operand may be a view that was made without grad"
    if made.place not in case.births or made.stack != path.frame.stack:
        return "the operand was made elsewhere"
    return ""


def may_be_view(path: Path, case: Case) -> bool:
    """Whether the operand may be a view of memory that nothing else holds.

    What certainly is one, the machine knows itself (:mod:`gradsafe.interp.wrapped`); here whatever might be counts.
    """
    made, shape = _made(case.before, case.operand), path.tensor(case.operand).shape
    if made is None or made.operation in _ATOMIC:
        return False
    return made.operation.lower() != "linear" or shape is None or len(shape) != 2


def _made(log: LogEntry | None, oid: int) -> Create | None:
    """How the tensor came to be, if that is in the log."""
    return next((event for event in _events(log) if isinstance(event, Create) and event.tensor == oid), None)


def _variable(path: Path, name: str) -> Value | None:
    held = path.vars.get((path.frame.env, name))
    return torch_ops.resolve(path, held) if held is not None else None


def _is_saved(path: Path, case: Case) -> str:
    """By whom, and at whatever version: a backward through it might still come."""
    counter = path.tensor(case.operand).counter
    if any(isinstance(event, Save) and event.counter == counter for event in _events(path.log)):
        return "the operand is saved for backward"
    storage = path.tensor(case.operand).storage
    for held in path.heap.flat().values():
        if isinstance(held, Node) and any(each.storage == storage for each in (*held.saves, *held.unchecked)):
            return "the operand is saved for backward"
    return ""


def _has_company(path: Path, case: Case) -> str:
    """Something in reach holds the memory (an alias, a list, an attribute, what an unknown function was given), or something hangs on
    the tensor (a hook, an attribute)."""
    tensor, own = path.tensor(case.operand), (path.frame.env, case.name)
    storage, node = tensor.storage, tensor.node if tensor.node is not None else case.operand
    for key, value in path.vars.flat().items():
        if key[0] in (case.operand, node):
            return "something hangs on the operand"
        if key != own and any(path.tensor(oid).storage == storage for oid in _inside(path, value)):
            return "somebody else holds the operand"
    for held in path.heap.flat().values():
        if any(
            path.tensor(oid).storage == storage for value in _elements(held) for oid in _inside(path, value)
        ):
            return "somebody else holds the operand"
    return ""


def _elements(held: object) -> Iterator[Value]:
    if isinstance(held, Items):
        yield from held.known
        if held.rest is not None:
            yield held.rest
    elif isinstance(held, Entries):
        yield from (value for pair in held.known for value in pair)
        if held.rest is not None:
            yield held.rest
    elif not isinstance(held, (Tensor, Node, Storage, int)):
        args = getattr(held, "args", ())
        yield from args if isinstance(args, tuple) else ()
        kwargs = getattr(held, "kwargs", {})
        yield from kwargs.values() if isinstance(kwargs, dict) else ()


def _inside(path: Path, value: Value) -> Iterator[int]:
    """The tensors that a value is or carries (what lies in the heap is looked through by itself)."""
    if isinstance(value, TensorRef):
        yield value.oid
    elif isinstance(value, TupleValue):
        for item in value.items:
            yield from _inside(path, item)
    elif isinstance(value, Bound):
        yield from _inside(path, value.receiver)
    elif not isinstance(value, Const):
        for part in (
            getattr(value, "token", None),
            getattr(value, "args", None),
            getattr(value, "defaults", None),
        ):
            yield from _named_in(path, part)


def _named_in(path: Path, token: Hashable, depth: int = 8) -> Iterator[int]:
    if isinstance(token, TensorRef):
        yield token.oid
    elif isinstance(token, tuple) and depth:
        for part in token:
            yield from _named_in(path, part, depth - 1)


def _would_differ(path: Path, case: Case) -> str:
    """Whether the operand, written, would be another tensor than the result for autograd or by its dtype."""
    operand, result = path.tensor(case.operand), path.tensor(case.result)
    needs = autograd.requires_grad(path, case.operand)
    if operand.dtype is not None and result.dtype is not None and operand.dtype != result.dtype:
        return "the result has another dtype"
    if path.grad_mode not in (GradMode.ENABLED, GradMode.NO_GRAD):
        return "it is not known whether grad is on"
    if needs is not Tri.NO and (
        path.grad_mode is not GradMode.ENABLED or operand.leaf is Tri.YES or operand.node is None
    ):
        return "the operand requires grad"
    if case.keeps_dtype or operand.dtype in FLOATING or needs is Tri.YES:
        return ""
    return "the operand's dtype is not known"


def _operands_differ(path: Path, case: Case) -> str:
    """Whether another operand may make the result larger, of another dtype, or is itself what would be written."""
    operand = path.tensor(case.operand)
    for value in case.others:
        value = torch_ops.resolve(path, value)
        if isinstance(value, Const) and not isinstance(value.value, complex):
            continue
        if not isinstance(value, TensorRef):
            if case.plain:
                continue
            return "an operand is not known"
        other = path.tensor(value.oid)
        if (
            case.plain
            or case.soft is Soft.ALWAYS
            or _is_soft(path)
            or (case.soft is Soft.LOWERED and _is_lowered(path))
        ):
            return "dtypes and sizes are up to the caller"
        if other.storage == operand.storage or not other.known:
            return "an operand shares the memory"
        if not _fits(operand.shape, other.shape):
            return "an operand may be larger"
        if other.dtype not in _INTEGRAL and (other.dtype is None or other.dtype != operand.dtype):
            return "an operand may have a wider dtype"
    return ""


def _is_soft(path: Path) -> bool:
    """Whether dtypes are a model's: of what ``half()`` or ``to()`` made of its parameters the books say nothing."""
    return any(isinstance(held, Tensor) and held.origin == "parameter" for held in path.heap.flat().values())


def _fits(shape: tuple[int | None, ...] | None, other: tuple[int | None, ...] | None) -> bool:
    """Does broadcasting leave ``shape`` as it is? Tensors without dimensions follow rules of their own (dtype, device)."""
    if not shape or other is None or len(other) > len(shape):
        return False
    tail = shape[len(shape) - len(other) :]
    return all(size is not None and (size == 1 or size == own) for size, own in zip(other, tail, strict=True))


def _events(entry: LogEntry | None) -> Iterator[object]:
    """From the newest to the oldest."""
    while entry is not None:
        yield entry.event
        entry = entry.before


def _is_lowered(path: Path) -> bool:
    """Whether something ran that a caller's autocast would run in half precision."""
    names = {
        event.operation.rstrip("123d_").lower() for event in _events(path.log) if isinstance(event, Create)
    }
    return not names.isdisjoint(saving.AUTOCAST)
