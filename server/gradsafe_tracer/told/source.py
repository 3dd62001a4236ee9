"""Reads the user's source at a place: how a write is spelled, and on what."""

from __future__ import annotations

import ast
import linecache
from typing import Dict, Optional, Tuple

from ..events import Place
from ..seen.places import code_points

_trees: Dict[str, Optional[ast.Module]] = {}
_indexes: Dict[str, _Index] = {}


def forget() -> None:
    """Drops what was read: files may have changed since the last run."""
    _trees.clear()
    _indexes.clear()


def how(place: Optional[Place], operation: str) -> str:
    """One of ``augmented setitem out method function other``."""
    if place is None:
        return "other"
    node, statement = _nodes(place)
    if isinstance(statement, ast.AugAssign) and not isinstance(node, ast.Call):
        return "augmented"
    if isinstance(node, ast.Subscript) or operation == "setitem":
        return "setitem"
    if isinstance(node, ast.Call):
        if any(keyword.arg == "out" for keyword in node.keywords):
            return "out"
        return "method" if isinstance(node.func, ast.Attribute) and operation.endswith("_") else "function"
    return "other"


def receiver(place: Optional[Place], operation: str) -> Optional[str]:
    """The text of what ``operation`` works on, where the place itself spells that operation.

    A module's call, or a constructor that initialises its weights, names something else.
    """
    if place is None:
        return None
    node, statement = _nodes(place)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            if node.func.attr != operation:
                return None
            if not _is_namespace(node.func.value):
                return ast.unparse(node.func.value)
        elif not isinstance(node.func, ast.Name) or node.func.id != operation:
            return None
        return ast.unparse(node.args[0]) if node.args else None
    if isinstance(statement, ast.AugAssign):
        return ast.unparse(statement.target)
    return ast.unparse(node.value) if isinstance(node, ast.Subscript) else None


def called(place: Optional[Place]) -> Optional[str]:
    """The text of what is called there (``Spike.apply``)."""
    node = None if place is None else _nodes(place)[0]
    return ast.unparse(node.func) if isinstance(node, ast.Call) else None


def operand(place: Optional[Place], role: Optional[str], operation: str) -> Optional[str]:
    """The text of the operand that was saved as ``role``, where the source shows it."""
    if place is None or role is None:
        return None
    node, statement = _nodes(place)
    if role.startswith("result"):
        if isinstance(statement, ast.Assign) and statement.value is node:
            return ast.unparse(statement.targets[0])
        return None
    if isinstance(node, ast.BinOp):
        side = {"self": node.left, "other": node.right, "mat1": node.left, "mat2": node.right}.get(role)
        return None if side is None else ast.unparse(side)
    if isinstance(node, ast.Call) and role == "self":
        return receiver(place, operation)
    return None


def _is_namespace(node: ast.expr) -> bool:
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in ("torch", "F", "nn", "functional", "np", "numpy")


Found = Tuple[Optional[ast.AST], Optional[ast.stmt]]
Span = Tuple[int, int, int, int]


class _Index:
    """One file's tree, by place: built once, since every event asks."""

    def __init__(self, filename: str, tree: ast.Module) -> None:
        self._spans: Dict[Span, ast.AST] = {}
        self._rows: Dict[int, ast.stmt] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt):
                # Outer statements come first: what stays is the innermost one of each row.
                for row in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    self._rows[row] = node
            elif isinstance(node, ast.expr):
                self._spans.setdefault(_span(node, filename), node)

    def find(self, place: Place) -> Found:
        """The expression at ``place`` and the statement around it; on old Pythons the first call that ends there."""
        statement = self._rows.get(place.row)
        found = self._spans.get((place.row, place.column, place.end_row, place.end_column))
        if found is None and statement is not None:
            calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
            on_row = [node for node in calls if node.end_lineno == place.end_row]
            found = next(iter(on_row or calls), None)
        return found, statement


def _nodes(place: Place) -> Found:
    tree = tree_of(place.file)
    if tree is None:
        return None, None
    index = _indexes.get(place.file)
    if index is None:
        index = _indexes[place.file] = _Index(place.file, tree)
    return index.find(place)


def _span(node: ast.AST, filename: str) -> Span:
    row, end_row = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    column, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
    return row, code_points(filename, row, column) + 1, end_row, code_points(filename, end_row, end) + 1


def tree_of(filename: str) -> Optional[ast.Module]:
    """The parsed file, or None where it cannot be read as Python."""
    if filename not in _trees:
        text = "".join(linecache.getlines(filename))
        try:
            _trees[filename] = ast.parse(text) if text else None
        except (SyntaxError, ValueError, RecursionError):
            _trees[filename] = None
    return _trees[filename]


def statement_place(filename: str, node: ast.AST) -> Place:
    """The place of a node of the file's tree."""
    return Place(filename, *_span(node, filename))
