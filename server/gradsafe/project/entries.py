"""Entry points: the functions and scripts that a program is started by, as its configuration names them.

``train.py:main`` and ``package.module:Trainer.fit`` name a function, ``train.py`` and ``package.module`` a script.
"""

from __future__ import annotations

import ast
import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gradsafe.project.imports import find_module
from gradsafe.syntax.source import Unreadable, read

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """``names``: the classes around a function and itself; none for a script."""

    file: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoEntryPoint:
    """Why a text names none, and what to write."""

    why: str
    remedy: str


def by_file(
    entries: Iterable[EntryPoint], name: Callable[[str], str]
) -> dict[str, frozenset[tuple[str, ...]]]:
    """The names of the entry points of each file, under the name that ``name`` gives it; ``()`` is that of a script."""
    found: dict[str, frozenset[tuple[str, ...]]] = {}
    for each in entries:
        file = name(each.file)
        found[file] = found.get(file, frozenset()) | {each.names}
    return found


def entry_point(folder: str, text: str) -> EntryPoint | NoEntryPoint:
    """What ``text`` names, seen from ``folder``. Reads the file: a function that is not there must not go unnoticed."""
    where, colon, function = text.rpartition(":")
    if not colon or "/" in function or "\\" in function:  # the colon of a drive
        where, function = text, ""
    if "\0" in text or (colon and where != text and not _DOTTED.fullmatch(function)):
        return NoEntryPoint(
            f"{text!r} names no function", 'Write it as "train.py:main" or "package.module:main".'
        )
    file = _file(folder, where)
    if file is None:
        return NoEntryPoint(
            f"there is no {where!r}", "Name a file or a module, as it is seen from this folder."
        )
    names = tuple(function.split(".")) if function else ()
    known = functions(file)
    if not names or known is None or function in known:
        return EntryPoint(file, names)
    near = [each for each in known if each.rpartition(".")[2] == function] or difflib.get_close_matches(
        function, known, n=2, cutoff=0.5
    )
    remedy = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known) or 'none'}."
    return NoEntryPoint(f"there is no function {function!r} in {where!r}", remedy)


def in_scope(entries: Iterable[EntryPoint], files: Iterable[str]) -> dict[str, None]:
    """The files, and those of the entry points: what these find is told wherever it is, whichever files were asked for.

    Spelled as the files are, and not twice.
    """
    found = dict.fromkeys(files)
    known = {os.path.abspath(file) for file in found}  # noqa: PTH100  (links are not followed)
    relative = any(not Path(file).is_absolute() and ":" not in file[2:] for file in found)
    for entry in entries:
        if entry.file not in known:
            found[_relative(entry.file) if relative else entry.file] = None
    return found


def _relative(file: str) -> str:
    try:
        return os.path.relpath(file)
    except ValueError:  # another drive
        return file


def functions(file: str) -> tuple[str, ...] | None:
    """The functions and methods of a file that may be named; None where that cannot be told."""
    source = read(file)
    if isinstance(source, Unreadable) or file.endswith(".ipynb"):
        return None
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tuple(dict.fromkeys(_functions(tree, "")))


def _functions(node: ast.AST, prefix: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + child.name
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, (ast.stmt, ast.ExceptHandler)):
            yield from _functions(child, prefix)


def _file(folder: str, where: str) -> str | None:
    path = Path(folder, where)
    if _is_file(str(path)):
        return os.path.abspath(path)  # noqa: PTH100  (links are not followed)
    if not _DOTTED.fullmatch(where):
        return None
    return find_module(folder, str(Path(folder, "pyproject.toml")), where, 0, _is_file)


def _is_file(file: str) -> bool:
    try:
        return Path(file).is_file()
    except (OSError, ValueError):
        return False
