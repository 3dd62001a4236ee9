"""``python -m tests.advice --seed N --count M --level L``: the fuzzer's programs with each advice taken, under torch.

Each program is tried as it is, and once more with its in-place operations written out of place. Prints how many offers there
were, and every one after which the program ends otherwise, prints something else, or has another tensor or gradient.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.progress import track
from tests.advice.offers import offers, variants
from tests.advice.outcome import outcome
from tests.fuzz.generate import generate


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    todo = [(level, options.seed + number) for level in options.level for number in range(options.count)]
    with tempfile.TemporaryDirectory(prefix="gradsafe-advice-") as folder:
        for level, seed in track(todo, disable=not sys.stderr.isatty()):
            for number, text in enumerate(variants(generate(seed, level).text)):
                counts["programs"] += 1
                found = offers(text, Path(folder))
                counts["offers"] += sum(1 for each in found if each.row)
                counts["programs with advice"] += bool(found)
                before = outcome(text) if found else []
                for each in found:
                    if outcome(each.text) != before:
                        wrong.append(
                            f"# level {level} seed {seed} variant {number} row {each.row}: {each.title}\n{each.text}"
                        )
    for each in wrong[: options.show]:
        print(each)
    print(", ".join(f"{name} {count:,}" for name, count in counts.items()) + f", wrong {len(wrong)}")
    return 1 if wrong else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.advice")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=100, help="programs of each level")
    parser.add_argument("--level", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--show", type=int, default=10, help="how many that went wrong to print")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
