"""A baseline: the findings of old code that are known, so that only new ones are told.

A finding is known again by its rule, the function that it stands in and the text of its line, never by a number: lines that move, and
files that are renamed, keep what was said of them. A line that is edited is judged anew.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from gradsafe.report.entry import Entry
from gradsafe.report.texts import split_lines

VERSION = 1


class Mark(NamedTuple):
    """What a finding is known by. ``file`` is seen from the baseline's folder, with slashes."""

    file: str
    code: str
    function: str
    line: str


class Malformed(ValueError):
    """A baseline that cannot be read; the message names the file and the remedy."""


@dataclass(frozen=True)
class Baseline:
    """Marks, and how often each. ``path``: where it was read."""

    path: str
    known: Mapping[Mark, int]

    def about(self, files: Iterable[str]) -> Baseline:
        """What concerns some files: their own marks, and those of files that are gone, which they may have been once."""
        own = (self._by_file.get(seen_from(self.path, file), {}) for file in files)
        return Baseline(self.path, {**self._gone, **{mark: n for marks in own for mark, n in marks.items()}})

    @cached_property
    def _by_file(self) -> Mapping[str, Mapping[Mark, int]]:
        found: dict[str, dict[Mark, int]] = {}
        for mark, count in self.known.items():
            found.setdefault(mark.file, {})[mark] = count
        return found

    @cached_property
    def _gone(self) -> Mapping[Mark, int]:
        folder = Path(self.path).absolute().parent
        gone = [marks for file, marks in self._by_file.items() if not (folder / file).exists()]
        return {mark: count for marks in gone for mark, count in marks.items()}

    def sort(
        self, entries: Sequence[Entry], texts: Mapping[str, str], files: Iterable[str],
        looked_for: Callable[[str, str], bool] = lambda code, file: True,
    ) -> tuple[list[Entry], int]:  # fmt: skip
        """The entries that are not known, and how many of the marks of ``files`` (those that were judged) no entry has any more.

        ``looked_for``: whether findings of a rule in a file would have been told. A mark of another is not gone, nobody asked.
        """
        left = Counter(self.known)
        marks = [mark_of(entry, texts, self.path) for entry in entries]
        folder, judged = (
            Path(self.path).absolute().parent,
            {seen_from(self.path, file): file for file in files},
        )
        present = {mark.file for mark in self.known if (folder / mark.file).exists()}
        matched: set[int] = set()
        for alike in _LIKENESSES:
            by_likeness: dict[tuple[str, ...], list[Mark]] = {}
            for mark in sorted(left):
                # A file that is still there has not been renamed: what is known of it is known of no other.
                if alike is not _moved or mark.file not in present:
                    by_likeness.setdefault(alike(mark), []).extend([mark] * left[mark])
            for number, mark in enumerate(marks):
                candidates = by_likeness.get(alike(mark), [])
                if number not in matched and candidates:
                    left[candidates.pop(0)] -= 1
                    matched.add(number)
        fresh = [entry for number, entry in enumerate(entries) if number not in matched]
        gone = (mark for mark in left if mark.file in judged and looked_for(mark.code, judged[mark.file]))
        return fresh, sum(left[mark] for mark in gone)


def _same(mark: Mark) -> tuple[str, ...]:
    return tuple(mark)


def _renamed_function(mark: Mark) -> tuple[str, ...]:
    return mark.file, mark.code, mark.line


def _moved(mark: Mark) -> tuple[str, ...]:
    return mark.code, mark.function, mark.line


_LIKENESSES: tuple[Callable[[Mark], tuple[str, ...]], ...] = (_same, _renamed_function, _moved)
"""From the closest likeness to the loosest: each finding takes the closest mark that is left."""


def seen_from(path: str, file: str) -> str:
    """``file`` as a baseline at ``path`` names it: from its own folder, so that it means the same for everybody."""
    folder, whole = Path(path).absolute().parent, Path(file).absolute()
    try:
        return whole.relative_to(folder).as_posix()
    except ValueError:
        return whole.as_posix()


def mark_of(entry: Entry, texts: Mapping[str, str], path: str) -> Mark:
    """What ``entry`` is known by in a baseline at ``path``."""
    place = entry.line_to_change
    lines = split_lines(texts.get(place.file, ""))
    line = " ".join(lines[place.row - 1].split()) if place.row <= len(lines) else ""
    return Mark(seen_from(path, place.file), entry.code, entry.function, line)


def render(entries: Iterable[Entry], texts: Mapping[str, str], path: str) -> str:
    """The text of a baseline at ``path`` in which these are known: sorted, one finding a line, to be read in a diff."""
    counted = Counter(mark_of(entry, texts, path) for entry in entries)
    rows = []
    for mark, count in sorted(counted.items()):
        row: dict[str, Any] = mark._asdict()
        rows.append(json.dumps(row | ({"count": count} if count > 1 else {}), ensure_ascii=False))
    body = ",\n".join(f"  {row}" for row in rows)
    return (
        f'{{"version": {VERSION}, "findings": [\n{body}\n]}}\n'
        if rows
        else f'{{"version": {VERSION}, "findings": []}}\n'
    )


def parse(path: str, text: str) -> Baseline:
    """The baseline in a file's text. Raises :class:`Malformed`."""
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise Malformed(
                f"{path}: a baseline of version {data['version']}; this gradsafe reads {VERSION}. Write it again."
            )
        known: Counter[Mark] = Counter()
        for row in data["findings"]:
            known[Mark(*(str(row[name]) for name in Mark._fields))] += int(row.get("count", 1))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed(
            f"{path}: not a baseline. Write it again with: gradsafe check --write-baseline {path} PATH"
        ) from error
    return Baseline(path, known)


def read(path: str) -> Baseline:
    """The baseline in a file. Raises :class:`Malformed` where there is none that can be read."""
    try:
        return parse(path, Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Malformed(
            f"{path}: {why}. Write it with: gradsafe check --write-baseline {path} PATH"
        ) from error
