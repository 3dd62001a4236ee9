"""Imports between the files of a workspace: which file a module name means, if it is one of ours.

Whether a file exists is asked through ``exists``, so that open documents which were never saved count as files.
Nothing is imported, and no interpreter's search path is read: what is outside the workspace is unknown.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

OUTSIDE = frozenset({"torch", "numpy", "builtins"})
"""Never a workspace file, also where the workspace is that library's own source: the analysis knows them by name."""

MAX_PACKAGES = 32

Exists = Callable[[str], bool]


def find_module(root: str, importer: str, name: str, level: int, exists: Exists) -> str | None:
    """The file that ``from <level dots><name> import`` (or ``import name``) in the file ``importer`` names.

    A package is its ``__init__.py``. None for a namespace package, and for what is not in the workspace.
    """
    parts = [part for part in name.split(".") if part]
    if level:
        return _in_folder(_upwards(_folder_of(importer), level - 1), parts, exists)
    if not parts or parts[0] in OUTSIDE:
        return None
    for folder in source_roots(root, importer, exists):
        found = _in_folder(folder, parts, exists)
        if found is not None:
            return found
    return None


def source_roots(root: str, importer: str, exists: Exists) -> Iterator[str]:
    """Where absolute imports of ``importer`` are looked up, in order.

    The folder of a script comes first, as in Python; inside a package it is the folder around the outermost package
    instead, since there an absolute import never means a sibling.
    """
    own = _folder_of(importer)
    for _ in range(MAX_PACKAGES):
        if not exists(_joined(own, "__init__.py")):
            break
        own = _upwards(own, 1)
    seen: set[str] = set()
    for folder in (own, *_roots(root)):
        absolute = folder if os.path.isabs(folder) else str(Path(folder).absolute())  # noqa: PTH117
        if absolute not in seen:
            seen.add(absolute)
            yield folder


# A package's imports are tens of thousands: folders are texts here, spelled as pathlib spells them.


@functools.lru_cache(1 << 14)
def _folder_of(file: str) -> str:
    return str(Path(file).parent)


@functools.lru_cache(16)
def _roots(root: str) -> tuple[str, str]:
    return str(Path(root)), str(Path(root, "src"))


def _joined(folder: str, name: str) -> str:
    if folder == ".":
        return name
    return folder + name if folder.endswith(os.sep) else folder + os.sep + name


def _upwards(folder: str, steps: int) -> str:
    for _ in range(steps):
        above, name = os.path.split(folder)
        is_top = not name or folder == "."
        folder = str(Path(folder).absolute().parent) if is_top else above or "."
    return folder


def _in_folder(folder: str, parts: list[str], exists: Exists) -> str | None:
    base = functools.reduce(_joined, parts, folder)
    package = _joined(base, "__init__.py")
    if exists(package):
        return package
    return f"{base}.py" if parts and exists(f"{base}.py") else None
