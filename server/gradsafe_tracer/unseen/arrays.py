"""The line that writes a NumPy array whose memory a tensor shares: torch never hears of it, the source shows it."""

from __future__ import annotations

import ast
from typing import Iterator, List, Optional

from ..events import Place
from ..told.source import statement_place, tree_of

ESCAPES = {"numpy", "array", "dlpack", "to_dlpack", "from_numpy", "untyped_storage", "storage", "data_ptr"}
"""Operations that give a tensor's memory to the outside, as events name them."""
_WRITING_METHODS = {"fill", "sort", "itemset", "partition", "resize", "put", "fill_", "copy_"}
_WRITING_FUNCTIONS = {"copyto", "put", "place", "putmask", "fill_diagonal"}


def first_write(escape: Place, operation: str) -> Place:
    """The first write after ``escape`` to the array that it made or took; ``escape`` itself where none is in sight."""
    tree = tree_of(escape.file)
    if tree is None:
        return escape
    scope = _scope(tree, escape.row)
    name = _array_name(scope, escape.row, operation)
    rows = [node for node in ast.walk(scope) if name and _writes(node, name) and _row(node) >= escape.row]
    if not rows:
        return escape
    return statement_place(escape.file, min(rows, key=_row))


def _row(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _scope(tree: ast.Module, row: int) -> ast.AST:
    """The innermost function around ``row``, or the module."""
    found: ast.AST = tree
    for node in ast.walk(tree):
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= row
        if inside and row <= (getattr(node, "end_lineno", 0) or 0):
            found = node
    return found


def _array_name(scope: ast.AST, row: int, operation: str) -> Optional[str]:
    for node in ast.walk(scope):
        if _row(node) != row:
            continue
        if operation == "from_numpy" and isinstance(node, ast.Call) and _called(node) == "from_numpy":
            return ast.unparse(node.args[0]) if node.args else None
        if operation != "from_numpy" and isinstance(node, ast.Assign):
            return ast.unparse(node.targets[0])
    return None


def _writes(node: ast.AST, name: str) -> bool:
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        return any(_is_part(target, name, isinstance(node, ast.AugAssign)) for target in _targets(node))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in _WRITING_METHODS and ast.unparse(node.func.value) == name:
            return True
        first = ast.unparse(node.args[0]) if node.args else ""
        out = any(keyword.arg == "out" and ast.unparse(keyword.value) == name for keyword in node.keywords)
        return out or (node.func.attr in _WRITING_FUNCTIONS and first == name)
    return False


def _targets(node: ast.AST) -> List[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]


def _is_part(target: ast.expr, name: str, whole: bool) -> bool:
    if isinstance(target, ast.Subscript):
        return ast.unparse(target.value) == name
    return whole and ast.unparse(target) == name


def _called(node: ast.Call) -> str:
    return next(iter(_names(node.func)), "")


def _names(func: ast.expr) -> Iterator[str]:
    if isinstance(func, ast.Attribute):
        yield func.attr
    elif isinstance(func, ast.Name):
        yield func.id
