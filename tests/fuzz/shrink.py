"""Deletes statements from a program while a property of it stays."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator


def shrink(text: str, holds: Callable[[str], bool]) -> str:
    """The smallest program found for which ``holds`` is still true."""
    changed = True
    while changed:
        changed = False
        for candidate in _candidates(text):
            if holds(candidate):
                text, changed = candidate, True
                break
    return text


def _candidates(text: str) -> Iterator[str]:
    """The text without one of its statements, the largest statements first, then with a body in place of its block."""
    tree = ast.parse(text)
    lines = text.splitlines()
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    statements.sort(
        key=lambda node: ((node.end_lineno or node.lineno) - node.lineno, node.lineno), reverse=True
    )
    for node in statements:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
        last = node.end_lineno or node.lineno
        rest = lines[:first] + lines[last:]
        for candidate in (rest, [*lines[:first], " " * node.col_offset + "pass", *lines[last:]]):
            joined = "\n".join(candidate) + "\n"
            if lines[first].strip() == "pass" and candidate is not rest:
                continue
            if _parses(joined):
                yield joined
                break


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
