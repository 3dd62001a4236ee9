"""What a backward will read without a version check: tensors kept as ``ctx.x``, tensors that a checkpointed region reads again.

Torch says nothing where such a tensor was changed in between, and computes with the new value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Bypass, SavedTensor, Tri
from gradsafe.domain.values import Source
from gradsafe.interp import unseen
from gradsafe_tracer.events import Write


def keep(path: Path, node: int, oids: Iterable[int], reason: str) -> None:
    """``node`` will read these tensors as they are when it runs; ``reason`` names why nobody checks."""
    kept: list[SavedTensor] = []
    for oid in dict.fromkeys(oids):
        tensor = path.tensor(oid)
        kept.append(
            SavedTensor(
                0, oid, tensor.counter, path.version(tensor.counter), reason, path.node(node).certain, False,
                tensor.name, tensor.storage, len(unseen.storage_of(path, oid).hidden), not tensor.known,
            )
        )  # fmt: skip
    if kept:
        old = path.node(node)
        path.heap[node] = replace(old, unchecked=(*old.unchecked, *kept))


def keep_saved(path: Path, node: int, saves: Iterable[SavedTensor], reason: str) -> None:
    """The same for what was about to be saved, as it is now."""
    kept = [replace(saved, role=reason, version=path.version(saved.counter)) for saved in saves]
    old = path.node(node)
    path.heap[node] = replace(old, unchecked=(*old.unchecked, *kept))


def changed(path: Path, kept: Iterable[SavedTensor]) -> list[tuple[Bypass, bool]]:
    """The writes since then, each with whether it is certain; tensors that were not written are left out."""
    found: list[tuple[Bypass, bool]] = []
    for saved in kept:
        if path.version(saved.counter) != saved.version:
            write = first_write(path, saved.counter, saved.version)
            if write is not None:
                source = Source(write.place, write.stack)  # type: ignore[arg-type]
                bypass = Bypass(source, saved.role, write.operation, write.name or saved.name, saved.tensor)
                found.append((bypass, saved.certain is Tri.YES and not saved.argument))
    return found


def first_write(path: Path, counter: int, version: int, *, recorded: bool = False) -> Write | None:
    """The first write that moved ``counter`` away from ``version``; ``recorded``: with grad mode on."""
    found: Write | None = None
    entry = path.log
    while entry is not None:
        event = entry.event
        if (
            isinstance(event, Write)
            and event.counter == counter
            and event.version_after > event.version_before
        ):
            if event.version_before < version:
                break
            if event.grad_enabled or not recorded:
                found = event
        entry = entry.before
    return found
