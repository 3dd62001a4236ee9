"""The analysis as the server asks for it, answered by the session. Lives in the worker's thread."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradsafe.explain.error_text import ErrorText
from gradsafe.explain.sights import tell
from gradsafe.explain.suspects import SHOWN, files_of, located, ranked, with_imports
from gradsafe.fixes.chunk_sources import ChunkSources
from gradsafe.fixes.offer import offer
from gradsafe.fixes.verify import Ran, verify
from gradsafe.interp.world import GivenUp
from gradsafe.judging.mend import Choice, mend
from gradsafe.judging.pairs import pairs
from gradsafe.judging.session_judge import SessionJudge
from gradsafe.judging.trial import how_far
from gradsafe.lsp.analysis import Configured, Explained, GiveWay, Inside, Judgement, Mending, Remark
from gradsafe.lsp.known import Known
from gradsafe.lsp.lasting import Lasting
from gradsafe.lsp.running import VersionMark
from gradsafe.lsp.versions import backward_texts, predicted_marks
from gradsafe.project.files import discover
from gradsafe.project.interpret import BackwardReads
from gradsafe.project.kept import ProblemKind
from gradsafe.project.looking import logs, look
from gradsafe.project.result import FileResult
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings, load, matches, overlay
from gradsafe.report.entry import Entry, EntryEdit, EntryFix, to_entry
from gradsafe.report.texts import edited_files
from gradsafe.report.unused import unused_entries
from gradsafe.rules.base import all_rules
from gradsafe.rules.finding import UNUSED, Edit, Finding, Fix, Severity
from gradsafe.syntax.span import ChunkId
from gradsafe_tracer.events import Place

logger = logging.getLogger(__name__)

AT_ONCE = 5_000
"""Instructions after which what was found so far is told, and the rest when there is time: a tenth of a second. An edit seldom takes a
tenth of that; a large file that is opened takes ten times as much."""

LAST = ("suppress", "suppress-in-file")
"""Offered for every finding: where the cursor stands both are one key away, on a command line the second is a setting."""

PAGE_ENDS = "\n## Example"
"""A hover shows what a rule does and why; the examples are on its page."""


class SessionAnalysis:
    """One session for all open documents of one project, whose imports begin at ``root``."""

    def __init__(self, root: str | None) -> None:
        self._root = root
        self._editor: Mapping[str, Any] = {}
        self._configured = Configured(None, Settings())
        self._open: Session | None = None
        self._known = Known()
        self._lasting = Lasting(self._text_of)
        self._findings: dict[str, dict[Entry, Finding]] = {}
        self._fixes: dict[tuple[str, Entry], dict[EntryFix, Fix]] = {}

    # -- judging

    def judge(self, file: str, text: str, settle: bool, give_way: GiveWay) -> Judgement | None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        if _is_excluded(session, file):
            return Judgement()
        session.set_text(file, text)
        if settle:
            return self._judgement(file, session.check(file)) if _settle(session, file, give_way) else None
        try:
            return self._judgement(file, session.quick(file, AT_ONCE, give_way.within))
        except GivenUp:
            return None

    def judge_instead(self, file: str, text: str, give_way: GiveWay) -> Judgement | None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        if session.workspace.text(file) is None or _is_excluded(session, file):
            return Judgement()
        with _instead(session, file, text):
            if not _settle(session, file, give_way):
                return None
            result = session.check(file)
            found = (to_entry(finding, (), session.place) for finding in result.findings)
            fresh = self._known.unknown(
                [entry for entry in found if entry is not None], file, session.workspace.text
            )
            return Judgement(tuple(fresh), tuple(self._unused(session, file, result)))

    def excludes(self, file: str) -> bool:
        """Whether the project's configuration leaves the file out."""
        return _is_excluded(self._session(file), file)

    def files(self, folder: str) -> Sequence[str]:
        """All files below a folder that the project's configuration does not leave out."""
        return discover([folder], self._session(folder).settings).files

    def lay_over(self, file: str, text: str | None) -> None:
        """A file of another project holds ``text`` in an editor, for those here that import it (None: what the disk says)."""
        if self._open is not None:
            self._open.lay_over(file, text)

    def judge_closed(self, file: str, give_way: GiveWay) -> tuple[str, Judgement] | bool | None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        session.open([file])
        if not _settle(session, file, give_way):
            return False
        result = session.check(file)
        text = session.workspace.text(file)
        if text is None:
            return None
        entries = (to_entry(finding, (), session.place) for finding in result.findings)
        remarks = (*self._troubles(file, result), *self._unused(session, file, result))
        fresh = self._known.unknown(
            [entry for entry in entries if entry is not None], file, session.workspace.text
        )
        return text, Judgement(tuple(fresh), remarks)

    def forget(self, file: str) -> None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        self._lasting.forget(session.workspace.name(file))
        self._findings.pop(file, None)
        self._fixes = {key: fixes for key, fixes in self._fixes.items() if key[0] != file}
        session.drop(file)

    def configure(self, editor: Mapping[str, Any]) -> None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        self._editor = editor
        if self._open is not None:
            self._open.settings = self._settings(self._open.workspace.root)

    def configuration(self, files: Sequence[str] = ()) -> Configured:
        """What the project goes by."""
        if self._open is None and self._root is not None:
            self._session(self._root)
        problems = (*self._configured.problems, *self._known.problems())
        return replace(self._configured, problems=problems)

    def inside(self) -> Inside:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        if self._open is None:
            return Inside()
        return Inside(self._open.counts(), self._open.budgets_hit())

    def reload(self) -> None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        if self._open is not None:
            self._open.refresh()
            self._open.settings = self._settings(self._open.workspace.root)

    def look(self, file: str, row: int, column: int) -> Explained | None:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        looked = look(session, file, row, column)
        place = session.place(looked.place) if looked is not None else None
        if looked is None or place is None:
            return None
        told = tell(looked.word, looked.sights, looked.alone, session.place)
        return Explained(place, looked.word, told) if told is not None else None

    def hints(self, file: str, rows: tuple[int, int]) -> Sequence[VersionMark]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        name = session.workspace.name(file)
        return predicted_marks(logs(session, file, range(rows[0], rows[1] + 1)), session.place, name, rows)

    def backwards(self, file: str, rows: Sequence[int]) -> Mapping[int, str]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        found: list[tuple[int, BackwardReads]] = []
        for outcome in session.outcomes(file):
            for reads in outcome.backwards:
                place = session.place(reads.place)
                if place is not None and place.file == session.workspace.name(file) and place.row in rows:
                    found.append((place.row, reads))
        return backward_texts(found)

    def suspects(self, error: ErrorText) -> Sequence[Entry]:
        """See :class:`gradsafe.lsp.analysis.Analysis`. In a session of its own: of files as they were run, not as they are typed."""
        error = located(error, self._root or ".")
        files = files_of(error)
        if not files:
            return ()
        known = self._session(files[0])
        session = Session(known.settings, known.workspace.root)
        names = with_imports(files, session.imports)
        session.open(names)
        sources = ChunkSources(session.workspace.tree)
        found = [
            to_entry(finding, offer(finding, sources), session.place)
            for name in names
            for finding in session.check(name).findings
        ]
        return ranked([entry for entry in found if entry is not None], error)[:SHOWN]

    def _session(self, file: str) -> Session:
        """The session, opened at the first file where the client has no folder open."""
        if self._open is None:
            path = Path(file)
            root = self._root or str(path.parent if path.is_absolute() else Path.cwd())
            self._open = Session(self._settings(root), root)
        return self._open

    def _settings(self, root: str) -> Settings:
        codes = tuple(rule.code for rule in all_rules())
        loaded = load(root, codes)
        over = overlay(loaded.settings, self._editor, codes)
        self._known.configure(loaded)
        problems = tuple(f"{problem.message}. {problem.remedy}" for problem in over.problems)
        self._configured = Configured(loaded.file, over.settings, loaded.given, loaded.problems, problems)
        for problem in loaded.problems:
            logger.warning("%s:%d: %s. %s", problem.file, problem.row, problem.message, problem.remedy)
        return over.settings

    def _judgement(self, file: str, result: FileResult) -> Judgement:
        found: dict[Entry, Finding] = {}
        for finding in self._lasting.update(result):
            entry = to_entry(finding, (), self._place)
            if entry is not None:
                found[entry] = finding
        assert self._open is not None
        fresh = self._known.unknown(list(found), file, self._open.workspace.text)
        self._findings[file] = {entry: found[entry] for entry in fresh}
        self._fixes = {key: fixes for key, fixes in self._fixes.items() if key[0] != file}
        return Judgement(
            tuple(fresh), (*self._troubles(file, result), *self._unused(self._open, file, result))
        )

    def _unused(self, session: Session, file: str, result: FileResult) -> Iterable[Remark]:
        text = session.workspace.text(file)
        for each in self._known.unknown(
            unused_entries(result, text, session.settings), file, session.workspace.text
        ):
            yield Remark(each.place, each.code, each.message, True, each.severity, each.url, each.fixes)

    def _troubles(self, file: str, result: FileResult) -> Iterable[Remark]:
        for problem in result.problems:
            place = self._place(problem.where) if problem.where is not None else Place(file, 1, 1, 1, 1)
            if place is not None:
                code = "syntax-error" if problem.kind is ProblemKind.SYNTAX else "not-analysed"
                yield Remark(place, code, problem.message)

    def _place(self, where: object) -> Place | None:
        assert self._open is not None
        return self._open.place(where)

    def _text_of(self, chunk: ChunkId) -> str | None:
        assert self._open is not None
        found = self._open.workspace.chunk(chunk)
        return found.text if found is not None else None

    # -- fixing

    def fixes(self, file: str, entry: Entry) -> Sequence[EntryFix]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        finding = self._findings.get(file, {}).get(entry)
        if finding is None:
            return ()
        found: dict[EntryFix, Fix] = {}
        for fix in offer(finding, ChunkSources(session.workspace.tree), LAST):
            with_places = to_entry(finding, (fix,), session.place)
            if with_places is not None and with_places.fixes:
                found[with_places.fixes[0]] = fix
        self._fixes[file, entry] = found
        return tuple(found)

    def holds(self, file: str, entry: Entry, fix: EntryFix) -> bool:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        finding = self._findings.get(file, {}).get(entry)
        spans = self._fixes.get((file, entry), {}).get(fix)
        if finding is None or spans is None:
            return False
        problems: list[int] = []
        ran: list[Ran] = []

        def analyse(edits: tuple[Edit, ...]) -> Iterable[Finding]:
            results, how_far_now = self._with_edits(file, edits)
            problems.append(sum(len(result.problems) for result in results))
            ran.append(how_far_now)
            return [finding for result in results for finding in result.findings]

        # Text that does not parse has no findings either.
        holds = verify(spans, finding, analyse, ran=lambda: ran[-1])
        return holds and problems[-1] <= problems[0]

    def paired(self, file: str, entry: Entry) -> Sequence[EntryFix]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        finding = self._findings.get(file, {}).get(entry)
        if finding is None:
            return ()
        session = self._session(file)
        found = pairs(session, finding, self._fixes.get((file, entry), {}).values())
        with_places = to_entry(finding, found.fixes, session.place)
        return with_places.fixes if with_places is not None else ()

    def fixes_instead(self, file: str, text: str, entry: Entry) -> Sequence[EntryFix]:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        with _instead(session, file, text):
            finding = _found_again(session, file, entry)
            if finding is None:
                return ()
            fixes = offer(finding, ChunkSources(session.workspace.tree))
            with_places = to_entry(finding, fixes, session.place)
            return with_places.fixes if with_places is not None else ()

    def holds_instead(self, file: str, text: str, entry: Entry, mended: str, own: str) -> bool:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        now = session.workspace.text(file)
        with _instead(session, file, text):
            finding = _found_again(session, file, entry)
        if finding is None or now is None:
            return False
        problems: list[int] = []
        ran: list[Ran] = []

        def look(text: str) -> Sequence[Finding]:
            with _instead(session, file, text):
                result = session.check(file)
                problems.append(len(result.problems))
                ran.append(how_far(session, [file]))
            return result.findings

        made = Fix("", "", (Edit(None, ""),), safe=False)
        mends = verify(made, finding, lambda edits: look(mended if edits else text), ran=lambda: ran[-1])
        if not mends or _census(look(own)) - _census(look(now)):
            return False
        in_runs, in_mended, in_own, in_document = problems
        return in_mended <= in_runs and in_own <= in_document

    def may_mend(self, file: str) -> bool:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        return any(
            _UNASKED.allows(fix) for entry in self._findings.get(file, ()) for fix in self.fixes(file, entry)
        )

    def mend(self, file: str, give_up: Callable[[], bool]) -> Mending:
        """See :class:`gradsafe.lsp.analysis.Analysis`."""
        session = self._session(file)
        text = session.workspace.text(file)
        if text is None:
            return Mending()
        name = session.workspace.name(file)
        try:
            mended = mend(SessionJudge(session), {name: text}, _UNASKED, give_up)
        finally:
            session.set_text(file, text)
        layout = session.layout(file)
        assert layout is not None
        edits = mended.patches[name].edits()
        placed = (EntryEdit(layout.place_of(start, end), content) for start, end, content in edits)
        return Mending(
            tuple(replace(each, place=each.place._replace(file=file)) for each in placed), mended.applied
        )

    def _with_edits(self, file: str, edits: tuple[Edit, ...]) -> tuple[list[FileResult], Ran]:
        """What there is to say with some edits made, which are then taken back, and how far the program gets."""
        session = self._session(file)
        placed = [EntryEdit(place, edit.content) for edit in edits if (place := session.place(edit.span))]
        files = {file, *(edit.place.file for edit in placed)}
        texts = {each: text for each in files if (text := session.workspace.text(each)) is not None}
        try:
            for each, text in edited_files(texts, placed).items():
                session.set_text(each, text)
            return [session.check(each, with_advice=False) for each in files], how_far(session, files)
        finally:
            for each, text in texts.items():
                if each == file or each in self._findings:
                    session.set_text(each, text)
                else:
                    session.drop(each)


