"""``python -m tools.known_good``: what gradsafe says of released packages, as a table and as JSON.

Sources and results lie in ``.cache/known-good``; a run that was broken off goes on where it was. The
process exits with 1 where a file crashed it or an error was found: each of them wants a look.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tools.known_good.packages import Package, Unavailable, pinned, sources
from tools.known_good.run import Parts, Result, fingerprint, judge, keep, kept, python_files
from tools.known_good.table import page

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "known-good"


def main() -> int:
    """Judge the packages that were asked for, and write the page where it was asked for."""
    arguments = _parser().parse_args()
    console = Console(stderr=True)
    results: list[Result] = []
    with Progress(
        TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    ) as progress:  # fmt: skip
        for package in pinned(arguments.packages, arguments.every):
            try:
                results.append(_result(package, arguments.jobs, progress))
            except Unavailable as error:
                console.print(f"{package.label}: {error}")
    text = page(results, datetime.date.today().isoformat())
    if arguments.output is not None:
        arguments.output.write_text(text, encoding="utf-8")
    else:
        print(text)
    bad = any(each.died or each.count("error") or any(f["crashes"] for f in each.files) for each in results)
    return 1 if bad else 0


def _result(package: Package, jobs: int, progress: Progress) -> Result:
    path, state = CACHE / "results" / f"{package.label}.json", fingerprint()
    result = kept(path, state)
    if result is not None:
        return result
    task = progress.add_task(f"{package.label}", total=None)
    folder = sources(package, CACHE)
    progress.update(task, total=len(python_files(package, folder)))
    parts = Parts(CACHE / "parts" / package.label, state)
    result = judge(package, folder, jobs, parts, lambda done: progress.advance(task, done))
    keep(path, state, result)
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.known_good", description=__doc__)
    parser.add_argument("--packages", nargs="+", default=[], metavar="NAME", help="only these (default: all of packages.txt)")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time (default: 1)")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="of each package every Nth file: a sample"
    )
    parser.add_argument("--output", type=Path, help="write the page there (default: print it)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
