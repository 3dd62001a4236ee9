"""Which names a module-level statement binds, told by CPython's parser.

Asked of every statement of every module that is imported, most of which nothing else is ever asked of: to lower them all
with libcst was a third of the time that a file with many imports took.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradsafe.syntax.cpython import parsed
from gradsafe.syntax.guard import refusal

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def names_bound(text: str) -> frozenset[str] | None:
    """The names; ``*`` for a star import. None where this Python cannot tell: the text is broken, newer, or refused by the guard."""
    inside = text[:1] in (" ", "\t")  # a statement of a branch, say, never dedented
    tree = parsed(f"if 1:\n{text}" if inside else text) if refusal(text) is None else None
    return frozenset(_names(tree)) if tree is not None else None


def _names(tree: ast.AST) -> Iterator[str]:
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, _SCOPES):
            yield node.name
            continue
        if isinstance(node, (ast.Lambda, *_COMPREHENSIONS)) or (
            isinstance(node, ast.AnnAssign) and not node.value
        ):
            continue
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                yield node.id
        elif isinstance(node, ast.Import):
            yield from (each.asname or each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (each.asname or each.name for each in node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest
        stack.extend(ast.iter_child_nodes(node))
