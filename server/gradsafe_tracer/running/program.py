"""Runs the user's file as Python would: whole, or up to one of its cells."""

from __future__ import annotations

import builtins
import importlib.machinery
import inspect
import json
import linecache
import re
import runpy
import sys
import tokenize
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Optional, Tuple

from .magics import without_magics

_MARKER = re.compile(r"#[ \t]*(?:%%(?!.*\[(?:markdown|md|raw)\])|In\[[ \d]*\]|<codecell>)", re.IGNORECASE)
_DATABRICKS = "# Databricks notebook source"
_COMMAND = re.compile(rf"{_DATABRICKS}|# COMMAND -")
_MAGIC_COMMENT = re.compile(r"# (?:DBTITLE|MAGIC)\b|\s*$")


class ProgramError(Exception):
    """The program cannot be started; ``problem`` is the slug of why."""

    def __init__(self, problem: str, message: str, row: Optional[int] = None) -> None:
        super().__init__(message)
        self.problem = problem
        self.row = row


@dataclass(frozen=True)
class Cell:
    """Some rows of a file: ``text`` is padded so that its rows are the file's."""

    number: int
    filename: str
    text: str


@dataclass(frozen=True)
class Program:
    """A file cut into cells; a plain run has one, numbered 0. ``texts``: as they run, whatever becomes of the files."""

    path: str
    cells: Tuple[Cell, ...]
    notes: Tuple[str, ...] = ()
    texts: Tuple[Tuple[str, str], ...] = ()
    module: Optional[str] = None


def of_module(name: str) -> Program:
    """A module to be run as ``python -m name`` does; it is looked up when it runs, since that runs its packages."""
    return Program(f"-m {name}", (), module=name)


def load(path: str, cell: Optional[int], source: Optional[str] = None) -> Program:
    """Reads ``path`` (its text from ``source``); with ``cell``, cuts it into the cells up to that one."""
    try:
        raw = Path(source or path).read_bytes()
    except FileNotFoundError:
        raise ProgramError("no-file", f"{path}: no such file") from None
    except IsADirectoryError:
        raise ProgramError("a-folder", f"{path} is a folder") from None
    except (OSError, ValueError) as error:
        raise ProgramError("unreadable", f"{path}: {error}") from None
    if path.endswith(".ipynb"):
        return _notebook(path, raw, cell)
    text = _decode(path, raw)
    cells = _split(path, text) if cell is not None else [Cell(0, path, text)]
    return _chosen(path, cells, cell or 0, (), ((path, text),))


def _decode(path: str, raw: bytes) -> str:
    import io

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        return io.TextIOWrapper(io.BytesIO(raw), encoding, newline=None).read()
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ProgramError("not-text", f"{path}: not Python source text ({error})") from None


def _split(path: str, text: str) -> List[Cell]:
    """The cells as ``gradsafe.syntax.cells`` cuts them: what is no code goes with the cell above it."""
    lines = text.splitlines(keepends=True)
    marker = _COMMAND if text.startswith(_DATABRICKS) else _MARKER
    marked = [number for number, line in enumerate(lines) if marker.match(line)]
    if marker is _COMMAND:
        ends = [*marked[1:], len(lines)]
        marked = [
            start
            for start, end in zip(marked, ends)
            if not all(_MAGIC_COMMENT.match(line) for line in lines[start + 1 : end])
        ]
    starts = [0, *marked, len(lines)]
    return [
        Cell(number, path, "\n" * start + "".join(lines[start : starts[number + 1]]))
        for number, start in enumerate(starts[:-1])
    ]


def _notebook(path: str, raw: bytes, cell: Optional[int]) -> Program:
    try:
        sources = [one["source"] for one in json.loads(raw)["cells"] if one["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as error:
        raise ProgramError("not-a-notebook", f"{path}: not a notebook ({error})") from None
    cells: List[Cell] = []
    notes: List[str] = []
    for number, source in enumerate(sources, 1):
        text, skipped = without_magics(number, source if isinstance(source, str) else "".join(source))
        notes += skipped
        cells.append(Cell(number, f"{path}#{number}", text))
    texts = tuple((one.filename, one.text) for one in cells)
    return _chosen(path, cells, len(cells) if cell is None else cell, tuple(notes), texts)


def _chosen(
    path: str, cells: List[Cell], number: int, notes: Tuple[str, ...], texts: Tuple[Tuple[str, str], ...]
) -> Program:
    last = max((cell.number for cell in cells), default=0)
    if number < 0 or number > last:
        count = (
            f"has {last} cell{'s' if last != 1 else ''}"
            if last
            else "has no cells (lines that start with # %%)"
        )
        raise ProgramError("no-cell", f"{path} {count}; there is no cell {number}")
    return Program(path, tuple(cell for cell in cells if cell.number <= number), notes, texts)


def compile_cells(program: Program, flags: int = 0) -> List[types.CodeType]:
    """The code of each cell, with the compiler's ``flags``; a syntax error names its row."""
    codes = []
    for cell in program.cells:
        try:
            codes.append(compile(cell.text, cell.filename, "exec", flags, dont_inherit=True))
        except SyntaxError as error:
            message = f"{cell.filename}:{error.lineno}: {error.msg}"
            raise ProgramError("syntax", message, error.lineno) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise ProgramError("syntax", f"{cell.filename}: {error}") from None
    for filename, text in program.texts:
        lines = [line + "\n" for line in text.splitlines()]
        linecache.cache[filename] = (len(text), None, lines, filename)
    return codes


def run(program: Program, codes: List[types.CodeType], arguments: List[str]) -> None:
    """Runs the cells, or the module, in a fresh ``__main__``."""
    if program.module is not None:
        _run_module(program.module, arguments)
        return
    module = main_module(program.path, arguments)
    for code in codes:
        run_code(code, module)


def run_code(code: types.CodeType, module: types.ModuleType) -> None:
    """The innermost frame that is not the user's: what is traced ends here (``places.STOP``)."""
    result = eval(code, module.__dict__)
    if code.co_flags & inspect.CO_COROUTINE:  # a notebook cell with a bare ``await``
        import asyncio

        asyncio.run(result)


def main_module(path: str, arguments: List[str]) -> types.ModuleType:
    """A fresh ``__main__`` of a program at ``path``, and the interpreter as that program expects it."""
    sys.argv = [path, *arguments]
    _first_on_path(str(Path(path).resolve().parent))
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    return _main(__file__=str(Path(path).absolute()), __cached__=None, __loader__=loader, __package__=None)


def _main(**fields: Any) -> types.ModuleType:
    module = types.ModuleType("__main__")
    module.__dict__.update(__builtins__=builtins, __annotations__={}, **fields)
    sys.modules["__main__"] = module
    return module


def _first_on_path(folder: str) -> None:
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, folder)


class _NoModule(ImportError):
    """What runpy says of a name that it cannot run."""


def _run_module(name: str, arguments: List[str]) -> None:
    sys.argv = ["-m", *arguments]  # what a package sees that is imported on the way
    _first_on_path(str(Path.cwd()))
    details: Any = runpy._get_module_details  # type: ignore[attr-defined]  # as pdb and cProfile do
    try:
        _, spec, code = details(name, _NoModule)
    except _NoModule as error:
        raise ProgramError("no-module", str(error)) from None
    sys.argv[0] = spec.origin
    module = _main(
        __file__=spec.origin,
        __cached__=spec.cached,
        __loader__=spec.loader,
        __package__=spec.parent,
        __spec__=spec,
    )
    run_code(code, module)
