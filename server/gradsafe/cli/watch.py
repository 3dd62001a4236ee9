"""``gradsafe check --watch``: check again whenever something changes that the last check looked at.

What has not changed is looked up (``project.cache``), with ``--no-cache`` in memory. The exit status after Ctrl+C is that of the last check.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console

from gradsafe.cli.caching import folder_of
from gradsafe.cli.check import check
from gradsafe.cli.failure import CANCELLED, Failure
from gradsafe.project.cache.folder import Folder
from gradsafe.project.files import NEVER, SUFFIXES
from gradsafe.project.settings import FILE
from gradsafe.report.entry import Entry

FORMATS = ("full", "concise")
"""Those for people."""

TICK_MS = 200
"""Between two looks at files that lie elsewhere."""

Changes = Callable[[tuple[str, ...], Callable[[], Iterable[str]]], Iterator[object]]
"""Something at once, and then for each change below these folders or of these files, which may be others each time."""


def watch(arguments: argparse.Namespace) -> int:
    """Check now and on every change; ends with Ctrl+C."""
    if arguments.output_format not in FORMATS:
        raise Failure(f"--watch prints for people: --output-format {' or '.join(FORMATS)}.")
    if arguments.write_baseline or arguments.add_ignores:
        raise Failure("--watch only looks: leave out --write-baseline and --add-ignores, or run them once.")
    folder = folder_of(arguments.cache_dir, arguments.no_cache)
    return Watch(
        arguments,
        folder,
        _changes(any(Path(path).is_dir() for path in arguments.paths)),
        Console(highlight=False),
    ).run()


@dataclass
class Watch:
    """One ``--watch``; what it waits for, and where it prints, are given to it."""

    arguments: argparse.Namespace
    folder: Folder
    changes: Changes
    screen: Console
    status: int = CANCELLED
    _read: frozenset[str] = frozenset()

    def run(self) -> int:
        """The status of the last check, once nothing more is to come."""
        going = True
        try:
            while going:
                going = self._while_there_are(self._folders())
        except KeyboardInterrupt:
            sys.stdout.flush()
        return self.status

    def _while_there_are(self, folders: tuple[str, ...]) -> bool:
        """Check on each change, until other folders are to be watched; False where nothing more is to come."""
        for _ in self.changes(folders, self._files):
            self.screen.clear()  # nothing where it is no terminal
            self._check()
            if self._folders() != folders:
                return True
        return False

    def _check(self) -> None:
        told = "Nothing could be checked."
        try:
            checked = check(self.arguments, self.folder)
            self.status = checked.status
            if checked.opened is not None:
                known = self.arguments.baseline or checked.opened.baseline
                self._read = checked.opened.judge.read() | frozenset([known] if known else [])
                told = _told(checked.entries, len(checked.opened.files))
        except Failure as failure:
            print(f"gradsafe: {failure}", file=sys.stderr)
            self.status = failure.status
        now = datetime.now().strftime("%H:%M:%S")
        self.screen.print(f"[{now}] {told} Watching for changes; Ctrl+C ends.", markup=False)

    def _folders(self) -> tuple[str, ...]:
        """Those that were named, or that are nearest to what was: what was removed may come back."""
        return tuple(sorted({str(_nearest(Path(path))) for path in self.arguments.paths}))

    def _files(self) -> Iterable[str]:
        """What was looked at besides: imports from elsewhere, the baseline, and where the settings are or may be."""
        above = Path(self.arguments.paths[0]).absolute()
        return (*self._read, *(str(folder / FILE) for folder in (above, *above.parents)))


def _told(entries: Sequence[Entry], files: int) -> str:
    findings = "1 finding" if len(entries) == 1 else f"{len(entries)} findings"
    with_some = len({entry.place.file for entry in entries})
    return f"{findings} in {with_some} of {files} file{'' if files == 1 else 's'}."


def _nearest(path: Path) -> Path:
    """The folder itself, else that of the file, else the nearest that is there: what was removed may come back."""
    path = path.absolute()
    return next(each for each in (path, *path.parents) if each.is_dir())


def _changes(recursive: bool) -> Changes:
    try:
        import watchfiles
    except ImportError as error:
        raise Failure("--watch needs the package watchfiles: pip install watchfiles") from error

    def changes(folders: tuple[str, ...], files: Callable[[], Iterable[str]]) -> Iterator[object]:
        # The first wait ends soon and is told: what changes during the first check is seen by the next one.
        seen = watchfiles.watch(
            *folders, watch_filter=lambda _, path: matters(path, folders), recursive=recursive,
            rust_timeout=TICK_MS, yield_on_timeout=True, ignore_permission_denied=True,
        )  # fmt: skip
        before: dict[str, object] | None = None
        for each in seen:
            now = {file: _mark(file) for file in files()}
            if each or before is None or any(before.get(file, mark) != mark for file, mark in now.items()):
                yield each
                now = {file: _mark(file) for file in files()} if before is None else now
            before = now

    return changes


def matters(path: str, folders: Iterable[str]) -> bool:
    """Whether a change of ``path`` below one of ``folders`` may change what is found."""
    found = Path(path)
    above = next((folder for folder in map(Path, folders) if folder in found.parents), found.parent)
    is_source = found.suffix in SUFFIXES or found.name in (FILE, ".gitignore") or not found.suffix
    return is_source and NEVER.isdisjoint(found.relative_to(above).parts)


def _mark(file: str) -> object:
    """Is another one once the file has been written."""
    try:
        found = Path(file).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
