"""The judge, answered by a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradsafe.fixes.chunk_sources import ChunkSources
from gradsafe.fixes.offer import offer
from gradsafe.judging.judge import Bound, Trouble, Verdict, bound, trouble
from gradsafe.judging.pairs import pairs
from gradsafe.judging.trial import Proof, prove
from gradsafe.project.kept import Problem
from gradsafe.project.session import Session
from gradsafe.report.entry import Entry, EntryFix, to_entry
from gradsafe.report.unused import unused_entries
from gradsafe.rules.finding import Finding, Fix


class SessionJudge:
    """Implements :class:`gradsafe.judging.judge.Judge`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._findings: dict[Entry, Finding] = {}
        self._fixes: dict[EntryFix, Fix] = {}
        self._remarks: set[Entry] = set()

    def ahead(self, files: Sequence[str], jobs: int | None) -> Iterator[int]:
        """Nothing is: each file is judged when it is asked for."""
        yield from ()

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
        remarks = unused_entries(result, self._session.workspace.text(file), self._session.settings)
        self._remarks.update(remarks)
        entries += remarks
        troubles = tuple(map(self._trouble, result.problems))
        return Verdict(file, tuple(entries), troubles, len(self._session.roots(file)))

    def bounds(self, file: str) -> tuple[Bound, ...]:
        """Where budgets were hit."""
        limits = self._session.check(file).limits
        return tuple(bound(each, self._session.place(each.where)) for each in limits)

    def imports(self, file: str) -> tuple[str, ...]:
        """The files that ``file`` can reach by imports, in order."""
        return tuple(sorted(self._session.imports(file)))

    def read(self) -> frozenset[str]:
        """The files in scope: what each looked into is not asked."""
        return frozenset(self._session.scope)

    def text(self, file: str) -> str | None:
        """The text that is judged; of a notebook, that of its code cells."""
        return self._session.workspace.text(file)

    def replace(self, file: str, text: str) -> None:
        """Judge ``text`` from now on."""
        self._session.set_text(file, text)

    def holds(self, entry: Entry, fix: EntryFix) -> bool:
        """Tried on the session, and taken back."""
        return self.proof(entry, fix).holds

    def paired(self, entry: Entry) -> tuple[EntryFix, ...]:
        """Each tried on the session, and taken back."""
        return self.pairing(entry)[0]

    def pairing(self, entry: Entry) -> tuple[tuple[EntryFix, ...], Proof]:
        """The pairs that hold, and what that rests on."""
        finding = self._findings.get(entry)
        if finding is None:
            return (), Proof(False)
        fixes = (self._fixes[fix] for fix in entry.fixes if fix in self._fixes)
        found = pairs(self._session, finding, fixes)
        placed = to_entry(finding, found.fixes, self._session.place)
        return placed.fixes if placed is not None else (), found.rests_on

    def close(self) -> None:
        """Nothing is kept."""

    def knows(self, entry: Entry) -> bool:
        """Whether this entry is of this judge's own finding."""
        return entry in self._findings or entry in self._remarks

    def proof(self, entry: Entry, fix: EntryFix) -> Proof:
        """Whether a fix holds, and what that rests on."""
        if entry in self._remarks:
            return Proof(True)  # what it takes away is a comment that hid nothing
        finding, spans = self._findings.get(entry), self._fixes.get(fix)
        if finding is None or spans is None:
            return Proof(False)
        return prove(self._session, finding, spans)

    def _trouble(self, problem: Problem) -> Trouble:
        return trouble(problem, self._session.place(problem.where))
