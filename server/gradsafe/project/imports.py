"""Imports between the files of a workspace: which file a module name means, if it is one of ours.

Whether a file exists is asked through ``exists``, so that open documents which were never saved count as files.
Nothing is imported, and no interpreter's search path is read: what is outside the workspace is unknown.
"""

from __future__ import annotations

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
        return _in_folder(_upwards(Path(importer).parent, level - 1), parts, exists)
    if not parts or parts[0] in OUTSIDE:
        return None
    for folder in source_roots(root, importer, exists):
        found = _in_folder(folder, parts, exists)
        if found is not None:
            return found
    return None


def source_roots(root: str, importer: str, exists: Exists) -> Iterator[Path]:
    """Where absolute imports of ``importer`` are looked up, in order.

    The folder of a script comes first, as in Python; inside a package it is the folder around the outermost package
    instead, since there an absolute import never means a sibling.
    """
    own = Path(importer).parent
    for _ in range(MAX_PACKAGES):
        if not exists(str(own / "__init__.py")):
            break
        own = _upwards(own, 1)
    seen: set[Path] = set()
    for folder in (own, Path(root), Path(root) / "src"):
        if folder.absolute() not in seen:
            seen.add(folder.absolute())
            yield folder


def _upwards(folder: Path, steps: int) -> Path:
    for _ in range(steps):
        folder = folder.parent if folder.name else folder.absolute().parent
    return folder


def _in_folder(folder: Path, parts: list[str], exists: Exists) -> str | None:
    base = folder.joinpath(*parts)
    candidates = [base / "__init__.py"]
    if parts:
        candidates.append(base.with_name(f"{base.name}.py"))
    return next((str(candidate) for candidate in candidates if exists(str(candidate))), None)
