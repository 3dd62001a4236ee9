"""gradsafe's predictions for generated programs, scored against torch's verdicts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.oracle import predict
from tests.oracle.grade import WRONG, Verdict
from tests.oracle.score import Row, expected, score

from .generate import Generated, generate
from .judge import Judged


def fuzz_rows(seeds: Iterable[int], levels: Iterable[int]) -> list[Row]:
    """The score of a range of seeds at each level."""
    programs = [generate(seed, level) for level in levels for seed in seeds]
    return compare(programs)


def compare(programs: Sequence[Generated]) -> list[Row]:
    """One row or more for each program."""
    found = predictions([program.text for program in programs])
    rows = []
    for program, verdicts in zip(programs, found, strict=True):
        rows += rows_of(f"fuzz L{program.level}", f"seed {program.seed}", program.judged, verdicts)
    return rows


def rows_of(source: str, name: str, judged: Judged, verdicts: Sequence[Verdict]) -> list[Row]:
    wanted = [expected(verdict) for verdict in judged.verdicts]
    lines = {verdict.line for verdict in judged.verdicts}
    by_luck = [v for v in verdicts if v.slug == WRONG and v.line in judged.bypasses - lines]
    stopped = any(verdict.severity == "error" for verdict in judged.verdicts)
    rest = [
        v for v in verdicts if v not in by_luck and not (stopped and v.line not in judged.reached | lines)
    ]
    rows = score(source, name, wanted, rest)
    if by_luck and not judged.verdicts:
        rows = [
            Row(source, name, "right by luck", "info") if row.outcome == "silent" else row for row in rows
        ]
    return rows


def predictions(texts: Sequence[str]) -> list[list[Verdict]]:
    """gradsafe's findings for each text, all in one run."""
    with tempfile.TemporaryDirectory(prefix="gradsafe-fuzz-") as folder:
        paths = []
        for number, text in enumerate(texts):
            path = Path(folder) / f"program_{number:05}.py"
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        found = predict.check(paths)
        return [found[path] for path in paths]
