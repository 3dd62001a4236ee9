"""Changes of values that autograd does not see: where they are remembered, and whom they concern.

Torch raises nothing for them; a gradient that depends on one is silently wrong.
"""

from __future__ import annotations

from dataclasses import replace

from gradsafe.domain import layout as layouts
from gradsafe.domain.layout import layout_of
from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Bypass, Storage, Tri
from gradsafe.domain.values import Source

_UNCOUNTED = frozenset({"uncounted-write", "numpy-write", "fused-step", "statistics"})
"""Writes that move no counter at all."""


def storage_of(path: Path, oid: int) -> Storage:
    """What is remembered of a tensor's storage."""
    found = path.heap.get(path.tensor(oid).storage)
    return found if isinstance(found, Storage) else Storage()


def behind(path: Path, oid: int, needs: Tri) -> tuple[Bypass, ...]:
    """The unseen changes of the value that a node is about to use as if its history were whole."""
    tensor = path.tensor(oid)
    found = tensor.bypasses
    if tensor.node is None and (tensor.base is None or needs is Tri.NO):
        return found
    if tensor.base is None and tensor.leaf is not Tri.NO:
        return found  # a leaf's gradient is that of the value it has now; a view of it was taken before
    return found + tuple(
        bypass for bypass in storage_of(path, oid).flow[tensor.flow :] if touches(path, bypass, oid)
    )


def touches(path: Path, bypass: Bypass, oid: int) -> bool:
    """Did an unseen write change what this tensor covers? Yes where it is not known."""
    return not layouts.apart(bypass.span, layouts.span(layout_of(path.tensor(oid))))


def note_bypass(
    path: Path,
    source: Source,
    oid: int,
    reason: str,
    operation: str,
    hidden: bool,
    name: str | None,
    flow: bool = True,
) -> None:
    """Remember a change of value that autograd does not see, on the storage it happened to.

    ``hidden``: no counter moved, so what was saved before is wrong; ``flow``: the history of the tensor does
    not tell of it, so what is computed from now on is.
    """
    tensor = path.tensor(oid)
    storage = storage_of(path, oid)
    counter = -1 if reason in _UNCOUNTED else tensor.counter
    span = layouts.span(layout_of(tensor))
    bypass = Bypass(source, reason, operation, name or tensor.name, oid, counter, span)
    path.heap[tensor.storage] = replace(
        storage,
        hidden=(*storage.hidden, bypass) if hidden else storage.hidden,
        flow=(*storage.flow, bypass) if flow else storage.flow,
    )
