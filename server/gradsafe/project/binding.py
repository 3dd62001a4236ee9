"""Which names the statements of a module bind, told by CPython's parser.

Asked of every statement of every module that is imported, most of which nothing else is ever asked of: to lower them all
with libcst was a third of the time that a file with many imports took.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from gradsafe.interp.names import bound_names
from gradsafe.interp.world import CHANGED, ModuleFacts
from gradsafe.ir.instructions import Block
from gradsafe.ir.lower import perhaps_bound
from gradsafe.project.roots import name_of, outside
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.cpython import parsed
from gradsafe.syntax.guard import refusal
from gradsafe.syntax.kind import Kind

BROKEN = 400
"""So many statements of a module that CPython cannot read are given to libcst (0.6 ms each); of those below them names are guessed."""

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_TARGETS = (ast.Name, ast.Tuple, ast.List, ast.Starred)
_FEW = 8
"""Of so few statements one that is broken is not searched for."""


class Bindings:
    """What modules bind; of a statement that was seen before, be it in another file, nothing is read again.

    ``block`` lowers one chunk.
    """

    def __init__(self, block: Callable[[Chunk], Block]) -> None:
        self._block = block
        self._read: dict[str, frozenset[str] | None] = {}
        self._lowered: dict[tuple[Kind, str], frozenset[str]] = {}

    def __len__(self) -> int:
        """How many statements are known."""
        return len(self._read) + len(self._lowered)

    def clear(self) -> None:
        """Let go what is known of statements that may be gone."""
        self._read.clear()
        self._lowered.clear()

    def facts(self, file: str, root: Chunk) -> ModuleFacts:
        """Of the module in ``file``, whose chunk is ``root``."""
        self._read_new(root.children)
        binders: dict[str, list[int]] = {}
        stars: list[int] = []
        broken = 0
        for index, chunk in enumerate(root.children):
            names: set[str] = set()
            for each in _at_module_level(chunk):
                own = self._own(each)
                if own is None:
                    broken += 1
                    own = self._by_lowering(each) if broken <= BROKEN else perhaps_bound(each.text)
                names |= own
            for name in sorted(names):
                (stars if name == "*" else binders.setdefault(name, [])).append(index)
        return ModuleFacts(
            file, root.id, {name: tuple(found) for name, found in binders.items()}, tuple(stars)
        )

    def still(self, facts: ModuleFacts, old: Chunk, new: Chunk) -> bool:
        """Whether the facts of a module hold after an edit: each statement binds what the one in its place did."""
        if len(old.children) != len(new.children):
            return False
        pairs = zip(old.children, new.children, strict=True)
        return facts.root == new.id and all(self._names(a) == self._names(b) for a, b in pairs if a is not b)

    def _names(self, chunk: Chunk) -> object:
        """What a statement binds; equal to nothing else where that is not known for certain."""
        found = [self._own(each) for each in _at_module_level(chunk)]
        return object() if None in found else frozenset().union(*(each for each in found if each is not None))

    def _read_new(self, chunks: Sequence[Chunk]) -> None:
        texts = dict.fromkeys(each.text for each in chunks if each.kind is Kind.LEAF)
        new = [text for text in texts if text not in self._read and _stands_alone(text)]
        if len(new) > _FEW:
            self._read.update(names_of_many(new))

    def _own(self, chunk: Chunk) -> frozenset[str] | None:
        """What a chunk's own text binds; None where CPython cannot tell."""
        if chunk.kind in (Kind.DEF, Kind.CLASS):  # its header need not be parsed for that
            return frozenset({name_of(chunk)})
        if not chunk.text:
            return frozenset()
        if chunk.kind is not Kind.LEAF:
            return self._by_lowering(chunk)
        if chunk.text not in self._read:
            self._read[chunk.text] = names_bound(chunk.text)
        return self._read[chunk.text]

    def _by_lowering(self, chunk: Chunk) -> frozenset[str]:
        key = (chunk.kind, chunk.text)
        if key not in self._lowered:
            self._lowered[key] = frozenset(bound_names(self._block(chunk).instructions))
        return self._lowered[key]


def _at_module_level(chunk: Chunk) -> Iterator[Chunk]:
    """A statement and those within it that bind names where it stands."""
    yield chunk
    if chunk.kind in (Kind.COMPOUND, Kind.CLAUSE):
        yield from outside(chunk)


def _stands_alone(text: str) -> bool:
    return text[:1] not in (" ", "\t") and text[-1:] == "\n" and "\r" not in text and "\f" not in text


def names_of_many(texts: Sequence[str]) -> dict[str, frozenset[str]]:
    """The names that each of some statements in column 0 binds, read together: one by one it takes several times as long.

    What cannot be told so (it is broken, or goes on in the next) is left out, with some around it.
    """
    found = _read_together(texts)
    if found is None and len(texts) > _FEW:
        middle = len(texts) // 2
        return names_of_many(texts[:middle]) | names_of_many(texts[middle:])
    return found or {}


def _read_together(texts: Sequence[str]) -> dict[str, frozenset[str]] | None:
    """None where one of them is broken or ends in another."""
    joined = "".join(texts)
    tree = parsed(joined) if all(refusal(text) is None for text in texts) else None
    if tree is None:
        return None
    names: dict[str, frozenset[str]] = {}
    waiting = iter([*tree.body, None])
    statement, row = next(waiting), 1
    for text in texts:
        found: set[str] = set()
        row += text.count("\n")
        while statement is not None and statement.lineno < row:
            if statement.end_lineno is None or statement.end_lineno >= row:
                return None
            found.update(_names(statement, ":=" in text))
            statement = next(waiting)
        names[text] = frozenset(found)
    return names


def names_bound(text: str) -> frozenset[str] | None:
    """The names; ``*`` for a star import. None where this Python cannot tell: the text is broken, newer, or refused by the guard."""
    inside = text[:1] in (" ", "\t")  # a statement of a branch, say, never dedented
    tree = parsed(f"if 1:\n{text}" if inside else text) if refusal(text) is None else None
    return frozenset(_names(tree, ":=" in text)) if tree is not None else None


def _names(tree: ast.AST, walrus: bool) -> Iterator[str]:
    """Without a walrus no expression but a target binds anything: the others are not walked."""
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
        changed = _changed(node)
        if changed is not None:
            yield changed + CHANGED
        if not walrus and isinstance(node, ast.expr) and not isinstance(node, _TARGETS):
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


_MUTATORS = frozenset(
    {
        "add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop", "popitem", "popleft", "remove",
        "requires_grad_", "reverse", "rotate", "setdefault", "sort", "update",
    }
)  # fmt: skip
"""Methods of containers that change what is in them, and the one that freezes a module."""


def _changed(node: ast.AST) -> str | None:
    """The name into whose object a statement writes, or a target of one: ``a["b"] = c``, ``del a[0]``, ``a.b.c = d``, ``a.append(b)``."""
    into: ast.expr | None = None
    if isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
        into = node.value
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function, given = node.value.func, node.value.args
        if isinstance(function, ast.Attribute) and function.attr in _MUTATORS:
            into = function.value
        elif isinstance(function, ast.Name) and function.id in ("setattr", "delattr") and given:
            into = given[0]
    while isinstance(into, (ast.Subscript, ast.Attribute)):
        into = into.value
    return into.id if isinstance(into, ast.Name) else None