_UNASKED = Choice(ignored=frozenset({UNUSED}))
"""What *fix all* mends. A comment may be needed by a file that is not open, which knows more of what this one is called with."""


def _settle(session: Session, file: str, give_way: GiveWay) -> bool:
    """Run all that is left for a file; False where something more urgent came between."""
    for root in session.pending(file):
        if give_way.between():
            return False
        try:
            session.outcome(root, give_way.within)
        except GivenUp:
            return False
    return True


@contextmanager
def _instead(session: Session, file: str, text: str) -> Iterator[None]:
    """``file`` holds ``text`` for a while."""
    own = session.workspace.text(file)
    session.set_text(file, text)
    try:
        yield
    finally:
        if own is not None:
            session.set_text(file, own)


def _found_again(session: Session, file: str, entry: Entry) -> Finding | None:
    """The finding of which ``entry`` tells, in the text as it is now."""
    findings = session.check(file).findings
    return next((each for each in findings if to_entry(each, (), session.place) == entry), None)


def _census(findings: Iterable[Finding]) -> Counter[str]:
    return Counter(each.code for each in findings if each.severity is not Severity.HINT)


def page_of(code: str) -> str | None:
    """The page of a rule, in Markdown."""
    return next((rule.page().partition(PAGE_ENDS)[0] for rule in all_rules() if rule.code == code), None)


def _is_excluded(session: Session, file: str) -> bool:
    return any(matches(pattern, session.settings.folder, file) for pattern in session.settings.exclude)
