"""What the text of a file says of its roots before any is run: which there are, how long they are, which of them may write to a tensor.

Told statement by statement of the module, so that an edit costs the statement that it changed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from gradsafe.interp.analyse import Root, RootKind
from gradsafe.project.roots import functions_in, name_of, named, outside
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.span import ChunkId

_RISKS = re.compile(
    r"[^\W_]_\s*\(|[-+*/%@&|^]=|(?:<<|>>|//|\*\*)=|\]\s*=(?!=)|\bout\s*=|\binplace\b|\.data\b|\bbackward\b|\.step\s*\(|\bnumpy\b"
    r"|\binference_mode\b|\bgrad\s*\("
)
"""What a text holds that writes to a tensor or runs backward."""

_PROSE = re.compile(
    r'#[^\n]*|"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'',
    re.DOTALL,
)
"""Comments and strings: half of a library's text, and full of examples."""


class Function(NamedTuple):
    """A function or method that is a root. ``lines``: logical ones; ``writes``: something in its text may write to a tensor or run backward."""

    lines: int
    writes: bool


class _Piece(NamedTuple):
    """What one statement of a module says: its roots, and each function in it by its chunk. ``name``: of a function or class."""

    chunk: Chunk
    name: str
    roots: tuple[Root, ...]
    functions: dict[ChunkId, Function]
    known: dict[ChunkId, tuple[Chunk, bool, Function]]
    """The same with the chunk that it was read from, and whether its class holds modules that write in place."""


class Outline:
    """Of one state of a file. ``entries``: the names of the functions that the program is started by."""

    roots: tuple[Root, ...]
    functions: dict[ChunkId, Function]
    module_lines: int
    """Logical lines outside of functions."""

    def __init__(
        self, tree: Chunk, entries: Collection[tuple[str, ...]] = (), before: Outline | None = None
    ) -> None:
        self.tree = tree
        known = before._pieces if before is not None else {}
        self._pieces: dict[ChunkId, _Piece] = {}
        changed: list[tuple[_Piece | None, _Piece]] = []
        for chunk in tree.children:
            if chunk.kind is Kind.LEAF:
                continue
            piece = known.get(chunk.id)
            if piece is None or piece.chunk is not chunk:
                old, piece = piece, _read(chunk, piece)
                changed.append((old, piece))
            self._pieces[chunk.id] = piece
        if before is not None and _are_those_of(self._pieces, known, changed):
            self.functions = before.functions | {
                key: one for _, piece in changed for key, one in piece.functions.items()
            }
            self.roots = before.roots
        else:
            pieces = self._pieces.values()
            self.functions = {key: one for piece in pieces for key, one in piece.functions.items()}
            self.roots = self._roots(entries, before)
        self.module_lines = tree.lines - sum([each.lines for each in self.functions.values()])
        self._module_rank = 0 if self._does_something() else 4

    def _roots(self, entries: Collection[tuple[str, ...]], before: Outline | None) -> tuple[Root, ...]:
        module = Root(RootKind.MODULE, self.tree.id.file, self.tree.id)
        if before is not None and before.roots[0] == module:
            module = before.roots[0]  # what is the same object is found faster
        found = {root.names: root for piece in self._pieces.values() for root in piece.roots}
        return (module, *named(found, entries))

    def lines(self, root: Root) -> int:
        """That have to be parsed to run the root."""
        if root.kind is RootKind.MODULE:
            return self.module_lines
        found = self.functions.get(root.scope)
        return found.lines if found is not None else 0

    def rank(self, root: Root) -> int:
        """First what the program is started by: entry points (0), and the module's own statements if they do anything to tensors; then the functions that
        write something (1), then the rest, and last those that only make or register something.
        """
        if root.kind is RootKind.MODULE:
            return self._module_rank
        if root.kind is RootKind.ENTRY:
            return 0
        found = self.functions.get(root.scope)
        if found is None or not found.writes:
            return 3 if root.names[-1:] == ("__init__",) else 2
        return 1

    def _does_something(self) -> bool:
        """Whether a module's own statements, or what they call in this file, look as if they ran a model. A module that only
        defines and registers does not, and its decorators and tables can take all that there is to spend.
        """
        scopes = {piece.name: piece.chunk for piece in self._pieces.values() if piece.name}
        waiting = [each for each in outside(self.tree) if each.kind not in (Kind.DEF, Kind.CLASS)]
        while waiting:
            acts, called = _said(waiting.pop().text)
            if acts:
                return True
            for name in called & scopes.keys():
                waiting.extend(scopes.pop(name).walk())
        return False

    def acts(self, root: Root) -> bool:
        """Whether the root's own text may write to a tensor or run backward. What else it has to tell is about what it calls."""
        return self.rank(root) <= 1


def _are_those_of(
    new: dict[ChunkId, _Piece], old: dict[ChunkId, _Piece], changed: Iterable[tuple[_Piece | None, _Piece]]
) -> bool:
    """Whether all pieces hold the roots that they held, in the same order."""
    if len(new) != len(old) or list(new) != list(old):
        return False
    return all(
        was is not None and was.roots == now.roots and was.functions.keys() == now.functions.keys()
        for was, now in changed
    )


def _read(chunk: Chunk, before: _Piece | None) -> _Piece:
    """Of a function, class or compound statement; what is as it was before is not read again."""
    known = before.known if before is not None else {}
    functions: dict[ChunkId, tuple[Chunk, bool, Function]] = {}
    stack = [(chunk, False)]
    while stack:
        each, within = stack.pop()
        if each.kind is not Kind.DEF:
            if each.kind is Kind.CLASS:
                within = any("inplace" in one.text for one in _constructor(each))
            stack.extend((child, within) for child in each.children)
            continue
        found = known.get(each.id)
        if found is None or found[0] is not each or found[1] != within:
            writes = within or any(_is_risky(one.text) for one in each.walk())
            found = (each, within, Function(each.lines, writes))
        functions[each.id] = found
    old = {root: root for root in before.roots} if before is not None else {}
    roots = tuple(old.get(root, root) for root in functions_in(chunk))
    name = name_of(chunk) if chunk.kind in (Kind.DEF, Kind.CLASS) else ""
    return _Piece(chunk, name, roots, {key: one for key, (_, _, one) in functions.items()}, functions)


def _constructor(cls: Chunk) -> Iterator[Chunk]:
    for child in cls.children:
        if child.kind is Kind.DEF and name_of(child) == "__init__":
            yield from child.walk()


_ACTS = re.compile(
    r"\bbackward\b|\.step\s*\(|\w_\s*\(|\brequires_grad\b|\bgrad\b|\.data\b|\binplace\b|__main__"
)
_CALLED = re.compile(r"(\w+)\s*\(")


@lru_cache(maxsize=65_536)
def _is_risky(text: str) -> bool:
    return _RISKS.search(text) is not None and _RISKS.search(_PROSE.sub("", text)) is not None


@lru_cache(maxsize=65_536)
def _said(text: str) -> tuple[bool, frozenset[str]]:
    if text.lstrip().startswith(("import ", "from ")) and ";" not in text:
        return False, frozenset()  # names, nothing is done
    if '"' in text or "'" in text or "#" in text:
        text = _PROSE.sub(_quoted, text)
    return _ACTS.search(text) is not None, frozenset(_CALLED.findall(text))


def _quoted(found: re.Match[str]) -> str:
    """What is left of a string: `__name__ == "__main__"` says that a module is run."""
    return found[0] if "__main__" in found[0] else ""
