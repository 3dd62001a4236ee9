"""What checking and fixing ask of the analysis: the seam to it. ``session_judge.py`` answers with the real one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gradsafe.project.kept import Limit, Problem, ProblemKind
from gradsafe.report.entry import Entry, EntryFix
from gradsafe_tracer.events import Place

PAIRED = 12
"""So often the program is judged anew for :meth:`Judge.paired`, at most."""


@dataclass(frozen=True)
class Trouble:
    """What kept a piece of a file from being judged, or all of it (``whole``: it could not even be read).

    ``syntax``: Python would not run the file.
    """

    place: Place
    message: str
    whole: bool = False
    syntax: bool = False


@dataclass(frozen=True)
class Bound:
    """Where the analysis stopped following everything: a budget, named as in ``interp.machine.Budget``."""

    place: Place
    budget: str
    function: str


@dataclass(frozen=True)
class Verdict:
    """All there is to say of one file; its fixes are not verified. ``roots``: how many functions were judged."""

    file: str
    entries: tuple[Entry, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    roots: int = 0


def trouble(problem: Problem, place: Place | None) -> Trouble:
    """What could not be judged, for a person to read."""
    syntax = problem.kind is ProblemKind.SYNTAX
    return Trouble(place or Place(problem.file, 1, 1, 1, 1), problem.message, place is None, syntax)


def bound(limit: Limit, place: Place | None) -> Bound:
    """Where a budget ended, for a person to read."""
    file = limit.root.file
    function = ".".join(limit.root.names) or "the module's own statements"
    return Bound(place or Place(file, 1, 1, 1, 1), limit.budget, function)


class Judge(Protocol):
    """An analysis of some files. Files are named as the user named them."""

    def ahead(self, files: Sequence[str], jobs: int | None) -> Iterator[int]:
        """Judge these files in ``jobs`` processes (None: one for each processor), so that :meth:`check` knows the answers; how many more are done, each time."""

    def check(self, file: str) -> Verdict:
        """The findings that are told in ``file``, one of those that were opened."""

    def bounds(self, file: str) -> tuple[Bound, ...]:
        """Where the analysis of such a file stopped following everything."""

    def imports(self, file: str) -> tuple[str, ...]:
        """The files of the workspace that ``file`` imports, and that those import, in turn."""

    def read(self) -> frozenset[str]:
        """The files that were looked into so far."""

    def text(self, file: str) -> str | None:
        """The text that places in ``file`` point into; None where it was never read."""

    def replace(self, file: str, text: str) -> None:
        """From now on judge ``file`` as if it held ``text``. Nothing is written."""

    def holds(self, entry: Entry, fix: EntryFix) -> bool:
        """Whether with ``fix`` the finding is gone and none has come."""

    def paired(self, entry: Entry) -> tuple[EntryFix, ...]:
        """Fixes of two steps that hold, for a finding of which none holds alone."""

    def close(self) -> None:
        """Nothing more is asked: what was found is kept for the next run, where it is."""


def texts_of(judge: Judge, entries: tuple[Entry, ...]) -> Mapping[str, str]:
    """The texts that these findings and their fixes point into."""
    files = {entry.place.file for entry in entries}
    files |= {related.place.file for entry in entries for related in entry.related}
    files |= {edit.place.file for entry in entries for fix in entry.fixes for edit in fix.edits}
    return {file: text for file in files if (text := judge.text(file)) is not None}


def wanted(
    entries: Iterable[Entry], selected: frozenset[str] | None, ignored: frozenset[str] | None
) -> list[Entry]:
    """The findings of the rules that were asked for; what is to be ignored wins."""
    return [
        entry
        for entry in entries
        if (selected is None or entry.code in selected) and (ignored is None or entry.code not in ignored)
    ]
