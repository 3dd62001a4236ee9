"""Which files are analysed: the Python files and notebooks below the paths that are given.

A file that is given by name is always taken. Below a folder, what ``.gitignore`` files (those of the folders above it
up to the repository's root included) and ``exclude`` leave out is left out, and so is what nobody writes by hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from gradsafe.project.settings import Settings
from gradsafe.syntax.source import Unreadable

SUFFIXES = (".py", ".ipynb")
NEVER = frozenset(
    {
        ".git", ".hg", ".svn", ".venv", "venv", ".env", ".tox", ".nox", "node_modules", "__pycache__", "__pypackages__",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints", ".eggs", "build", "dist",
        "site-packages",
    }
)  # fmt: skip
"""Folders that are never entered, whatever is configured."""


@dataclass(frozen=True)
class Found:
    """The files in the order of the paths, each once, and the paths where there was nothing to read."""

    files: tuple[str, ...]
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True)
class _Ignore:
    """One ``.gitignore`` (or ``exclude``), seen from its folder."""

    folder: Path
    spec: GitIgnoreSpec

    def says(self, path: Path, is_folder: bool) -> bool | None:
        """True: ignored, False: taken back by a later pattern, None: no word about it."""
        if self.folder not in path.parents:
            return None
        name = path.relative_to(self.folder).as_posix() + ("/" if is_folder else "")
        return self.spec.check_file(name).include


def discover(paths: Iterable[str], settings: Settings) -> Found:
    """The files that ``paths`` mean. Names keep the form in which their path was given."""
    files: dict[str, None] = {}
    unreadable: list[Unreadable] = []
    for path in paths:
        if _is_folder(path):
            folder = Path(path).absolute()
            outer = _outer_ignores(folder)
            if _ignored(folder, True, outer):  # whoever names an ignored folder means what is in it
                outer = []
            files.update(dict.fromkeys(_walk(path, outer, _excluded(settings))))
        elif _exists(path):
            files[path] = None
        else:
            unreadable.append(Unreadable(path, "there is no such file or folder", "Check the path."))
    return Found(tuple(files), tuple(unreadable))


def _walk(folder: str, ignores: list[_Ignore], excluded: list[_Ignore]) -> Iterator[str]:
    """The files below ``folder``, in order of their names; links to folders are not followed."""
    here = Path(folder).absolute()
    own = _read_ignore(here)
    ignores = [*ignores, own] if own is not None else ignores
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name in NEVER if is_folder else not entry.name.endswith(SUFFIXES):
            continue
        path = here / entry.name
        if _ignored(path, is_folder, ignores) or _ignored(path, is_folder, excluded):
            continue
        if is_folder:
            if not (Path(entry.path) / "pyvenv.cfg").exists():
                yield from _walk(entry.path, ignores, excluded)
        elif entry.is_file():
            yield entry.path


def _ignored(path: Path, is_folder: bool, ignores: Iterable[_Ignore]) -> bool:
    """The last file that says anything of a path decides, as git does."""
    verdict = False
    for ignore in ignores:
        said = ignore.says(path, is_folder)
        verdict = verdict if said is None else said
    return verdict


def _excluded(settings: Settings) -> list[_Ignore]:
    if not settings.exclude:
        return []
    return [_Ignore(Path(settings.folder).absolute(), GitIgnoreSpec.from_lines(settings.exclude))]


def _outer_ignores(folder: Path) -> list[_Ignore]:
    """The ``.gitignore`` files above ``folder``, outermost first, if it stands in a repository."""
    root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)
    above = [each for each in folder.parents if each == root or root in each.parents]
    found = (_read_ignore(each) for each in reversed(above))
    return [ignore for ignore in found if ignore is not None]


def _read_ignore(folder: Path) -> _Ignore | None:
    try:
        lines = (folder / ".gitignore").read_text("utf-8", errors="replace").splitlines()
        return _Ignore(folder, GitIgnoreSpec.from_lines(lines))
    except (OSError, ValueError):  # none there, or a pattern that is none: git passes over it too
        return None


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
