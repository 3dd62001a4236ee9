"""The texts that places point into, line by line, and what edits make of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from gradsafe.fixes.apply import Replacement, apply_edits
from gradsafe.report.entry import EntryEdit

BREAK = re.compile("\r\n|\r|\n")
"""What ends a line of Python; ``str.splitlines`` knows eight more (form feeds, U+2028) that do not."""


def split_lines(text: str) -> list[str]:
    """The lines of a text with their breaks."""
    lines, at = [], 0
    for found in BREAK.finditer(text):
        lines.append(text[at : found.end()])
        at = found.end()
    return [*lines, text[at:]] if at < len(text) else lines


def edited(text: str, edits: Iterable[EntryEdit]) -> str:
    """``text`` with the edits, all of them in it, made at once."""
    return apply_edits(text, replacements(text, edits))


def replacements(text: str, edits: Iterable[EntryEdit]) -> list[Replacement]:
    """The edits, all of them in ``text``, by offsets."""
    starts = [0]
    for line in split_lines(text):
        starts.append(starts[-1] + len(line))
    return [
        (
            starts[edit.place.row - 1] + edit.place.column - 1,
            starts[edit.place.end_row - 1] + edit.place.end_column - 1,
            edit.content,
        )
        for edit in edits
    ]


def by_file(edits: Iterable[EntryEdit]) -> dict[str, list[EntryEdit]]:
    """The edits of each file."""
    found: dict[str, list[EntryEdit]] = {}
    for edit in edits:
        found.setdefault(edit.place.file, []).append(edit)
    return found


def edited_files(texts: Mapping[str, str], edits: Iterable[EntryEdit]) -> dict[str, str]:
    """The texts that change, after the change. Raises KeyError for an edit in a file that is not there."""
    return {file: edited(texts[file], group) for file, group in by_file(edits).items()}
