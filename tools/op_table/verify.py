"""``python -m tools.op_table.verify``: does the table say what torch does?

For each call and each pattern of who requires grad, every operand and result in turn is written after the forward;
then backward runs. Torch raises, or it does not; the table must have said so. This goes another way than the probes
that made the table: real writes, real backwards, no hooks.
"""

from __future__ import annotations

import argparse
import random
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import torch

from gradsafe.ops.entry import Selection
from gradsafe.ops.notation import Return
from gradsafe.ops.table import OpTable, load
from tools.op_table import call_list, modules, opdb, verify_results
from tools.op_table.outcome import Labelled
from tools.op_table.probe import Call, differentiable_labels, patterns, prepare, tensors_of
from tools.op_table.selecting import labels_of, select


class Answer(Enum):
    """What the table says of a write: backward raises, may raise, or runs."""

    BROKEN = "broken"
    MAYBE = "maybe"
    SAFE = "safe"


@dataclass(frozen=True)
class Probe:
    """One written tensor of one call under one pattern: what the table said, what torch did."""

    name: str
    target: str
    pattern: frozenset[str]
    predicted: Answer
    broke: bool
    line: str

    @property
    def agrees(self) -> bool:
        return self.predicted is Answer.MAYBE or (self.predicted is Answer.BROKEN) == self.broke


def verify(table: OpTable, calls: Iterable[Call]) -> Iterator[Probe]:
    """Probe every call that the table knows and torch runs."""
    for call in calls:
        selection = select(table, call)
        if selection is not None:
            yield from _probes(call, selection)


def _probes(call: Call, selection: Selection) -> Iterator[Probe]:
    label_of = labels_of(selection)
    try:
        names = tuple(dict.fromkeys(differentiable_labels(call, label_of)))
    except KeyError:
        return
    for pattern in patterns(names):
        if not pattern:
            continue
        for target in _targets(call, selection, pattern):
            broke = _breaks(call, selection, pattern, target)
            if broke is not None:
                predicted = predict(selection, target, pattern)
                yield Probe(call.name, target, pattern, predicted, broke, str(selection.op))


def _targets(call: Call, selection: Selection, pattern: frozenset[str]) -> list[str]:
    ran = _forward(call, selection, pattern)
    return [] if ran is None else list(dict.fromkeys(item.label for item in ran))


def _forward(call: Call, selection: Selection, pattern: frozenset[str]) -> list[Labelled] | None:
    """Operands, then results; None where torch refuses the call."""
    try:
        function, args, kwargs, held = prepare(call, labels_of(selection), pattern)
        torch.manual_seed(0)
        result = function(*args, **kwargs)
    except Exception:
        return None
    return [*held, *_results(result, "result")]


def _results(result: object, label: str) -> Iterator[Labelled]:
    if isinstance(result, torch.Tensor):
        yield Labelled(label, result)
    elif isinstance(result, (tuple, list)):
        for index, item in enumerate(result):
            yield from _results(item, f"result{index}" if label == "result" else label)


def _breaks(call: Call, selection: Selection, pattern: frozenset[str], target: str) -> bool | None:
    """Write ``target`` (a list as a whole) after the forward and run backward; None where there is nothing to run."""
    ran = _forward(call, selection, pattern)
    if ran is None:
        return None
    outputs = [
        tensor
        for item in ran
        if item.label.startswith("result") and (tensor := item.tensor).requires_grad and not tensor.is_leaf
    ]
    if not outputs:
        return None
    for tensor in (item.tensor for item in ran if item.label == target):
        try:
            with torch.no_grad():
                tensor.copy_(tensor.clone())
        except RuntimeError:
            # Its memory overlaps itself: move the counter alone.
            torch.autograd.graph.increment_version(tensor)
    try:
        torch.autograd.backward(outputs, [torch.ones_like(output) for output in outputs])
    except RuntimeError as error:
        return True if "modified by an inplace operation" in str(error) else None
    except Exception:
        return None
    return False


def predict(selection: Selection, target: str, pattern: frozenset[str]) -> Answer:
    """What the table says of a write to ``target`` after the call."""
    related = _aliases(selection.op.returns, target)
    answer = Answer.SAFE
    for save in selection.op.saves:
        if save.needs and not pattern.intersection(save.needs):
            continue
        certain = related.get(save.what)
        if certain is None:
            continue
        if save.certain and certain:
            return Answer.BROKEN
        answer = Answer.MAYBE
    return answer


def _aliases(returns: Return, target: str) -> dict[str, bool]:
    """The names whose counter ``target`` moves, and whether that is certain."""
    pairs = list(_shared(returns, "result"))
    found = {target: True}
    for result, source, certain in pairs:
        if target in (result, source):
            found.setdefault(result, certain)
            found.setdefault(source, certain)
    if target.startswith("result") and returns.kind in ("list", "unknown"):
        found["result"] = returns.kind == "list"
    return found


def _shared(returns: Return, label: str) -> Iterator[tuple[str, str, bool]]:
    if returns.kind in ("same", "view", "alias", "multiview"):
        yield label, returns.source, not returns.may
        if returns.kind == "multiview":
            yield from ((f"result{index}", returns.source, True) for index in range(32))
    elif returns.kind in ("tuple", "list"):
        items: Sequence[Return] = returns.items if returns.kind == "tuple" else returns.items * 32
        for index, item in enumerate(items):
            yield from _shared(item, f"result{index}")


def report(probes: Sequence[Probe]) -> str:
    """Figures, and every name with a wrong answer."""
    definite = [probe for probe in probes if probe.predicted is not Answer.MAYBE]
    wrong = [probe for probe in definite if not probe.agrees]
    missed = sum(probe.broke for probe in wrong)
    lines = [
        f"{len(probes)} probes of {len({probe.name for probe in probes})} names",
        f"definite: {len(definite)} ({len(definite) / max(1, len(probes)):.2%})",
        (
            f"agreement: {1 - len(wrong) / max(1, len(definite)):.4%} of the definite; "
            f"{missed} missed, {len(wrong) - missed} false alarms"
        ),
    ]
    by_name: dict[str, Counter[str]] = defaultdict(Counter)
    for probe in wrong:
        by_name[probe.name][f"{probe.target}: {'breaks' if probe.broke else 'runs'}"] += 1
    for name, counts in sorted(by_name.items(), key=lambda pair: -sum(pair[1].values())):
        lines.append(f"  {name}: {dict(counts)}")
    return "\n".join(lines)


def all_calls(held_out: bool = False) -> list[Call]:
    """op_db, the call list, the modules; or samples of op_db that no probe of the generator has run."""
    calls = list(opdb.calls(held_out=held_out))
    if not held_out:
        calls += [*call_list.calls(), *modules.calls()]
    return [
        call
        for call in calls
        if all(tensor.numel() for tensor in tensors_of((*call.args, *call.kwargs.values())))
    ]


def main() -> int:
    """Verify all calls, or a seeded sample of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="number of calls, chosen at random (0: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", action="store_true", help="op_db samples that did not make the table")
    parser.add_argument(
        "--results-only", action="store_true", help="compare results and writes, run no backward"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    calls = all_calls(options.held_out)
    if options.sample:
        calls = random.Random(options.seed).sample(calls, min(options.sample, len(calls)))
    print(verify_results.report(list(verify_results.outcomes(load(), calls))))
    if not options.results_only:
        print(report(list(verify(load(), calls))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
