"""A notebook cell without what only IPython runs. What of it is Python is run: under ``%%time`` and behind ``%time``."""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from typing import List, Tuple

_PYTHON_CELLS = ("time", "timeit", "capture", "prun", "memit")
_CELL = re.compile(r"%%(\w+)")
_TIMED = re.compile(r"(\s*)%time (?=\s*\S)")
_LINE = re.compile(r"(\s*)(?:%[A-Za-z]|!|\?)|(\s*)[\w.*]+\?{1,2}\s*$")
_ASSIGNED = re.compile(r"(\s*[\w.,\[\] \t]+=\s*)(%[A-Za-z]|!(?!=))")


def without_magics(number: int, source: str) -> Tuple[str, List[str]]:
    """A notebook cell as plain Python with the same rows, and what was left out of it."""
    notes: List[str] = []
    lines = source.splitlines()
    if _is_python(source):
        return "\n".join(lines) + "\n", notes
    magic = _CELL.match(lines[0])
    if magic is not None:
        if magic.group(1) not in _PYTHON_CELLS:
            return "\n" * len(lines), [f"cell {number}: skipped, it starts with {lines[0].split()[0]}"]
        notes.append(f"cell {number}: run without its {lines[0].split()[0]}")
        lines[0] = ""
    goes_on = False
    for row, line in enumerate(lines):
        plain = "" if goes_on else _plain(line)
        if plain != line and not goes_on and _inside(lines[:row]):
            plain = line
        goes_on = plain != line and line.endswith("\\")
        if plain != line:
            if not _TIMED.match(line):
                notes.append(f"cell {number}, line {row + 1}: skipped `{line.strip()}`")
            lines[row] = plain
    return "\n".join(lines) + "\n", notes


def _is_python(source: str) -> bool:
    """A ``%`` at the start of a line may be an operator: only text that is no Python can hold magics."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _inside(lines: List[str]) -> bool:
    """Whether the line after these stands in a string or in brackets, where it may begin as a magic does."""
    pieces = iter([line + "\n" for line in lines])
    try:
        for _ in tokenize.generate_tokens(lambda: next(pieces, "")):
            pass
    except tokenize.TokenError:
        return True
    except SyntaxError:  # an indentation that will be told when it is compiled
        return False
    return False


def _plain(line: str) -> str:
    timed = _TIMED.match(line)
    if timed is not None:
        return f"{timed.group(1)}if 1:{line[timed.end() - 1 :]}"  # as long as it was: columns stay
    assigned = _ASSIGNED.match(line)
    if assigned is not None:
        return assigned.group(1) + ("[]" if assigned.group(2) == "!" else "None")
    magic = _LINE.match(line)
    return line if magic is None else (magic.group(1) or magic.group(2) or "") + "pass"
