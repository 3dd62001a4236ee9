"""Which writes change values behind autograd's back: what :mod:`gradsafe.interp.unseen` then remembers."""

from __future__ import annotations

from collections.abc import Sequence

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Tri
from gradsafe.domain.values import Source
from gradsafe.interp import autograd, unseen

IDENTITY_WRITES = frozenset({"add_", "sub_", "subtract_", "add", "sub", "_foreach_add_", "_foreach_sub_"})
"""In-place operations whose derivative with respect to the written tensor is the identity."""

STEPS = frozenset({
    "round", "sign", "sgn", "floor", "ceil", "trunc", "heaviside", "gt", "lt", "ge", "le", "eq", "ne", "where",
    "argmax", "bernoulli", "one_hot", "fake_quantize_per_tensor_affine", "searchsorted", "bucketize",
})  # fmt: skip
"""Operations that are constant almost everywhere: putting their result in place is the straight-through idiom."""


def note(
    path: Path, source: Source, oid: int, operation: str, inputs: Sequence[int], name: str | None
) -> None:
    """Record a write that changes values behind autograd's back (wrong gradients, no error)."""
    tensor = path.tensor(oid)
    aliases = [i for i in inputs if i != oid and path.tensor(i).storage == tensor.storage]
    identity = operation in IDENTITY_WRITES and not aliases and inputs.count(oid) <= 1
    reason: str | None
    if tensor.origin in ("data", "numpy"):
        reason = "numpy-write" if tensor.origin == "numpy" else "data-write"
        unseen.note_bypass(path, source, oid, reason, operation, hidden=True, name=name, flow=not identity)
        return
    # Where other tensors have counters of their own on this memory, what they saved is changed unseen.
    shared = unseen.storage_of(path, oid).several
    tracked = autograd.GRAD_ENABLED[path.grad_mode] is not Tri.NO or not tensor.known
    reason = "shared-write" if shared else None
    if tensor.origin == "detached" and autograd.requires_grad(path, oid) is Tri.NO:
        reason = "detached-write" if not identity else reason
    elif not tracked and autograd.requires_grad(path, oid) is Tri.YES and operation.rstrip("_") not in STEPS:
        reason = "no-grad-write" if not identity else reason
    if reason is not None:
        unseen.note_bypass(path, source, oid, reason, operation, hidden=shared, name=name, flow=not identity)
