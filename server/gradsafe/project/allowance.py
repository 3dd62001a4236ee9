"""How much of a file's budget each of its roots gets, so that a file ends in time whatever it holds.

A function of the file's texts alone: roots are taken in a fixed order, and what one may spend depends on what those before
it spent, never on a clock. Which files are cut stands in ``docs/accuracy.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from gradsafe.interp.analyse import Root, RootKind
from gradsafe.project.outline import Outline


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

    ``before``: the plan of the text before an edit. As far as the first root whose result does not hold any more it is known what they spent.
    """

    def __init__(self, outline: Outline, before: Plan | None = None) -> None:
        self.outline = outline
        self.roots = outline.roots
        self.order = tuple(sorted(self.roots, key=outline.rank))
        self._place = {root: at for at, root in enumerate(self.order)}
        self._lines = [outline.lines(root) for root in self.order]
        self._known: list[_Known] = []
        self._paid: set[Hashable] = set()
        self._spent = outline.tree.lines
        if before is not None:
            self._take_over(before)

    def restart(self, roots: Iterable[Root] | None = None) -> None:
        """What these roots spent is to be asked again (None: of all)."""
        places = (self._place.get(root) for root in roots) if roots is not None else (0,)
        first = min((at for at in places if at is not None), default=len(self._known))
        if first < len(self._known):
            del self._known[first:]
            self._spent = self.outline.tree.lines + sum(each.cost for each in self._known)
            self._paid = set().union(*(each.paid for each in self._known))

    def _take_over(self, before: Plan) -> None:
        told = zip(self.order, before.order, self._lines, before._lines, before._known, strict=False)
        for root, was, lines, had, known in told:
            if root is not was or lines != had or allowance(root.kind, self._spent) is not known.given:
                return
            self._known.append(known)
            self._spent += known.cost
            self._paid |= known.paid

    def allowance(
        self, root: Root, took: Callable[[Root, Allowance], Took | None], size: Callable[[str], int]
    ) -> Allowance:
        """Of ``root``. ``took`` says what a root took with an allowance, None while it is to be run: then this is a guess.
        ``size`` is that of a file in logical lines. One is read, cut and searched for the names that it binds in the time
        of one instruction.
        """
        while len(self._known) < len(self.order):
            each = self.order[len(self._known)]
            given = allowance(each.kind, self._spent)
            known = _Known(given, 0, frozenset())
            if given is not Allowance.NONE:
                found = took(each, given)
                if found is None:
                    break
                known = self._cost(each, given, found, size)
            self._known.append(known)
            self._spent += known.cost
            self._paid |= known.paid
        at = self._place.get(root, len(self._known))
        return self._known[at].given if at < len(self._known) else allowance(root.kind, self._spent)

    def allowances(
        self, took: Callable[[Root, Allowance], Took | None], size: Callable[[str], int]
    ) -> Iterator[tuple[Root, Allowance]]:
        """Each root in order with its allowance, as :meth:`allowance` has it."""
        if self.order:
            self.allowance(self.order[-1], took, size)
        for at, root in enumerate(self.order):
            known = at < len(self._known)
            yield root, self._known[at].given if known else allowance(root.kind, self._spent)

    def _cost(self, root: Root, given: Allowance, took: Took, size: Callable[[str], int]) -> _Known:
        work, files = took.work.keys() - self._paid, took.files - self._paid - {root.file}
        elsewhere = sum(took.work[each] for each in work) + sum(map(size, files))
        cost = _ROOT + took.instructions + _LINE * self._lines[self._place[root]] + elsewhere
        return _Known(given, cost, frozenset(work | files))


class _Known(NamedTuple):
    """Of a root: what it may spend, what it spent, and what it paid for all."""

    given: Allowance
    cost: int
    paid: frozenset[Hashable]
