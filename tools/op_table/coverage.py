"""``python -m tools.op_table.coverage``: which of the names that torch documents are known, and by what origin.

A name is known if the table has a line for it, or the interpreter a function of its own. The rest stand in
``unmodelled.txt``, each with the reason; a name that is in neither, or in both, is a defect of the list.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gradsafe.interp import analyse as _interpreter  # noqa: F401  registers all that the interpreter knows
from gradsafe.interp import distributions, told
from gradsafe.interp.tensor_api import METHODS
from gradsafe.interp.torch_api import FUNCTIONS, MANAGERS
from gradsafe.ops.table import OpTable, load
from tools.op_table import modules, universe

UNMODELLED = Path(__file__).parent / "unmodelled.txt"

NO_FORWARD = frozenset(
    [
        "Module",
        "Container",
        "ModuleDict",
        "ModuleList",
        "ParameterDict",
        "ParameterList",
        "Sequential",
        "RNNBase",
        "RNNCellBase",
        "DataParallel",
    ]
)
"""Containers and base classes: the interpreter runs what they hold."""

BY_CLASS = frozenset(
    ["torch.autograd.Function", "torch.autograd.Variable", "torch.amp.GradScaler", "torch.optim.Optimizer"]
)
"""Known by what their objects do, not by a call."""


def main() -> int:
    """Print counts per namespace, origins, and the names that are left out; 1 if the list of these is wrong."""
    table = load()
    names = documented(table)
    known = [name for name in names if is_known(table, name)]
    total, covered = Counter(map(_owner, names)), Counter(map(_owner, known))
    for owner in total:
        print(f"{owner:32} {covered[owner]:4} of {total[owner]:4}")
    print(f"{'all':32} {len(known):4} of {len(names):4}")
    print("origins:", dict(Counter(_origin(table, name) for name in known)))
    for reason, left_out in unmodelled():
        print(f"left out, {reason}: {len(left_out)}")
    wrong = sorted(unaccounted(table)) + sorted(stale(table))
    print("in neither or in both:", " ".join(wrong) or "none")
    return 1 if wrong else 0


def documented(table: OpTable) -> list[str]:
    """Every name: functions, methods, modules with a forward, and what stands around them."""
    names = [name for name, _ in universe.functions()]
    names += [f"nn.{n}" for n in modules.classes() if table.module(f"nn.{n}") and n not in NO_FORWARD]
    return list(dict.fromkeys([*names, *universe.around()]))


def is_known(table: OpTable, name: str) -> bool:
    """Does the table, or the interpreter, know it?"""
    canonical = table.canonical(name) or ""
    if table.ops(canonical) or table.module(name) or table.optimizer(name):
        return True
    if name in FUNCTIONS or name in MANAGERS or name in BY_CLASS or told.find(name) is not None:
        return True
    if name.startswith("Tensor.") and name.removeprefix("Tensor.") in METHODS:
        return True
    return distributions.family_of(name) is not None


def unmodelled() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The reasons, and the names that each of them keeps out."""
    for line in UNMODELLED.read_text(encoding="utf-8").splitlines():
        reason, _, names = line.rpartition(": ")
        if names and not line.startswith("#"):
            yield reason, tuple(names.split())


def unaccounted(table: OpTable) -> set[str]:
    """Documented names that are neither known nor listed."""
    listed = {name for _, names in unmodelled() for name in names}
    return {name for name in documented(table) if not is_known(table, name)} - listed


def stale(table: OpTable) -> set[str]:
    """Listed names that torch does not document, or that are known by now."""
    names = set(documented(table))
    listed = {name for _, found in unmodelled() for name in found}
    return {name for name in listed if name not in names or is_known(table, name)}


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


def _origin(table: OpTable, name: str) -> str:
    origins = {op.origin.partition(" ")[0].strip(",") for op in table.ops(table.canonical(name) or "")}
    return "+".join(sorted(origins)) or "interpreter"


if __name__ == "__main__":
    sys.exit(main())
