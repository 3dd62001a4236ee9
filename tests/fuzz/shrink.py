"""Deletes statements from a program while a property of it stays."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable


def shrink(text: str, holds: Callable[[str], bool], seconds: float = 10.0) -> str:
    """A small program for which ``holds`` is still true: no single statement can go, or the time is over."""
    deadline = time.monotonic() + seconds
    position, untouched = 0, 0
    while time.monotonic() < deadline:
        spans = _statements(text)
        if untouched >= len(spans):
            return text
        position %= len(spans)
        smaller = _without(text, *spans[position])
        if smaller is not None and holds(smaller):
            text, untouched = smaller, 0
        else:
            position, untouched = position + 1, untouched + 1
    return text


def _statements(text: str) -> list[tuple[int, int, int]]:
    """First row, last row and indentation of each statement, the large ones first."""
    spans = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Pass):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            spans.add((first, node.end_lineno or first, node.col_offset))
    return sorted(spans, key=lambda span: (span[0] - span[1], -span[0]))


def _without(text: str, first: int, last: int, indent: int) -> str | None:
    lines = text.splitlines()
    for middle in ([], [" " * indent + "pass"]):
        candidate = "\n".join([*lines[: first - 1], *middle, *lines[last:]]) + "\n"
        try:
            ast.parse(candidate)
        except SyntaxError:
            continue
        return candidate
    return None
