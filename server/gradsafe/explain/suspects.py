"""Which findings of the analysis an error is likely about: the more of its facts a finding shares, the likelier."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from gradsafe.explain.error_text import ErrorText
from gradsafe.explain.tracebacks import Frame
from gradsafe.explain.words import is_users, plain_operation
from gradsafe.report.entry import Entry
from gradsafe.rules.finding import Role, Severity
from gradsafe_tracer.events import Place

SHOWN = 3
"""Suspects that are shown: further ones are no help."""

_LINE = 8
"""A line of the traceback is the finding's own: hardly an accident."""
_VERSIONS = 4
_OPERATION = 2
_SEVERITY = {Severity.ERROR: 3, Severity.WARNING: 2, Severity.INFORMATION: 1, Severity.HINT: 0}


def ranked(entries: Iterable[Entry], error: ErrorText) -> list[Entry]:
    """Those of the error's rule, likeliest first; equal ones in the order of their places."""
    own = [entry for entry in entries if entry.code == error.code]
    return sorted(own, key=lambda entry: (-score(entry, error), entry.place.file, entry.place.row))


def score(entry: Entry, error: ErrorText) -> int:
    """How much speaks for a finding."""
    found = _SEVERITY[entry.severity]
    fails = [each.place for each in entry.related if each.role is Role.BACKWARD] or [entry.place]
    found += _LINE * any(_is_at(place, frame) for place in fails for frame in error.frames)
    saves = [each for each in entry.related if each.role is Role.SAVED]
    found += _LINE * any(_is_at(each.place, frame) for each in saves for frame in error.forward)
    if error.expected is not None and entry.runtime_message:
        versions = f"at version {error.found}; expected version {error.expected} "
        found += _VERSIONS * (versions in entry.runtime_message)
    for node in (error.node, error.failed):
        name = plain_operation(node).lower() if node else ""
        found += _OPERATION * any(name and f"`{name}`" in each.message.lower() for each in saves)
    return found


def located(error: ErrorText, folder: str) -> ErrorText:
    """The same with the files of its frames named in full; those that a program names relatively, from ``folder``."""

    def full(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        return tuple(
            replace(each, file=str(_in(folder, each))) for each in frames if not each.file.startswith("<")
        )

    return replace(error, frames=full(error.frames), forward=full(error.forward))


def _in(folder: str, frame: Frame) -> Path:
    return (Path(folder) / Path(frame.file).expanduser()).resolve()


def files_of(error: ErrorText) -> list[str]:
    """The user's files that the traceback names and that are there."""
    named = (frame.file for frame in (*error.frames, *error.forward) if is_users(frame))
    return [file for file in dict.fromkeys(named) if Path(file).is_file()]


def with_imports(files: Iterable[str], imports: Callable[[str], Iterable[str]]) -> list[str]:
    """The files and those that they import: a traceback names none of the lines that wrote."""
    own = list(files)
    return list(dict.fromkeys([*own, *(each for file in own for each in sorted(imports(file)))]))


def _is_at(place: Place, frame: Frame) -> bool:
    if not place.row <= frame.row <= max(place.end_row, place.row):
        return False
    return Path(place.file).resolve() == Path(frame.file)
