"""``python -m tests.explain.score``: programs that fail are run, and ``explain`` gets nothing but the text of the error.

The reported cases and the report programs; each once as it is and once under anomaly mode. Counted: is the rule right, and
does the first suspect stand at the line that torch's version counters blame?
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track

from gradsafe.cli.opening import open_paths
from gradsafe.explain.error_text import read_error
from gradsafe.explain.suspects import located, ranked

TESTS = Path(__file__).parents[1]


def error_of(path: Path, anomaly: bool) -> str:
    """What a user would see, and copy."""
    torch.manual_seed(0)
    with (
        torch.autograd.set_detect_anomaly(anomaly),
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("always")
        try:
            exec(compile(path.read_text("utf-8"), str(path), "exec"), {"__name__": "__main__"})
        except RuntimeError:
            return "\n".join(str(each.message) for each in caught) + "\n" + traceback.format_exc()
    return ""


def programs() -> Iterator[tuple[Path, set[int]]]:
    """Each with the lines that are blamed."""
    for line in (TESTS / "reports" / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        rows = {each["line"] for each in case["found"] if each["severity"] == "error"}
        if rows:
            yield TESTS / "reports" / "cases" / f"{case['id']}.py", rows
    for line in (TESTS / "corpus" / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        row = case["expect"].get("mutation_line")
        if case["verdict"] != "safe" and row:
            yield TESTS / "corpus" / case["file"], {row}


def main() -> int:
    counts: Counter[str] = Counter()
    missed: list[str] = []
    for path, rows in track(list(programs()), "errors", console=Console(stderr=True)):
        for anomaly in (False, True):
            error = read_error(error_of(path, anomaly))
            if error is None:
                continue
            mode = "anomaly" if anomaly else "plain"
            counts[f"{mode}: errors"] += 1
            suspects = ranked(open_paths([str(path)]).judge.check(str(path)).entries, located(error, "."))
            counts[f"{mode}: a suspect"] += bool(suspects)
            first = bool(suspects) and suspects[0].place.row in rows
            counts[f"{mode}: the first is right"] += first
            if not first:
                missed.append(
                    f"{path.stem} ({mode}): {[each.place.row for each in suspects]}, wanted {sorted(rows)}"
                )
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    print("\n".join(missed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
