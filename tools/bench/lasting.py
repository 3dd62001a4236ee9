"""``python -m tools.bench.lasting [--edits 10000] [--files 200]``: what the server holds in memory while somebody types all day.

Released files of 100 to 400 lines are opened, all at once, and a word is typed and taken away in one after the other. Each keystroke waits
for its diagnostics. Linux only, as :mod:`tools.bench.memory`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from tools.bench.client import Client
from tools.bench.material import KINDS, Key, folders, keys
from tools.bench.memory import resident_mb

ROOT = Path(__file__).parents[2]
LINES = range(100, 401)
TOLD = 10
"""Lines of the report."""


def main() -> int:
    """One line for every tenth of the edits; the status is 0 whatever the numbers are."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench.lasting", description=__doc__)
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=200)
    arguments = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        texts = written(folder, arguments.files)
        client = Client([sys.executable, "-m", "gradsafe", "server"], folder)
        for path, text in texts.items():
            client.open(path.as_uri(), text)
        tell(console, 0, len(texts), client)
        for number, (path, key) in enumerate(typing(texts, random.Random(1), arguments.edits), start=1):
            client.change(path.as_uri(), key.start, key.end, key.new, key.text)
            if number % max(arguments.edits // TOLD, 1) == 0:
                tell(console, number, len(texts), client)
        client.quit()
    return 0


def written(folder: Path, files: int) -> dict[Path, str]:
    """So many files of transformers in a flat folder, with their texts."""
    source = folders(ROOT / ".cache" / "known-good")["transformers"]
    texts: dict[Path, str] = {}
    for path in sorted((source / "transformers").rglob("*.py")):
        text = path.read_text("utf-8")
        if len(texts) < files and text.count("\n") in LINES:
            texts[folder / f"{len(texts)}_{path.name}"] = text
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    return texts


def typing(texts: dict[Path, str], draw: random.Random, edits: int) -> Iterator[tuple[Path, Key]]:
    """A word here, a word there; after each the text is as it was."""
    files = list(texts)
    done = 0
    while done < edits:
        path = draw.choice(files)
        for key in keys(texts[path], draw.choice(KINDS)):
            yield path, key
            done += 1


def tell(console: Console, edits: int, files: int, client: Client) -> None:
    """How much it is now."""
    held = resident_mb(client.process.pid)
    console.print(f"after {edits:>6,} edits in {files} files: {held:6.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
