"""What a session says of one file, and what it did to find out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gradsafe.project.kept import Limit, Problem
from gradsafe.rules.finding import Finding
from gradsafe.syntax.layout import Layout
from gradsafe.syntax.suppressions import Unused
from gradsafe_tracer.events import AnyPlace, Place


@dataclass(frozen=True, slots=True)
class Work:
    """What was done to answer, in counts: chunks given to libcst, instructions interpreted, roots run.

    ``roots`` are those whose findings were merged, ``bounded`` those of them that hit a budget.
    """

    chunks_parsed: int = 0
    instructions: int = 0
    roots_run: int = 0
    roots: int = 0
    bounded: int = 0


@dataclass(frozen=True)
class FileResult:
    """All there is to say of one file. ``complete``: nothing is left to be run for it."""

    file: str
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    layout: Layout | None
    work: Work
    unused: tuple[Unused, ...] = ()
    complete: bool = True
    limits: tuple[Limit, ...] = ()


def in_order(findings: Iterable[Finding], place: Callable[[AnyPlace], Place | None]) -> tuple[Finding, ...]:
    """By place, then by code: the same findings always read the same."""
    nowhere = Place("", 0, 0, 0, 0)
    return tuple(sorted(findings, key=lambda each: (place(each.where) or nowhere, each.code)))
