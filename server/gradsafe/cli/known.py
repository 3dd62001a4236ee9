"""What ``gradsafe check`` does with findings that are to stay: a baseline that knows them, comments that say so."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from gradsafe.cli.failure import Failure
from gradsafe.cli.opening import Opened
from gradsafe.cli.sourcefile import read, write
from gradsafe.judging.judge import texts_of
from gradsafe.judging.mend import Choice, mend
from gradsafe.report.baseline import Malformed, render
from gradsafe.report.baseline import read as read_baseline
from gradsafe.report.entry import Entry
from gradsafe.syntax.source import Source

Codes = frozenset[str] | None


def unknown_to(
    path: str, entries: Sequence[Entry], opened: Opened, selected: Codes = None, ignored: Codes = None
) -> list[Entry]:
    """The entries that the baseline at ``path`` does not know; tells how many it knows, and how many are gone."""

    def looked_for(code: str, file: str) -> bool:
        chosen = (selected is None or code in selected) and (ignored is None or code not in ignored)
        return chosen and opened.looks_for(code, file)

    try:
        baseline = read_baseline(path)
    except Malformed as error:
        raise Failure(str(error)) from error
    fresh, gone = baseline.sort(entries, texts_of(opened.judge, tuple(entries)), opened.files, looked_for)
    if gone:
        print(
            f"gradsafe: {_count(gone, 'finding')} of {path} {'is' if gone == 1 else 'are'} gone; "
            "--write-baseline takes them out.",
            file=sys.stderr,
        )
    return fresh


def write_baseline(path: str, entries: Sequence[Entry], opened: Opened) -> None:
    """Make all these known. Raises :class:`Failure` where the file cannot be written."""
    text = render(entries, texts_of(opened.judge, tuple(entries)), path)
    try:
        Path(path).write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}. Name a file in a folder that is there.") from error
    print(f"{_count(len(entries), 'finding')} written to {path}.", file=sys.stderr)


def add_ignores(opened: Opened, selected: frozenset[str] | None, ignored: frozenset[str] | None) -> int:
    """Write ``# gradsafe: ignore[code]`` at each finding; the exit status."""
    sources, failed = _readable(file for file in opened.files if not file.endswith(".ipynb"))
    choice = Choice(selected, ignored, unsafe=True, remedies=frozenset({"suppress"}))
    mended = mend(opened.judge, {file: source.text for file, source in sources.items()}, choice)
    changed = mended.changed
    for file, text in changed.items():
        try:
            write(sources[file], text)
        except Failure as failure:
            print(f"gradsafe: {failure}", file=sys.stderr)
            failed = True
    print(f"{_count(mended.applied, 'finding')} ignored in {_count(len(changed), 'file')}.", file=sys.stderr)
    return 2 if failed or opened.failures else 0


def _readable(files: Iterable[str]) -> tuple[dict[str, Source], bool]:
    """What the files hold, and whether one could not be read, which is told."""
    sources: dict[str, Source] = {}
    failed = False
    for file in files:
        try:
            sources[file] = read(file)
        except Failure as failure:
            print(f"gradsafe: {failure}", file=sys.stderr)
            failed = True
    return sources, failed


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
