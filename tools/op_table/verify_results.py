"""Do results and writes come out as the table says? One run of each call with everybody requiring grad."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gradsafe.ops.entry import Selection
from gradsafe.ops.notation import Return, Write
from gradsafe.ops.table import OpTable
from tools.op_table.probe import Call, Observation, observe
from tools.op_table.selecting import labels_of, select


@dataclass(frozen=True)
class Outcome:
    """What the table and torch say of one call's result and writes."""

    name: str
    returns_agree: bool
    writes_agree: bool
    told: str
    seen: str


def outcomes(table: OpTable, calls: Iterable[Call]) -> Iterator[Outcome]:
    """Run every call that the table knows."""
    for call in calls:
        selection = select(table, call)
        if selection is None:
            continue
        try:
            seen = observe(call, labels_of(selection))
        except KeyError:
            continue
        if seen is not None:
            op = selection.op
            yield Outcome(
                call.name,
                _compatible(op.returns, seen.returns, bool(seen.differentiable)),
                _same_writes(selection, seen),
                f"{op.returns}; {', '.join(map(str, op.writes))}",
                f"{seen.returns}; {', '.join(map(str, seen.writes))}",
            )


def _compatible(told: Return, seen: Return, has_grad: bool) -> bool:
    if told.kind == "unknown" or (told.kind == "value" and seen.kind in ("value", "none")):
        return True
    if told.kind in ("list", "tuple") or seen.kind in ("list", "tuple"):
        return _compatible_items(told, seen, has_grad)
    if told.kind in ("same", "view", "alias", "multiview"):
        kinds = {"alias": ("same", "view"), "multiview": ("multiview", "view")}.get(told.kind, (told.kind,))
        # Two operands of one label, or an operand of an operand: the source's name is not compared.
        return seen.kind in kinds or (told.may and seen.kind in ("fresh", "same"))
    if told.kind == "fresh" and seen.kind == "fresh":
        return told.differentiable or seen.grad != "" or not has_grad
    return told.kind == seen.kind


def _compatible_items(told: Return, seen: Return, has_grad: bool) -> bool:
    if seen.kind not in ("list", "tuple"):
        return seen.kind in ("unknown", "value") or (seen.kind == "multiview" and told.kind == "list")
    if told.kind == "multiview":
        return all(item.kind in ("view", "multiview") for item in seen.items)
    if told.kind not in ("list", "tuple"):
        return False
    pairs = zip(told.items * (len(seen.items) if told.kind == "list" else 1), seen.items, strict=False)
    return all(_compatible(first, second, has_grad) for first, second in pairs)


def _same_writes(selection: Selection, seen: Observation) -> bool:
    told = {write.what: write for write in selection.op.writes}
    found = {write.what: write for write in seen.writes}
    return all(_same_write(told.get(what), found.get(what), seen) for what in {*told, *found})


def _same_write(told: Write | None, found: Write | None, seen: Observation) -> bool:
    if told is None:
        return False
    if found is None:
        # A silent write is seen only where it changes something.
        return not told.certain or told.bumps == 0 or told.what not in seen.labels
    return told.bumps == found.bumps or not told.certain


def report(found: list[Outcome]) -> str:
    """Figures, and every name that disagrees."""
    lines = []
    for what in ("returns", "writes"):
        wrong = [outcome for outcome in found if not getattr(outcome, f"{what}_agree")]
        share = 1 - len(wrong) / max(1, len(found))
        lines.append(f"{what}: {share:.4%} of {len(found)} calls agree")
        counts = Counter((outcome.name, outcome.told, outcome.seen) for outcome in wrong)
        lines += [
            f"  {name}: told {told!r}, seen {seen!r} ({n})"
            for (name, told, seen), n in counts.most_common(60)
        ]
    return "\n".join(lines)
