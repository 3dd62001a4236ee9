"""The judge, answered by a session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gradsafe.fixes import offer, verify
from gradsafe.fixes.chunk_sources import ChunkSources
from gradsafe.judging.judge import Bound, Trouble, Verdict
from gradsafe.project.parallel import judge_ahead, processes
from gradsafe.project.problems import Problem, ProblemKind
from gradsafe.project.session import FileResult, Limit, Session
from gradsafe.report.entry import Entry, EntryEdit, EntryFix, to_entry
from gradsafe.report.texts import edited_files
from gradsafe.rules.finding import Edit, Finding, Fix, Severity
from gradsafe_tracer.events import Place


class SessionJudge:
    """Implements :class:`gradsafe.judging.judge.Judge`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._findings: dict[Entry, Finding] = {}
        self._fixes: dict[EntryFix, Fix] = {}

    def ahead(self, files: Sequence[str], jobs: int | None) -> Iterator[int]:
        """See :class:`gradsafe.judging.judge.Judge`."""
        return judge_ahead(self._session, files, jobs or processes())

    def check(self, file: str) -> Verdict:
        """The findings of a file with all that is offered for them."""
        result = self._session.check(file)
        sources = ChunkSources(self._session.workspace.tree)
        entries: list[Entry] = []
        for finding in result.findings:
            fixes = offer(finding, sources)
            entry = to_entry(finding, fixes, self._session.place)
            if entry is None:
                continue
            self._findings[entry] = finding
            for fix in fixes:
                alone = to_entry(finding, (fix,), self._session.place)
                self._fixes.update(dict.fromkeys(alone.fixes if alone is not None else (), fix))
            entries.append(entry)
        troubles, bounds = map(self._trouble, result.problems), map(self._bound, result.limits)
        return Verdict(file, tuple(entries), tuple(troubles), tuple(bounds), result.work.roots)

    def imports(self, file: str) -> tuple[str, ...]:
        """The files that ``file`` can reach by imports, in order."""
        return tuple(sorted(self._session.imports(file)))

    def text(self, file: str) -> str | None:
        """The text that is judged; of a notebook, that of its code cells."""
        return self._session.workspace.text(file)

    def replace(self, file: str, text: str) -> None:
        """Judge ``text`` from now on."""
        self._session.set_text(file, text)

    def holds(self, entry: Entry, fix: EntryFix) -> bool:
        """Tried on the session, and taken back."""
        finding, spans = self._findings.get(entry), self._fixes.get(fix)
        if finding is None or spans is None:
            return False
        sources = ChunkSources(self._session.workspace.tree)
        return verify(spans, finding, self._with_edits, sources)

    def _with_edits(self, edits: tuple[Edit, ...]) -> Iterable[Finding]:
        """The findings with some edits made: of the files that are edited, and of those judged so far."""
        session = self._session
        placed = [EntryEdit(place, edit.content) for edit in edits if (place := session.place(edit.span))]
        judged = {entry.place.file for entry in self._findings} | {edit.place.file for edit in placed}
        texts = {file: text for file in judged if (text := session.workspace.text(file)) is not None}
        changed = edited_files(texts, placed)
        try:
            for file, text in changed.items():
                session.set_text(file, text)
            results = [session.check(file) for file in sorted(texts)]
        finally:
            for file in changed:
                session.set_text(file, texts[file])
        return _with_broken_syntax(results)

    def _bound(self, limit: Limit) -> Bound:
        file = limit.root.file
        place = self._session.place(limit.where) or Place(file, 1, 1, 1, 1)
        return Bound(place, limit.budget, ".".join(limit.root.names) or "the module's own statements")

    def _trouble(self, problem: Problem) -> Trouble:
        place = self._session.place(problem.where) if problem.where is not None else None
        return Trouble(place or Place(problem.file, 1, 1, 1, 1), problem.message, place is None)


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
