"""``python -m tests.fuzz --seed N --count M --level L``: generates, asks torch, asks gradsafe, prints where they differ."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.oracle.report import table
from tests.oracle.score import Row, summary

from .batches import batches
from .compare import predictions, rows_of
from .generate import Generated
from .judge import judge
from .shrink import shrink


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    programs, rows = batches(options.seed, options.count, options.level, options.jobs)
    for level in options.level:
        kinds = Counter(program.judged.kind for program in programs if program.level == level)
        print(f"level {level}: " + ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))
    if options.print:
        for program in programs:
            print(f"# --- level {program.level} seed {program.seed}: {program.judged}\n{program.text}")
    print(table(rows))
    for level in options.level:
        print(summary(f"level {level}", [row for row in rows if row.source == f"fuzz L{level}"]))
    print(summary("all", rows))
    bad = [row for row in rows if not row.good]
    by_name = {(f"fuzz L{p.level}", f"seed {p.seed}"): p for p in programs}
    for row in bad[: options.show]:
        show(by_name[row.source, row.name], row, options)
    return 1 if bad else 0


def show(program: Generated, row: Row, options: argparse.Namespace) -> None:
    """Prints one disagreement, shrunk, and keeps it in a folder for a human."""
    text = program.text if options.no_shrink else shrink(program.text, lambda text: same(text, row))
    judged = judge(text)
    head = f"# level {program.level} seed {program.seed}: {row.outcome} [{row.kind}] {row.detail}\n"
    torch = "; ".join(
        f"{v.severity} {v.line} [{v.slug}] saved {v.saved} fails {v.fails}" for v in judged.verdicts
    )
    says = "; ".join(
        f"{v.severity} {v.line} [{v.slug}] saved {v.saved} fails {v.fails}" for v in predictions([text])[0]
    )
    story = f"{head}# torch: {torch or judged.kind}\n# gradsafe: {says or 'silent'}\n"
    print(story + text)
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        (options.write / f"level{program.level}_seed{program.seed}_{row.outcome}.py").write_text(
            story + text, encoding="utf-8"
        )


def same(text: str, row: Row) -> bool:
    """Whether torch and gradsafe still differ on ``text`` as they did in ``row``."""
    judged = judge(text)
    if judged.kind == "broken":
        return False
    rows = rows_of(row.source, row.name, judged, predictions([text])[0])
    return any((other.outcome, other.kind) == (row.outcome, row.kind) for other in rows)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--level", type=lambda text: [int(x) for x in text.split(",")], default=[1, 2, 3, 4])
    parser.add_argument("--show", type=int, default=10, help="disagreements to shrink and print")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--write", type=Path, help="a folder to keep disagreements in")
    parser.add_argument("--print", action="store_true", help="print every program")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
