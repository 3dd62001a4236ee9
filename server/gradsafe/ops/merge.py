"""One operation out of several that may run: what they share stays certain, the rest carries a ``?``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from gradsafe.ops.notation import Op, Return, Save, Write


def merge(ops: Sequence[Op]) -> Op:
    """What may happen when one of ``ops`` runs; ``ops`` must not be empty."""
    if len(ops) == 1:
        return ops[0]
    params = {param.name: param for op in reversed(ops) for param in op.params}
    return Op(
        names=ops[0].names,
        params=tuple(params.values()),
        returns=reduce(merge_returns, (op.returns for op in ops)),
        saves=_merge_saves(ops),
        writes=_merge_writes(ops),
        flags=tuple(sorted({flag for op in ops for flag in op.flags})),
        origin="merged",
    )


def merge_returns(first: Return, second: Return) -> Return:
    """The least that both say."""
    if first == second:
        return first
    if first.kind == second.kind in ("tuple", "list") and len(first.items) == len(second.items):
        return replace(first, items=tuple(map(merge_returns, first.items, second.items)))
    sources = {item.source for item in (first, second) if item.source}
    kinds = {first.kind, second.kind}
    if len(sources) > 1 or not kinds <= {"fresh", "same", "view", "alias"}:
        return Return("unknown")
    grad = first.grad if first.grad == second.grad else "nograd?"
    related = kinds - {"fresh"}
    may = first.may or second.may or "fresh" in kinds
    if not related:
        return Return("fresh", grad=grad)
    kind = related.pop() if len(related) == 1 else "alias"
    return Return(kind, sources.pop(), may, grad)


def _merge_saves(ops: Sequence[Op]) -> tuple[Save, ...]:
    merged: dict[str, Save] = {}
    for op in ops:
        for save in op.saves:
            old = merged.get(save.what)
            if old is None:
                merged[save.what] = save
            elif old.needs != save.needs:
                needs = () if not (old.needs and save.needs) else tuple(sorted({*old.needs, *save.needs}))
                merged[save.what] = Save(save.what, needs, False)
    shared = {
        what
        for what in merged
        if all(any(save.what == what and save.certain for save in op.saves) for op in ops)
    }
    return tuple(save if save.what in shared else replace(save, certain=False) for save in merged.values())


def _merge_writes(ops: Sequence[Op]) -> tuple[Write, ...]:
    merged: dict[str, Write] = {}
    for op in ops:
        for write in op.writes:
            old = merged.setdefault(write.what, write)
            if old != write:
                bumps, unchecked = max(old.bumps, write.bumps), old.unchecked or write.unchecked
                merged[write.what] = Write(write.what, bumps, unchecked, False)
    return tuple(
        write
        if all(any(write == other for other in op.writes) for op in ops)
        else replace(write, certain=False)
        for write in merged.values()
    )
