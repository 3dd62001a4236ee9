"""``python -m tools.bench``: measure gradsafe and its peers in one run, print tables, write ``docs/performance.md``.

Environments of the peers and sources lie in ``.cache/bench`` and ``.cache/known-good``; making them is not timed. Nothing else should run
meanwhile. ``--quick`` is to see that it works.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tools.bench import checked, typed
from tools.bench.material import folders, materials
from tools.bench.page import Results, page, tables
from tools.bench.peers import GRADSAFE, SERVERS, TORCHFIX, Installed, Missing, Peer, install

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "bench"
OUTPUT = ROOT / "docs" / "performance.md"


def main() -> int:
    """The status is 0 whatever the numbers are: how they stand to the goals is in the table. 2 where there is nothing to measure."""
    arguments = _parser().parse_args()
    console = Console(stderr=True, highlight=False)
    missing: list[str] = []

    def tell(what: str) -> None:
        console.print(f"[{datetime.datetime.now():%H:%M:%S}] {what}", markup=False)

    servers = [each for peer in SERVERS if (each := _installed(peer, missing, tell)) is not None]
    gradsafe = next((each for each in servers if each.peer is GRADSAFE), None)
    if gradsafe is None:
        tell(missing[0])
        return 2
    torchfix = _installed(TORCHFIX, missing, tell)
    found = folders(ROOT / ".cache" / "known-good")
    files = materials(found, 1_000 if arguments.quick else 8_000)
    times = typed.measure(servers, files, 1 if arguments.quick else arguments.repeats, tell)
    names = checked.sample(found["transformers"], 400 if arguments.quick else arguments.every)
    runs = checked.measure(found["transformers"], names, gradsafe, torchfix, tell)
    results = Results(tuple(servers), torchfix, tuple(files), times, runs, len(names), tuple(missing))
    for table in tables(results):
        Console().print(table)
    if arguments.write:
        command = (
            "python -m tools.bench"
            + (" --quick" if arguments.quick else "")
            + f" --repeats {arguments.repeats} --every {arguments.every}"
        )
        OUTPUT.write_text(
            page(results, command, arguments.note, datetime.date.today().isoformat()), encoding="utf-8"
        )
    return 0


def _installed(peer: Peer, missing: list[str], tell: Callable[[str], None]) -> Installed | None:
    try:
        tell(f"looking for {peer.name}")
        return install(peer, CACHE)
    except Missing as error:
        missing.append(f"{peer.name} cannot be installed here: {error}")
        return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small files and few of them")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--repeats", type=int, default=1, help="how often each word is typed (default: 1)")
    parser.add_argument(
        "--note", default="", metavar="TEXT", help="a sentence for the page: what else ran, say"
    )
    parser.add_argument(
        "--every",
        type=int,
        default=60,
        metavar="N",
        help="check every Nth file of transformers (default: 60)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
