"""What is typed, and into what: released files of about so many lines, and a word of a statement in five places of each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

from tools.known_good.packages import pinned, sources

T = TypeVar("T")

FILES = (
    (100, "torch", "torch/distributions/exponential.py"),
    (300, "torch", "torch/nn/modules/dropout.py"),
    (1_000, "transformers", "transformers/models/sew/modeling_sew.py"),
    (2_000, "torch", "torch/nn/modules/conv.py"),
    (4_000, "transformers", "transformers/models/qwen2_5_omni/modeling_qwen2_5_omni.py"),
    (8_000, "torch", "torch/nn/functional.py"),
)
"""By about how many lines they have; the largest that is PyTorch code has 7,284."""
PACKAGES = ("torch", "transformers")
KINDS = ("in a function", "in a method", "at top level", "in a signature", "in an import")


@dataclass(frozen=True)
class Material:
    """One file. ``lines``: about how many."""

    lines: int
    name: str
    text: str


@dataclass(frozen=True)
class Key:
    """One edit: what was at an offset is replaced, and the text is ``text`` then."""

    start: dict[str, int]
    end: dict[str, int]
    new: str
    text: str


def folders(cache: Path) -> dict[str, Path]:
    """Where the sources of the packages lie, downloaded if need be."""
    return {each.name: sources(each, cache) for each in pinned(PACKAGES)}


def materials(found: dict[str, Path], most: int) -> list[Material]:
    """The files of at most about so many lines."""
    return [
        Material(lines, name, (found[package] / name).read_text("utf-8"))
        for lines, package, name in FILES
        if lines <= most
    ]


@dataclass(frozen=True)
class _Spot:
    """Where a word is typed: at an offset; with a new line, after its indent, or in the middle of one."""

    offset: int
    word: str
    indent: str = ""
    has_line: bool = True


def keys(text: str, kind: str) -> Iterator[Key]:
    """A word is typed character by character, and taken away again in one go; nothing where there is no such place."""
    spot = _spot(text, kind)
    if spot is None:
        return
    before, after = text[: spot.offset], text[spot.offset :]
    row, column = before.count("\n"), spot.offset - (before.rfind("\n") + 1)
    start, tail, typed = _at(row, column), "\n" if spot.has_line else "", spot.indent
    if spot.has_line:
        yield Key(start, start, typed + tail, before + typed + tail + after)
    for letter in spot.word:
        here = _at(row, column + len(typed))
        typed += letter
        yield Key(here, here, letter, before + typed + tail + after)
    yield Key(start, _at(row + 1, 0) if spot.has_line else _at(row, column + len(typed)), "", text)


def _at(row: int, column: int) -> dict[str, int]:
    return {"line": row, "character": column}


def _spot(text: str, kind: str) -> _Spot | None:
    """In the middle of the file, as far as it has such a place."""
    tree = ast.parse(text)
    starts = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    classes = [each for each in tree.body if isinstance(each, ast.ClassDef)]
    methods = [each for owner in classes for each in owner.body if isinstance(each, ast.FunctionDef)]
    found: ast.stmt | None
    if kind in ("in a function", "in a method"):
        owner = _middle(functions if kind == "in a function" else methods)
        return (
            _Spot(starts[owner.body[-1].lineno - 1], "extra = 1", " " * owner.body[-1].col_offset)
            if owner
            else None
        )
    if kind == "in a signature":
        owner = _middle([each for each in (*functions, *methods) if each.args.args])
        if owner is None:
            return None
        first = owner.args.args[0]
        line = text[starts[first.lineno - 1] : starts[first.lineno]].encode()
        column = len(line[: first.end_col_offset].decode())  # ast counts bytes
        return _Spot(starts[first.lineno - 1] + column, ", extra", has_line=False)
    if kind == "in an import":
        found = next((each for each in tree.body if isinstance(each, (ast.Import, ast.ImportFrom))), None)
        return _Spot(starts[found.lineno - 1], "import extra") if found else None
    definitions: list[ast.FunctionDef | ast.ClassDef] = [*functions, *classes]
    top = _middle(definitions)
    if top is None:
        return None
    row = min([top.lineno, *(each.lineno for each in top.decorator_list)])
    return _Spot(starts[row - 1], "EXTRA = 1")


def _middle(found: list[T]) -> T | None:
    return found[len(found) // 2] if found else None
