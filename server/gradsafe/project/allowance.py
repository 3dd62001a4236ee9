"""How much of a file's budget each of its roots gets, so that a file ends in time whatever it holds.

A function of the file's texts alone: roots are taken in a fixed order, and what one may spend depends on what those before
it spent, never on a clock. Which files are cut stands in ``docs/accuracy.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from gradsafe.interp.analyse import Root, RootKind
from gradsafe.project.roots import name_of, outside
from gradsafe.syntax.chunk import Chunk, Kind
from gradsafe.syntax.span import ChunkId


class Allowance(Enum):
    """What a root may spend: its whole budget, a small one, or nothing (it is not run)."""

    FULL = "full"
    BRIEF = "brief"
    NONE = "none"


FILE = 52_000
"""Instructions that the roots of one file may run together, what they need of other modules included. Of 6,696 released files the 32 that
took longest took 2.0 to 2.8 s with 80,000 (each in a process of its own on an idle core); with this, all but three are done in 2 s."""
_BRIEF_FROM = 34_000
"""From here on each root gets little, so that what is left serves many."""
_LINE = 5
"""Parsing and lowering a logical line takes as long as this many instructions (0.1 ms)."""
_MODULE_FROM = 12_000
"""The same for the module's own statements, which come first and may take 40,000: of a file with more lines than this."""
_ROOT = 30
"""The same for starting a root and judging its log (1 ms)."""

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


def allowance(kind: RootKind, spent: int) -> Allowance:
    """Of a root, once the roots before it and the parsing have spent this much."""
    if spent >= FILE:
        return Allowance.NONE
    brief_from = _MODULE_FROM if kind is RootKind.MODULE else _BRIEF_FROM
    return Allowance.FULL if spent < brief_from else Allowance.BRIEF


class Took(NamedTuple):
    """Instructions that a root took, and the ``work`` that it has in common with others, by name: what other statements and
    modules bind, and the object whose method it is. Each of these is spent once for all roots of the file.
    """

    instructions: int
    work: Mapping[Hashable, int] = MappingProxyType({})
    files: frozenset[str] = frozenset()
    """Those that it looked into."""


class Plan:
    """The roots of one state of a file in the order in which they may spend, and how far what they spent is known.

    First what the program is started by: entry points, and the module's own statements if they do anything to tensors; then the functions that write something, then the rest,
    and last those that only make or register something.
    """

    def __init__(self, tree: Chunk, roots: tuple[Root, ...], before: Plan | None = None) -> None:
        self.tree = tree
        self.roots = roots
        self._functions: dict[ChunkId, _Function] = {}
        self._look_at(tree, before)
        self._module_rank = 0 if _does_something(tree) else 4
        self.order = tuple(sorted(roots, key=self._rank))
        self.restart()

    def restart(self) -> None:
        """What the roots spent is to be asked again."""
        self._known: dict[Root, Allowance] = {}
        self._spent = self.tree.lines
        self._next = 0
        self._paid: set[Hashable] = set()

    def allowance(
        self, root: Root, took: Callable[[Root, Allowance], Took | None], size: Callable[[str], int]
    ) -> Allowance:
        """Of ``root``. ``took`` says what a root took with an allowance, None while it is to be run: then this is a guess.
        ``size`` is that of a file in logical lines. One is read, cut and searched for the names that it binds in the time
        of one instruction.
        """
        while self._next < len(self.order):
            each = self.order[self._next]
            given = allowance(each.kind, self._spent)
            if given is not Allowance.NONE:
                found = took(each, given)
                if found is None:
                    break
                self._spent += self._cost(each, found, size)
            self._known[each] = given
            self._next += 1
        return self._known.get(root) or allowance(root.kind, self._spent)

    def acts(self, root: Root) -> bool:
        """Whether the root's own text may write to a tensor or run backward. What else it has to tell is about what it calls."""
        return self._rank(root) <= 1

    def _cost(self, root: Root, took: Took, size: Callable[[str], int]) -> int:
        work, files = took.work.keys() - self._paid, took.files - self._paid - {root.file}
        self._paid |= work | files
        elsewhere = sum(took.work[each] for each in work) + sum(map(size, files))
        return _ROOT + took.instructions + _LINE * self._lines(root) + elsewhere

    def _lines(self, root: Root) -> int:
        """That have to be parsed to run the root."""
        if root.kind is RootKind.MODULE:
            return self.tree.lines - sum(each.chunk.lines for each in self._functions.values())
        found = self._functions.get(root.scope)
        return found.chunk.lines if found is not None else 0

    def _rank(self, root: Root) -> int:
        if root.kind is RootKind.MODULE:
            return self._module_rank
        if root.kind is RootKind.ENTRY:
            return 0
        found = self._functions.get(root.scope)
        if found is None or not found.writes:
            return 3 if root.names[-1:] == ("__init__",) else 2
        return 1

    def _look_at(self, tree: Chunk, before: Plan | None) -> None:
        """Find the functions; what is as it was before is not read again."""
        known = before._functions if before is not None else {}
        stack = [(tree, False)]
        while stack:
            chunk, within = stack.pop()
            if chunk.kind is not Kind.DEF:
                if chunk.kind is Kind.CLASS:
                    within = any("inplace" in each.text for each in _constructor(chunk))
                stack.extend((child, within) for child in chunk.children)
                continue
            found = known.get(chunk.id)
            if found is None or found.chunk is not chunk or found.within != within:
                writes = within or any(_is_risky(each.text) for each in chunk.walk())
                found = _Function(chunk, writes, within)
            self._functions[chunk.id] = found


class _Function(NamedTuple):
    chunk: Chunk
    writes: bool
    within: bool
    """Of an object that holds modules which write in place."""


def _constructor(cls: Chunk) -> Iterator[Chunk]:
    for child in cls.children:
        if child.kind is Kind.DEF and name_of(child) == "__init__":
            yield from child.walk()


_ACTS = re.compile(
    r"\bbackward\b|\.step\s*\(|\w_\s*\(|\brequires_grad\b|\bgrad\b|\.data\b|\binplace\b|__main__"
)
_CALLED = re.compile(r"(\w+)\s*\(")


def _does_something(tree: Chunk) -> bool:
    """Whether a module's own statements, or what they call in this file, look as if they ran a model. A module that only
    defines and registers does not, and its decorators and tables can take all that there is to spend.
    """
    scopes = {name_of(each): each for each in tree.children if each.kind in (Kind.DEF, Kind.CLASS)}
    waiting = [each for each in outside(tree) if each.kind not in (Kind.DEF, Kind.CLASS)]
    while waiting:
        acts, called = _said(waiting.pop().text)
        if acts:
            return True
        for name in called & scopes.keys():
            waiting.extend(scopes.pop(name).walk())
    return False


@lru_cache(maxsize=65_536)
def _is_risky(text: str) -> bool:
    return _RISKS.search(text) is not None and _RISKS.search(_PROSE.sub("", text)) is not None


@lru_cache(maxsize=65_536)
def _said(text: str) -> tuple[bool, frozenset[str]]:
    if text.lstrip().startswith(("import ", "from ")):
        return False, frozenset()  # names, nothing is done
    if '"' in text or "'" in text or "#" in text:
        text = _PROSE.sub(_quoted, text)
    return _ACTS.search(text) is not None, frozenset(_CALLED.findall(text))


def _quoted(found: re.Match[str]) -> str:
    """What is left of a string: `__name__ == "__main__"` says that a module is run."""
    return found[0] if "__main__" in found[0] else ""
