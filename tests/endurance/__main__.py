"""``python -m tests.endurance [--edits 20000] [--seed N] [--jobs 2]``: exits with 1 where an edited session and a fresh one differ."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from .equality import ROUND, Unequal, run


def main() -> int:
    """Rounds of edits, each of other files; the first texts that differ are written down."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("--edits", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first round")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    rounds = range(arguments.seed, arguments.seed - (-arguments.edits // ROUND))
    started, done, failed = time.monotonic(), 0, 0
    with ProcessPoolExecutor(arguments.jobs) as pool:
        running = {pool.submit(one_round, seed): seed for seed in rounds}
        for each in as_completed(running):
            told = each.result()
            done += ROUND
            if told:
                failed += 1
                print(told, flush=True)
            elif done % (10 * ROUND) == 0:
                print(f"{done:,} edits, {time.monotonic() - started:.0f} s", flush=True)
    print(f"{done:,} edits of {len(rounds)} pairs of files, {failed} rounds with a difference.")
    return 1 if failed else 0


def one_round(seed: int) -> str:
    """What differed; empty where nothing did."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(seed, ROUND, Path(folder))
        except Unequal as unequal:
            kept = Path(tempfile.mkdtemp(prefix="gradsafe-unequal-"))
            for file, text in unequal.texts.items():
                (kept / Path(file).name).write_text(text, "utf-8", errors="surrogatepass", newline="")
            return f"{unequal}\n  the texts: {kept}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
