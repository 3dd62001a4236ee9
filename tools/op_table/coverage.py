"""``python -m tools.op_table.coverage``: which of the names that torch documents the table knows, and by what origin."""

from __future__ import annotations

import sys
from collections import Counter

from gradsafe.ops.table import OpTable, load
from tools.op_table import modules, universe


def main() -> int:
    """Print counts per namespace, origins, and the names that are left out."""
    table = load()
    names = [name for name, _ in universe.functions()]
    names += [
        f"nn.{name}" for name in modules.classes() if table.module(f"nn.{name}") and name not in NO_FORWARD
    ]
    known = [name for name in names if table.canonical(name) and _lines(table, name)]
    missing = sorted(set(names) - set(known))
    total, covered = Counter(map(_owner, names)), Counter(map(_owner, known))
    for owner in total:
        print(f"{owner:14} {covered[owner]:4} of {total[owner]:4}")
    print(f"{'all':14} {len(known):4} of {len(names):4}")
    print("origins:", dict(Counter(_origin(table, name) for name in known)))
    print("left out:", " ".join(missing))
    return 0


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


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


def _lines(table: OpTable, name: str) -> bool:
    return bool(table.ops(table.canonical(name) or ""))


def _origin(table: OpTable, name: str) -> str:
    ops = table.ops(table.canonical(name) or "")
    origins = {op.origin.partition(" ")[0].strip(",") for op in ops}
    return "+".join(sorted(origins))


if __name__ == "__main__":
    sys.exit(main())
