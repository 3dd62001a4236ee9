"""What the server asks of the analysis, in places (file, row, column): the seam between the two.

``session_analysis.py`` answers it with the real session; tests answer it with a few lines.
Everything here is called from the worker's thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gradsafe_tracer.events import Place

from gradsafe.rules.finding import Role, Severity


@dataclass(frozen=True)
class RelatedPlace:
    """One more place of a finding's story."""

    role: Role
    place: Place
    message: str


@dataclass(frozen=True)
class Located:
    """A finding whose spans have become places in the text that was judged.

    ``ref`` is whatever the analysis needs to recognise the finding again; nobody else looks into it.
    """

    code: str
    severity: Severity
    message: str
    primary: Place
    related: tuple[RelatedPlace, ...] = ()
    url: str | None = None
    runtime_message: str | None = None
    ref: object = None


@dataclass(frozen=True)
class Problem:
    """A place that could not be analysed, a syntax error say."""

    place: Place
    message: str


@dataclass(frozen=True)
class Judgement:
    """All there is to say of one text of one file."""

    findings: tuple[Located, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class PlacedEdit:
    """Replace the text at ``place`` with ``content``."""

    place: Place
    content: str


@dataclass(frozen=True)
class Remedy:
    """A fix that can be offered. ``preferred`` is the fix's own claim; it counts once the fix is verified."""

    title: str
    edits: tuple[PlacedEdit, ...]
    safe: bool
    preferred: bool = False


class Analysis(Protocol):
    """The analysis as the server sees it."""

    def judge(self, file: str, text: str, settle: bool) -> Judgement:
        """Findings of ``text``. Not ``settle``: what can be had at once; callers may still add to it."""

    def forget(self, file: str) -> None:
        """``file`` is not open any more."""

    def remedies(self, file: str, text: str, finding: Located) -> Sequence[Remedy]:
        """The fixes of a finding of ``text``, best first, not verified."""

    def holds(self, texts: Mapping[str, str], finding: Located, fixed: Mapping[str, str]) -> bool:
        """In the ``fixed`` texts (by file) all parses, ``finding`` is gone, and no new one has come."""

    def page(self, code: str) -> str | None:
        """The page of a rule, in Markdown."""


Open = Callable[[str | None], Analysis]
"""Opens the analysis of the workspace at a root folder (None: no folder is open)."""
