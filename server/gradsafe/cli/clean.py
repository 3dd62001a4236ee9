"""``gradsafe clean``: remove what ``check`` and ``fix`` have kept."""

from __future__ import annotations

import argparse

from gradsafe.cli.failure import Failure
from gradsafe.project.cache.folder import clean, place_of


def run(arguments: argparse.Namespace) -> int:
    """Entries of every version go, and nothing else that lies there."""
    place = place_of(arguments.cache_dir)
    try:
        count, size = clean(place)
    except OSError as error:
        raise Failure(f"{place}: {error.strerror or error}. Remove it by hand.") from error
    entries = "1 entry" if count == 1 else f"{count:,} entries"
    print(f"{entries} ({size / (1 << 20):.1f} MB) removed from {place}.")
    return 0
