"""``python -m tests.opdb``: op_db, module_db and calls of our own as programs; where torch and gradsafe differ."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

import torch

from .collect import op_programs
from .judge import Compared, compare
from .modules import module_programs
from .programs import Program
from .statements import statement_programs
from .written import PAGE, page

SETS = {
    "op_db": "python -m tests.opdb",
    "module_db": "python -m tests.opdb --modules",
    "calls as written": "python -m tests.opdb --statements",
}


def main() -> int:
    """Run, compare, print figures and differences by operation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=2, help="calls of each name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="names, joined by commas")
    parser.add_argument("--show", type=int, default=0, help="print so many programs that differ, whole")
    parser.add_argument("--modules", action="store_true", help="nn.Module classes in place of op_db")
    parser.add_argument("--statements", action="store_true", help="calls as real code writes them")
    parser.add_argument("--write", action="store_true", help="run all three, and write docs/op-db.md")
    options = parser.parse_args()
    torch.set_num_threads(1)
    only = frozenset(options.only.split(",")) if options.only else None
    chosen = "module_db" if options.modules else "calls as written" if options.statements else "op_db"
    found = {}
    for title in SETS if options.write else [chosen]:
        start = time.perf_counter()
        found[title] = list(compare(_programs(title, options.samples, options.seed, only)))
        print(f"{title}: {time.perf_counter() - start:.0f} s", flush=True)
        print(report(found[title]), flush=True)
    if options.write:
        PAGE.write_text(page(found, SETS), encoding="utf-8")
    differing = [each for programs in found.values() for each in programs if not each.equal]
    for each in differing[: options.show]:
        print(f"--- {each.program.name} [{each.program.pattern}] {each.program.target}: {each.kind}")
        print(f"    torch {each.torch}\n    ours  {each.ours}")
        print("\n".join(f"{number:3} {row}" for number, row in enumerate(each.program.lines, 1)))
    return 0


def _programs(title: str, samples: int, seed: int, only: frozenset[str] | None) -> list[Program]:
    if title == "op_db":
        return list(op_programs(samples, seed, only))
    return list(module_programs(samples, seed, only) if title == "module_db" else statement_programs())


def report(found: Sequence[Compared]) -> str:
    """Figures, then the differences of each name."""
    equal = sum(each.equal for each in found)
    names = {each.program.name for each in found}
    kinds = Counter(each.kind for each in found if not each.equal)
    raising = sum(bool(each.torch.slug) for each in found)
    lines = [
        f"{len(found)} programs of {len(names)} names ({raising} raise): {equal} equal, {equal / max(1, len(found)):.3%}",
        ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()),
    ]
    by_name: dict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        if not each.equal:
            by_name[each.program.name][f"{each.kind} ({each.program.target or 'no write'})"] += 1
    for name, counts in sorted(by_name.items(), key=lambda pair: -sum(pair[1].values())):
        lines.append(
            f"  {name}: {sum(counts.values())}: {', '.join(f'{k} {n}' for k, n in counts.most_common(4))}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
