"""The results of all roots of many files, some files at a time: nobody edits them, and what was found is handed over."""

from __future__ import annotations

import gc
from collections.abc import Sequence

from gradsafe.project.kept import Found
from gradsafe.project.recording import TextRecorder
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.project.sharing import found_of

SESSION = 360
"""Files to a session. A new one works out again what all files import, which takes one to four seconds in transformers; what one keeps
grows by 0.4 MB a file."""

LOWERED = 4_000
"""Statements that are known by their texts, besides those of the files that are open: as much as neighbours have in common."""


class Batch:
    """One session after the other, over the files of ``scope``."""

    def __init__(self, settings: Settings, root: str, scope: Sequence[str]) -> None:
        self._given = settings, root, tuple(scope)
        self._session: Session | None = None
        self._judged = 0

    def judge(self, files: Sequence[str]) -> list[Found]:
        """What the roots of ``files`` find."""
        if self._session is None or self._judged + len(files) > SESSION:
            self._session = self._anew()
            self._judged = 0
        self._judged += len(files)
        found = [found_of(self._session, file) for file in files]
        self._session.let_go(files)
        return found

    def _anew(self) -> Session:
        if self._session is not None:
            self._session = None
            gc.collect()  # it refers to itself, and by its own rules CPython looks that far back once in a gigabyte
        settings, root, scope = self._given
        session = Session(settings, root, recorder=TextRecorder)
        session.workspace.lowered.capacity = LOWERED
        session.open(scope)
        return session
