"""``python -m tests.oracle.report``: how far gradsafe agrees with torch, and every case where it does not.

Fixtures are compared with their markers (which torch grades in test_oracle), the corpus with its labels,
so that no torch is needed; ``--fuzz N`` adds N fresh programs per level, which torch judges on the spot.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import predict
from .corpus import NOT_A_DERIVATIVE, cases
from .grade import Verdict
from .markers import Markers, parse
from .score import OUTCOMES, Expected, Row, score

FIXTURES = Path(__file__).parents[1] / "fixtures"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    rows = [*fixture_rows(), *corpus_rows()]
    if options.fuzz:
        from tests.fuzz.compare import fuzz_rows

        rows += fuzz_rows(range(options.seed, options.seed + options.fuzz), options.levels)
    rows = [row for row in rows if options.only in f"{row.source} {row.name} {row.kind}"]
    print(table(rows))
    print(predict.cost())
    bad = [row for row in rows if not row.good]
    for row in bad if options.all else bad[: options.show]:
        print(f"{row.outcome:13} {row.source} {row.name} [{row.kind}] {row.detail}")
    if len(bad) > options.show and not options.all:
        print(f"... and {len(bad) - options.show} more (--all)")
    return 1 if bad else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.report")
    parser.add_argument("--fuzz", type=int, default=0, metavar="N", help="add N generated programs per level")
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--levels", type=lambda text: [int(x) for x in text.split(",")], default=[1, 2, 3, 4])
    parser.add_argument("--only", default="", help="only rows that contain this text")
    parser.add_argument("--show", type=int, default=60)
    parser.add_argument("--all", action="store_true")
    return parser.parse_args(arguments)


def fixture_files() -> list[Path]:
    return sorted(FIXTURES.rglob("*.py"))


def fixture_rows() -> Iterator[Row]:
    found = predict.check(fixture_files())
    for path, verdicts in found.items():
        text = path.read_text(encoding="utf-8")
        yield from _fixture(path.relative_to(FIXTURES), text, parse(text), verdicts)


def _fixture(path: Path, text: str, markers: Markers, verdicts: list[Verdict]) -> Iterator[Row]:
    whole = [("program", 1, text.count("\n") + 2)]
    for name, start, end in whole if path.parent.name == "programs" else _units(text):
        inside = [v for v in verdicts if start <= v.line < end or (v.line == 0 and start == 1)]
        wanted = [
            Expected(
                m.slug,
                frozenset({m.line}),
                frozenset({"information" if m.kind == "info" else m.kind}),
                frozenset(m.saved[:1]),
                frozenset(m.fails if m.slug != "graph-freed" else ()),
                frozenset(m.freed),
            )
            for m in markers.of_kinds("error", "warning", "info")
            if start <= m.line < end
        ]
        noise = {(m.line, m.slug) for m in markers.of_kinds("noise")}
        rest = [v for v in inside if (v.line, v.slug) not in noise]
        yield from score(f"fixtures/{path.parent}", f"{path.stem}:{start} {name}", wanted, rest)
        for m in markers.of_kinds("gap"):
            if start <= m.line < end and not any((v.line, v.slug) == (m.line, m.slug) for v in verdicts):
                yield Row("gaps (known)", f"{path.stem}:{m.line}", m.slug, "info")


def _units(text: str) -> list[tuple[str, int, int]]:
    """The top-level functions and classes; what stands before and between belongs to the one above it."""
    nodes = [n for n in ast.parse(text).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    starts = [min([n.lineno, *(d.lineno for d in n.decorator_list)]) for n in nodes]
    ends = [*starts[1:], text.count("\n") + 2][: len(starts)]
    units = [(n.name, start, end) for n, start, end in zip(nodes, starts, ends, strict=True)]
    first = starts[0] if starts else text.count("\n") + 2
    return [("top", 1, first), *units] if not starts or first > 1 else units


def corpus_rows() -> Iterator[Row]:
    todo = cases()
    paths = [case.path for case in todo] + [case.fixed for case in todo if case.fixed]
    found = predict.check(paths)
    for case in todo:
        severities = {"warning", "information"} if case.verdict == "silent-wrong-grad" else {"error"}
        wanted = []
        if case.slug is not None and case.name not in NOT_A_DERIVATIVE:
            loud = case.verdict != "silent-wrong-grad"
            wanted = [
                Expected(
                    case.slug,
                    case.primary,
                    frozenset(severities),
                    frozenset({case.saved} if loud and case.saved else ()),
                    case.fails if case.saved and case.slug != "graph-freed" else frozenset(),
                    frozenset({case.freed} if case.freed else ()),
                )
            ]
        yield from score("corpus", case.name, wanted, found[case.path])
        if case.fixed:
            yield from score("corpus-fixed", case.fixed.stem, [], found[case.fixed])


def table(rows: Sequence[Row]) -> str:
    """Source x kind x outcome."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        source = row.source if not row.source.startswith("fixtures") else "fixtures"
        counts.setdefault((source, row.kind), Counter())[row.outcome] += 1
    shown = [name for name in OUTCOMES if any(count[name] for count in counts.values())]
    lines = [f"{'source':14}{'kind':28}" + "".join(f"{name:>14}" for name in shown)]
    for (source, kind), count in sorted(counts.items()):
        lines.append(f"{source:14}{kind:28}" + "".join(f"{count[name] or '.':>14}" for name in shown))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
