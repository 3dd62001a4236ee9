"""What a backward will read without a version check: tensors kept as ``ctx.x``, tensors that a checkpointed region reads again.

Torch says nothing where such a tensor was changed in between, and computes with the new value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gradsafe.domain.state import Path
from gradsafe.domain.tensors import Bypass, SavedTensor, Storage, Tri
from gradsafe.domain.values import Const, Instance, Source
from gradsafe.interp import unseen
from gradsafe_tracer.events import Write

CONTEXT = "torch.autograd.function.FunctionCtx"


@dataclass(frozen=True, slots=True)
class Noted:
    """Where an attribute of a context was set, and the tensors that it got, each with its version then."""

    source: Source
    versions: tuple[tuple[int, int], ...]


def note(path: Path, ctx: Instance, name: str, oids: Sequence[int], source: Source) -> None:
    """``ctx.name = ...`` stands at ``source``."""
    versions = tuple((oid, path.version(path.tensor(oid).counter)) for oid in oids)
    path.vars[ctx.oid, f"#set {name}"] = Const(Noted(source, versions), Noted)


def noted(path: Path, ctx: Instance, name: str) -> Noted | None:
    """What :func:`note` noted last of this attribute."""
    found = path.vars.get((ctx.oid, f"#set {name}"))
    return found.value if isinstance(found, Const) and isinstance(found.value, Noted) else None


def keep(path: Path, node: int, oids: Iterable[int], reason: str, at: Noted | None = None) -> None:
    """``node`` will read these tensors as they are when it runs; ``reason`` names why nobody checks.

    ``at`` is where they were put: a copy that is made there is what they are now, unless they were written since.
    """
    kept: list[SavedTensor] = []
    versions = dict(at.versions) if at is not None else {}
    for oid in dict.fromkeys(oids):
        tensor = path.tensor(oid)
        version = path.version(tensor.counter)
        kept.append(
            SavedTensor(
                0, oid, tensor.counter, version, reason, path.node(node).certain, False,
                tensor.name, tensor.storage, len(unseen.storage_of(path, oid).hidden), not tensor.known,
                kept_at=at.source if at is not None and versions.get(oid) == version else None,
            )
        )  # fmt: skip
    if kept:
        old = path.node(node)
        path.heap[node] = replace(old, unchecked=(*old.unchecked, *kept))


def keep_saved(path: Path, node: int, saves: Iterable[SavedTensor], reason: str) -> None:
    """The same for what was about to be saved, as it is now."""
    kept = [
        replace(
            saved, role=reason, version=path.version(saved.counter),
            hidden=max(saved.hidden, len(_hidden_writes(path, saved))),
        ) for saved in saves
    ]  # fmt: skip
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
                bypass = Bypass(
                    source,
                    saved.role,
                    write.operation,
                    write.name or saved.name,
                    saved.tensor,
                    kept_at=saved.kept_at,
                )
                found.append((bypass, saved.certain is Tri.YES and not saved.argument))
        found += [
            (replace(bypass, kept_at=saved.kept_at), saved.certain is Tri.YES)
            for bypass in hidden(path, saved)
        ]
    return found


def hidden(path: Path, saved: SavedTensor) -> list[Bypass]:
    """The writes since then to the bytes of a saved tensor that moved another counter than its own, or none."""
    writes = _hidden_writes(path, saved)[saved.hidden :]
    return [b for b in writes if b.counter != saved.counter and unseen.touches(path, b, saved.tensor)]


def _hidden_writes(path: Path, saved: SavedTensor) -> tuple[Bypass, ...]:
    storage = path.heap.get(saved.storage)
    return storage.hidden if isinstance(storage, Storage) else ()


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
