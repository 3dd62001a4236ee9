"""A fix on trial: made in the session, looked at, taken back."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gradsafe.fixes.chunk_sources import ChunkSources
from gradsafe.fixes.verify import Ran, verify
from gradsafe.project.kept import ProblemKind
from gradsafe.project.merge import file_of
from gradsafe.project.recording import Key
from gradsafe.project.result import FileResult
from gradsafe.project.session import Session
from gradsafe.project.sharing import reads_of, targets_of
from gradsafe.report.entry import EntryEdit
from gradsafe.report.texts import edited_files
from gradsafe.rules.finding import Edit, Finding, Fix, Severity
from gradsafe_tracer.events import Place


@dataclass(frozen=True)
class Proof:
    """Whether a fix holds. It rests on what is told of ``files``, and, with the fix made, on what was read besides them."""

    holds: bool
    files: tuple[str, ...] = ()
    reads: Mapping[Key, Hashable] | None = None


def prove(session: Session, finding: Finding, fix: Fix) -> Proof:
    """Whether with ``fix`` the finding is gone and none has come."""
    with same_scope(session):
        trial = _Trial(session, finding, fix)
        sources = ChunkSources(session.workspace.tree)
        holds = verify(fix, finding, trial.findings, sources, lambda: trial.ran)
    reads = {
        key: value for key, value in trial.reads.items() if key[0] != "text" or key[1] not in trial.files
    }
    return Proof(holds, tuple(sorted(trial.files)), reads)


class _Trial:
    """``files``: those that are edited, and all in which something is found before or after by whoever reads them."""

    def __init__(self, session: Session, finding: Finding, fix: Fix) -> None:
        self._session = session
        self.files = {str(file_of(finding)), *self._edited(fix.edits)}
        self.reads: dict[Key, Hashable] = {}
        self.ran = Ran()
        near = sorted(self.files)
        for edits in ((), fix.edits):
            with made(session, placed(session, edits)):
                for file in near:
                    session.check(file, with_advice=False)
                    self.files |= targets_of(session, file)

    def findings(self, edits: tuple[Edit, ...]) -> Iterable[Finding]:
        """What is found with some edits made."""
        session = self._session
        with made(session, placed(session, edits)):
            results = [session.check(file, with_advice=False) for file in sorted(self.files)]
            self.ran = how_far(session, self.files)
            for file in sorted(self.files):
                self.reads.update(reads_of(session, file))
        self.files.update(self._edited(edits))
        return _with_broken_syntax(results)

    def _edited(self, edits: tuple[Edit, ...]) -> set[str]:
        return {edit.place.file for edit in placed(self._session, edits)}


def placed(session: Session, edits: Iterable[Edit]) -> list[EntryEdit]:
    """The edits where they stand now; those whose chunk is gone are left out."""
    return [EntryEdit(place, edit.content) for edit in edits if (place := session.place(edit.span))]


@contextmanager
def same_scope(session: Session) -> Iterator[None]:
    """What is looked at meanwhile is not in scope afterwards, if it was not before."""
    before = frozenset(session.scope)
    try:
        yield
    finally:
        for file in set(session.scope) - before:
            session.drop(file)


@contextmanager
def made(session: Session, edits: Sequence[EntryEdit]) -> Iterator[None]:
    """With some edits made, and taken back afterwards."""
    files = {edit.place.file for edit in edits}
    texts = {file: text for file in files if (text := session.workspace.text(file)) is not None}
    try:
        for file, text in edited_files(texts, edits).items():
            session.set_text(file, text)
        yield
    finally:
        for file, text in texts.items():
            session.set_text(file, text)


def how_far(session: Session, files: Iterable[str]) -> Ran:
    """How far the programs get that what was checked of ``files`` is about."""
    outcomes = [outcome for file in files for outcome in session.outcomes(file)]
    reading = {each.place for outcome in outcomes for each in outcome.backwards if each.read}
    return Ran(len(reading), sum(outcome.broken for outcome in outcomes))


def _with_broken_syntax(results: Iterable[FileResult]) -> list[Finding]:
    """The findings, and for each syntax error one more: a fix that breaks the syntax has not mended anything."""
    found: list[Finding] = []
    for result in results:
        found += result.findings
        found += [
            Finding(
                "syntax-error",
                Severity.ERROR,
                problem.message,
                problem.where or Place(problem.file, 1, 1, 1, 1),
            )
            for problem in result.problems
            if problem.kind is ProblemKind.SYNTAX
        ]
    return found
