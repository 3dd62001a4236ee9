"""``python -m tools.bench.whole``: ``gradsafe check`` and TorchFix on all files of transformers; writes ``docs/performance-whole.md``.

Half an hour, in which nothing else should run; :mod:`tools.bench` itself takes a sample, where each file pays for imports that all share.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

from rich.console import Console

from tools.bench import checked
from tools.bench.checked import COLD, KEPT, OTHER, Run
from tools.bench.material import folders
from tools.bench.page import machine
from tools.bench.peers import GRADSAFE, TORCHFIX, Missing, install

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
OUTPUT = ROOT / "docs" / "performance-whole.md"


def main() -> int:
    """The status is 0 whatever the numbers are, 2 where there is nothing to measure."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.whole", description=__doc__)
    parser.add_argument("--note", default="", metavar="TEXT", help="a sentence for the page: what else ran")
    arguments = parser.parse_args()
    console = Console(stderr=True, highlight=False)

    def tell(what: str) -> None:
        console.print(f"[{datetime.datetime.now():%H:%M:%S}] {what}", markup=False)

    try:
        gradsafe = install(GRADSAFE, CACHE / "bench")
    except Missing as error:
        tell(f"gradsafe cannot be installed here: {error}")
        return 2
    try:
        torchfix = install(TORCHFIX, CACHE / "bench")
    except Missing as error:
        torchfix = None
        tell(f"TorchFix cannot be installed here: {error}")
    folder = folders(CACHE / "known-good")["transformers"]
    files = checked.sample(folder, 1)
    runs = checked.measure(folder, files, gradsafe, torchfix, tell, slow=False)
    version = f", TorchFix {torchfix.version}" if torchfix is not None else ""
    OUTPUT.write_text(page(runs, len(files), version, arguments.note), encoding="utf-8")
    Console().print(OUTPUT.read_text("utf-8"), markup=False)
    return 0


def page(runs: list[Run], files: int, version: str, note: str) -> str:
    """The runs as a page, with how they stand to the goals."""
    seconds = {each.name: each.seconds for each in runs}
    lines = [
        "# All of transformers",
        "",
        f"Made by `python -m tools.bench.whole` on {datetime.date.today().isoformat()}: {machine()}, gradsafe as `make wheel` compiles it{version}. {files:,} files, one run after the other. {note}".rstrip(),
        "",
        "|  | s | peak MB, all processes |",
        "|---|---:|---:|",
        *(f"| {each.name} | {each.seconds:.1f} | {each.peak_mb:.0f} |" for each in runs),
        "",
        "|  | measured | goal |",
        "|---|---:|---:|",
    ]
    if OTHER in seconds:
        lines.append(
            f"| nothing kept: how many times as fast as TorchFix | {seconds[OTHER] / seconds[COLD]:.2f} | 5 |"
        )
    peak = max(each.peak_mb for each in runs if each.name != OTHER)
    lines += [f"| results kept, s | {seconds[KEPT]:.1f} | 2 |", f"| peak memory, MB | {peak:.0f} | 600 |", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
