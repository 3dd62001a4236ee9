"""Results as values: what was found for a root and for a file, and what it rests on. They mean the same in any process.

Imports nothing of the analysis: whoever finds all results kept from an earlier run does not wait for it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from gradsafe.project.cache.packing import Packing
from gradsafe_tracer.events import AnyPlace, Place

if TYPE_CHECKING:
    from gradsafe.interp.analyse import Root
    from gradsafe.project.allowance import Allowance
    from gradsafe.project.interpret import Outcome
    from gradsafe.project.recording import Key
    from gradsafe.syntax.span import ChunkId


class ProblemKind(Enum):
    """SYNTAX: Python would not run it. SKIPPED: it may be fine, but is not analysed. UNREADABLE: there is no text."""

    SYNTAX = "syntax"
    SKIPPED = "skipped"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece of a file that was not analysed; ``where`` is None where the whole file was not."""

    kind: ProblemKind
    file: str
    message: str
    where: AnyPlace = None


PROBLEMS = Packing(Place, Problem, ProblemKind)
"""How a row of problems with rows and columns is packed."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Where the analysis of a root stopped following everything: which budget, of which root."""

    budget: str
    root: Root
    where: AnyPlace


@dataclass(slots=True)
class Kept:
    """One result of a root, and the answers that it rests on."""

    outcome: Outcome
    reads: Mapping[Key, Hashable]
    files: frozenset[str]
    own: frozenset[tuple[ChunkId, str]]
    """Empty where the result came from another session: only :meth:`Session.quick` asks for it."""
    allowance: Allowance
    work: Mapping[Hashable, int]


@dataclass(frozen=True, slots=True)
class About:
    """What is to be said of a file besides findings, with rows and columns; ``roots``: how many it has.

    ``problems`` and ``limits``, rows of :class:`Problem` and :class:`Limit`, are packed, and empty where there are none: of most files nobody asks
    for them, and what is compiled does not travel between processes.

    ``suppresses``: it has comments that silence, of which there may be something to say where nothing was found.
    """

    problems: str
    limits: str
    roots: int
    suppresses: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """All that the roots of one file found. ``targets``: the files in which they found something.

    ``reads``: whole texts by their digests, ``file`` among them, and who is found where. What a root was told of a text in
    detail is left out: it is many times as much. ``results`` are packed, for few of them are ever looked at again.
    """

    file: str
    about: About
    targets: frozenset[str]
    reads: Mapping[Key, Hashable]
    results: str


class Store(Protocol):
    """Results of an earlier run."""

    def reads(self, file: str) -> frozenset[str] | None:
        """The files that the roots of ``file`` looked into; None where there are no results that hold for the disk as it is."""

    def results(self, file: str) -> Iterable[tuple[Root, Kept]]:
        """The results themselves; none where they are gone."""


def limits_of(file: str, outcomes: Mapping[Root, Outcome]) -> tuple[Limit, ...]:
    """Where budgets were hit in a file, and which of its roots were not run for want of budget."""
    return tuple(
        Limit(budget, root, where)
        for root, outcome in outcomes.items()
        if root.file == file
        for budget, where in outcome.limits
    )
