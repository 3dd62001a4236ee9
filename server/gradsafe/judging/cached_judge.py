"""The judge of the command line: what earlier runs found is looked up, and what this one finds is kept.

A file is judged in two steps, each kept by what it rests on: what its roots find (``project.cache.store``), and what is told of
a file by all roots that looked into it (:class:`~gradsafe.judging.told.Told`). The session is asked only for what is not kept,
and where all is, the analysis is not even imported: that takes as long as to look up a thousand files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from gradsafe.judging.judge import Bound, Verdict, bound, trouble
from gradsafe.judging.told import Proved, Told
from gradsafe.project.cache.folder import Folder
from gradsafe.project.cache.packing import Malformed
from gradsafe.project.cache.store import CachedResults, Head, name_of
from gradsafe.project.entries import in_scope
from gradsafe.project.kept import Found
from gradsafe.project.program import read_program
from gradsafe.project.settings import Settings
from gradsafe.report.entry import Entry, EntryFix
from gradsafe.syntax.source import Unreadable
from gradsafe_tracer.events import Place

if TYPE_CHECKING:
    from gradsafe.judging.session_judge import SessionJudge
    from gradsafe.judging.trial import Proof
    from gradsafe.project.session import Session


class CachedJudge:
    """Implements :class:`gradsafe.judging.judge.Judge` for the files of ``scope``, with their texts as they are on the disk."""

    def __init__(self, settings: Settings, scope: Sequence[str], folder: Folder) -> None:
        self._settings, self._folder = settings, folder
        self._scope = tuple(in_scope(settings.entry_points, scope))
        self._results = CachedResults(folder, settings.folder, self._scope, settings.deciding)
        self._told: dict[str, Told] = {}
        self._names: dict[str, str] = {}
        self._asked: set[str] = set()
        self._is_live = False
        """Texts are not those of the disk any more, or were not when they were read: nothing is looked up or kept."""

    @cached_property
    def session(self) -> Session:
        """The analysis itself."""
        from gradsafe.project.session import Session

        session = Session(self._settings, self._settings.folder, store=self._results)
        session.open(self._scope)
        return session

    @cached_property
    def _inner(self) -> SessionJudge:
        from gradsafe.judging.session_judge import SessionJudge

        return SessionJudge(self.session)

    # -- judging

    def ahead(self, files: Sequence[str], jobs: int | None) -> Iterator[int]:
        """See :class:`gradsafe.judging.judge.Judge`."""
        asked = frozenset(files)
        self._asked |= asked
        stale = self._stale(asked)
        yield len(asked.difference(stale))
        for found in self._run(stale, jobs) if stale else ():
            for each in found:
                self._is_live |= not self._results.keep(each)
            self._forget_names()
            yield sum(1 for each in found if each.file in asked)

    def check(self, file: str) -> Verdict:
        """See :class:`gradsafe.judging.judge.Judge`."""
        if file not in self._asked and not self._is_live:
            for _ in self.ahead([file], 1):
                pass
        head = self._results.head(file) if not self._is_live else None
        if head is None:
            return self._inner.check(file)
        try:
            problems = head.problems
        except Malformed:
            return self._inner.check(file)
        is_target = file in self._targets or file in self._leading_out
        is_told_of = is_target or self._settings.advises or head.suppresses
        entries = self._telling(file).entries if is_told_of else ()
        troubles = tuple(trouble(each, _place(each.where)) for each in problems)
        return Verdict(file, entries, troubles, head.roots)

    def bounds(self, file: str) -> tuple[Bound, ...]:
        """See :class:`gradsafe.judging.judge.Judge`."""
        head = self._results.head(file) if not self._is_live else None
        try:
            limits = head.limits if head is not None else None
        except Malformed:
            limits = None
        if limits is None:
            return self._inner.bounds(file)
        return tuple(bound(each, _place(each.where)) for each in limits)

    def holds(self, entry: Entry, fix: EntryFix) -> bool:
        """See :class:`gradsafe.judging.judge.Judge`."""
        told = self._told.get(entry.place.file)
        at = told.at(entry, fix) if told is not None and not self._is_live else None
        if told is None or at is None:
            return self._inner.holds(entry, fix)
        known = told.proofs.get(at)
        if known is None or not self._stands(known):
            if not self._inner.knows(entry):
                self._inner.check(entry.place.file)
            known = self._prove(entry, fix)
            told.proofs[at] = known
            told.is_new = True
        return known.holds

    def paired(self, entry: Entry) -> tuple[EntryFix, ...]:
        """See :class:`gradsafe.judging.judge.Judge`."""
        told = self._told.get(entry.place.file)
        if told is None or entry not in told.entries or self._is_live:
            return self._inner.paired(entry)
        at = told.entries.index(entry)
        known = told.pairs.get(at)
        if known is None or not self._stands(known[1]):
            if not self._inner.knows(entry):
                self._inner.check(entry.place.file)
            fixes, proof = self._inner.pairing(entry)
            known = told.pairs[at] = fixes, self._kept(proof)
            told.is_new = True
        return known[0]

    def imports(self, file: str) -> tuple[str, ...]:
        """See :class:`gradsafe.judging.judge.Judge`."""
        return self._inner.imports(file)

    def read(self) -> frozenset[str]:
        """See :class:`gradsafe.judging.judge.Judge`."""
        return frozenset(self._scope).union(*(head.texts for head in self._heads.values()))

    def text(self, file: str) -> str | None:
        """See :class:`gradsafe.judging.judge.Judge`."""
        if "session" not in self.__dict__:
            found = read_program(file)
            if not isinstance(found, Unreadable) and found.digest == self._results.disk.digest(file):
                return found.text
        return self._inner.text(file)

    def replace(self, file: str, text: str) -> None:
        """See :class:`gradsafe.judging.judge.Judge`."""
        self._is_live = True
        self._inner.replace(file, text)

    def close(self) -> None:
        """Keep what is new of what was told."""
        for file, told in self._told.items():
            if told.is_new and self._is_of_the_disk(told):
                self._folder.write(f"{self._name(file)}.told", told.pack())
        self._folder.close()

    # -- what is to be run

    def _stale(self, asked: frozenset[str]) -> list[str]:
        """The files without results that may find something in those that are asked for, these first."""
        disk, head = self._results.disk, self._results.head
        stale = [file for file in self._scope if head(file) is None and disk.digest(file) is not None]
        near = [file for file in stale if file in asked]
        others = (file for file in stale if file not in asked)
        return near + [file for file in others if not asked.isdisjoint(self.session.imports(file))]

    def _run(self, files: list[str], jobs: int | None) -> Iterator[list[Found]]:
        from gradsafe.project.parallel import FEWEST, SLICE, judge_ahead, processes

        left = dict.fromkeys(files)
        root = self._settings.folder
        for found in judge_ahead(self._settings, root, self._scope, files, jobs or processes()):
            for each in found:
                left.pop(each.file, None)
            yield found
        rest = list(left)
        if not rest:
            return
        from gradsafe.project.batch import Batch
        from gradsafe.project.sharing import found_of

        if len(rest) < FEWEST:  # this session may be asked for their fixes next
            yield from ([found_of(self.session, file)] for file in rest)
            return
        batch = Batch(self._settings, root, self._scope)
        for at in range(0, len(rest), SLICE):
            yield batch.judge(rest[at : at + SLICE])

    # -- what is told

    @cached_property
    def _heads(self) -> dict[str, Head]:
        heads = ((file, self._results.head(file)) for file in self._scope)
        return {file: head for file, head in heads if head is not None}

    @cached_property
    def _targets(self) -> frozenset[str]:
        return frozenset().union(*(head.targets for head in self._heads.values()))

    @cached_property
    def _leading_out(self) -> frozenset[str]:
        """The files from which a run comes to a line out of scope in which something is found."""
        outside = (head for head in self._heads.values() if head.targets.difference(self._heads))
        return frozenset().union(*(head.texts for head in outside))

    def _forget_names(self) -> None:
        for each in ("_heads", "_targets", "_leading_out"):
            self.__dict__.pop(each, None)
        self._names.clear()
        self._told.clear()

    def _name(self, file: str) -> str:
        """Names all that what is told of ``file`` rests on."""
        known = self._names.get(file)
        if known is None:
            read_by = [
                (owner, head.rests_on, sorted(head.targets.difference(self._heads)))
                for owner, head in self._heads.items()
                if file in head.texts
            ]
            digest = self._results.disk.digest(file)
            known = self._names[file] = name_of(_spelled(self._settings), file, digest, read_by)
        return known

    def _telling(self, file: str) -> Told:
        told = self._told.get(file)
        if told is None:
            text = self._folder.read(f"{self._name(file)}.told")
            try:
                told = Told.unpack(text) if text is not None else None
            except Malformed:
                told = None
            if told is None:
                told = Told(self._inner.check(file).entries, is_new=True)
            self._told[file] = told
        return told

    def _prove(self, entry: Entry, fix: EntryFix) -> Proved:
        return self._kept(self._inner.proof(entry, fix))

    def _kept(self, proof: Proof) -> Proved:
        reads = proof.reads or {}
        texts = {str(key[1]): str(value) for key, value in reads.items() if key[0] == "text" and value}
        facts = self._results.disk.facts(reads)
        told = {file: self._name(file) if facts is not None else "" for file in proof.files}
        return Proved.of(proof.holds, told, texts, facts or {})

    def _stands(self, proof: Proved) -> bool:
        told = all(self._name(file) == name for file, name in proof.told.items())
        return told and proof.stands(self._results.disk)

    def _is_of_the_disk(self, told: Told) -> bool:
        """Whether the texts that its places point into were what they are named by, when they were read."""
        places = {each.place.file for each in told.entries}
        places |= {related.place.file for each in told.entries for related in each.related}
        digest = self.session.workspace.digest
        return not self._is_live and all(digest(file) == self._results.disk.digest(file) for file in places)


def _place(where: object) -> Place | None:
    return where if isinstance(where, Place) else None


def _spelled(settings: Settings) -> list[object]:
    """All of the settings that decides what is told of a file."""
    return [
        settings.folder,
        sorted(settings.select) if settings.select is not None else None,
        sorted(settings.ignore),
        [(pattern, sorted(codes)) for pattern, codes in settings.per_file_ignores],
        sorted((code, severity.value) for code, severity in settings.severity.items()),
        settings.advises,
        settings.deciding,
    ]
