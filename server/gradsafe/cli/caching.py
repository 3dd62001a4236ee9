"""``--cache-dir`` and ``--no-cache``: where results are kept between runs."""

from __future__ import annotations

import sys

from gradsafe.project.cache.folder import Folder, InMemory, OnDisk, place_of
from gradsafe.project.cache.stamp import stamp


def folder_of(cache_dir: str | None = None, no_cache: bool = False) -> Folder:
    """The folder that these options mean."""
    return InMemory() if no_cache else OnDisk(place_of(cache_dir), stamp())


def tell_trouble(folder: Folder) -> None:
    """Say why results are not kept: nothing that was told is wrong for that."""
    if folder.trouble:
        print(f"gradsafe: results are not kept: {folder.trouble}.", file=sys.stderr)
