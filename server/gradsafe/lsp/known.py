"""The baseline of a project: findings that its file knows are not shown, as on the command line.

The file is looked at again whenever it has changed on the disk. One that cannot be read hides nothing, and is a mistake in the configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from gradsafe.project.settings import ConfigurationProblem, Loaded
from gradsafe.report.baseline import Baseline, Malformed, read
from gradsafe.report.entry import Entry


class Known:
    """The findings that a project knows."""

    def __init__(self) -> None:
        self._loaded: Loaded | None = None
        self._stamp: tuple[int, int] | None = None
        self._baseline: Baseline | None = None
        self._why: str | None = None

    def configure(self, loaded: Loaded) -> None:
        """These are the project's settings now."""
        self._loaded, self._stamp = loaded, None
        self._look()

    def problems(self) -> tuple[ConfigurationProblem, ...]:
        """What is wrong with the file, told where the settings name it."""
        self._look()
        if self._why is None or self._loaded is None or self._loaded.file is None:
            return ()
        row, column = self._loaded.places.get("baseline", (1, 1))
        remedy = "Until then all findings are told."
        return (ConfigurationProblem(self._loaded.file, row, column, self._why, remedy, "baseline"),)

    def unknown(
        self, entries: Sequence[Entry], file: str, text_of: Callable[[str], str | None]
    ) -> list[Entry]:
        """Those of the entries (all told in one file) that are to be told."""
        self._look()
        if self._baseline is None or not entries:
            return list(entries)
        files = {file, *(each.line_to_change.file for each in entries)}
        texts = {each: text_of(each) or "" for each in files}
        fresh, _ = self._baseline.about(files).sort(entries, texts, [file])
        return fresh

    def _look(self) -> None:
        path = self._loaded.settings.baseline if self._loaded is not None else None
        if path is None:
            self._baseline = self._why = None
            return
        stamp = _stamp(path)
        if stamp is not None and stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._baseline, self._why = read(path), None
        except Malformed as error:
            self._baseline, self._why = None, str(error).rstrip(".")


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size
