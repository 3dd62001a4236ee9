"""IPython's own syntax in cells, replaced by Python of the same length so that no position moves."""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache

_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun"})
_LINE_MAGIC = re.compile(r"^([ \t]*)(%[A-Za-z]|!|\?)(.*)$")
_ASSIGNED_MAGIC = re.compile(r"^([ \t]*[\w.,\[\] \t]+=[ \t]*)(%[A-Za-z]|!(?!=))(.*)$")
_HELP = re.compile(r"^([ \t]*)([\w.*]+\?{1,2})[ \t]*$")


@lru_cache(maxsize=512)
def without_magics(text: str) -> str:
    """``text`` with magics, shell lines and help made Python that does nothing we know of.

    ``_`` stands for what they yield: in IPython the last output, to the analysis an unknown.
    """
    if not any(sign in text for sign in "%!?") or _is_python(text):
        return text
    lines = text.split("\n")
    cell_magic = _CELL_MAGIC.match(lines[0])
    if cell_magic is not None:
        if cell_magic.group(1) not in _PYTHON_CELL_MAGICS:
            return "\n".join(_comment(line) for line in lines)
        lines[0] = _comment(lines[0])
    return "\n".join(_plain(line) for line in lines)


def _is_python(text: str) -> bool:
    """A ``%`` at the start of a line may be an operator: only text that is no Python can hold magics."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _comment(line: str) -> str:
    return "#" + line[1:] if line.strip() else line


def _plain(line: str) -> str:
    for pattern in (_LINE_MAGIC, _ASSIGNED_MAGIC, _HELP):
        match = pattern.match(line)
        if match is not None:
            before = match.group(1)
            rest = line[len(before) + 1 :]
            return f"{before}_{'#' + rest[1:] if rest else ''}"
    return line
