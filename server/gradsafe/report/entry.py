"""A finding as it is reported: places in files instead of spans, fixes attached, nothing left to look up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from gradsafe.report.pages import page_url
from gradsafe.rules.finding import Finding, Fix, Related, Role, Severity
from gradsafe.syntax.span import Span
from gradsafe_tracer.events import AnyPlace, Place

Resolve = Callable[[AnyPlace], Place | None]
"""Where a span stands now; None where its chunk is gone."""


@dataclass(frozen=True)
class EntryRelated:
    """One more place of the story."""

    role: Role
    place: Place
    message: str


@dataclass(frozen=True)
class EntryEdit:
    """Replace what stands at ``place``."""

    place: Place
    content: str


@dataclass(frozen=True)
class EntryFix:
    """A fix that can be applied."""

    title: str
    safe: bool
    preferred: bool
    edits: tuple[EntryEdit, ...]
    remedy: str = ""


@dataclass(frozen=True)
class Entry:
    """All that any output format says about one finding. ``function``: the qualified name of the scope in which the line to change stands."""

    code: str
    severity: Severity
    message: str
    url: str
    place: Place
    related: tuple[EntryRelated, ...] = ()
    fixes: tuple[EntryFix, ...] = ()
    runtime_message: str | None = None
    function: str = ""

    @property
    def line_to_change(self) -> Place:
        """Where it is told, or, told at a call, the line to which that leads."""
        return next((each.place for each in self.related if each.role is Role.CHANGE), self.place)


def to_entry(finding: Finding, fixes: Iterable[Fix], resolve: Resolve) -> Entry | None:
    """The finding with places; None where its primary place is gone.

    A related place that is gone is left out, and so is a fix with an edit that is.
    """
    place, line = resolve(finding.where), resolve(finding.primary)
    if place is None or line is None:
        return None
    message, stories = finding.message, finding.related
    if finding.told_at is not None:
        message = f"in {_named(finding.primary, line)}, {message}"
        stories = (Related(Role.CHANGE, finding.primary, "change this line"), *stories)
    related = [(each, resolve(each.place)) for each in stories]
    return Entry(
        finding.code,
        finding.severity,
        message,
        page_url(finding.code),
        place,
        tuple(EntryRelated(each.role, found, each.message) for each, found in related if found is not None),
        tuple(found for fix in fixes if (found := _to_fix(fix, resolve)) is not None),
        finding.runtime_message,
        finding.primary.chunk.qualname if isinstance(finding.primary, Span) else "",
    )


def _named(where: AnyPlace, line: Place) -> str:
    """The function in which a line stands, and the last part of its file's name: the whole is named where the line is shown."""
    function = where.chunk.qualname if isinstance(where, Span) else ""
    file = PurePath(line.file).name
    return f"`{function}` ({file})" if function else file


def _to_fix(fix: Fix, resolve: Resolve) -> EntryFix | None:
    edits: list[EntryEdit] = []
    for edit in fix.edits:
        place = resolve(edit.span)
        if place is None:
            return None
        edits.append(EntryEdit(place, edit.content))
    return EntryFix(fix.title, fix.safe, fix.preferred, tuple(edits), fix.remedy)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """By file, then by place, then by code: the same findings always read the same."""
    return sorted(entries, key=lambda entry: (entry.place, entry.code))
