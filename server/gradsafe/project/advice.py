"""The other way round: operations out of place, and clones, that are proved not to be needed.

The text of a function says which operations may be asked about (:mod:`gradsafe.fixes.questions`), its root is run once more to
answer (:mod:`gradsafe.interp.spare`), and then every root in scope that runs the function, with the arguments that it gives. A
single root in which a budget was hit, or where torch raises, is enough for silence about all that it runs. That the program in
place has no finding is for :mod:`gradsafe.fixes.verify` to say, as of every fix.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradsafe.fixes.apply import apply_edits
from gradsafe.fixes.chunk_sources import ChunkSources
from gradsafe.fixes.offer import offer
from gradsafe.fixes.questions import Piece, questions
from gradsafe.fixes.spare_forms import SpareForm
from gradsafe.fixes.verify import verify
from gradsafe.interp.analyse import Root, RootKind
from gradsafe.interp.sole_owner import Soft
from gradsafe.interp.spare import Answer, Inquiry, Question
from gradsafe.rules.finding import Edit, Finding, Fix, Severity
from gradsafe.rules.needless_copy import advise
from gradsafe.syntax.cells import cells
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.span import Span

if TYPE_CHECKING:
    from gradsafe.project.interpret import Outcome
    from gradsafe.project.session import Session

_WORD = re.compile(r"\s*(?:async\s+)?(\w+)")
_LOOPS = frozenset({"for", "while"})


@dataclass(frozen=True)
class _Asked:
    form: SpareForm
    question: Question
    root: Root
    answer: Answer


KEPT = 4
"""Answers kept for each file: a fix that is tried and taken back finds the last one again."""


class Adviser:
    """Says what could be written in place in the files of a session, as long as nothing that was found of them changes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: dict[str, list[tuple[Chunk, list[Outcome], tuple[Finding, ...]]]] = {}

    def of(self, file: str) -> tuple[Finding, ...]:
        """Of a file all of whose roots, and all that may reach it, are run."""
        session, tree = self._session, self._session.workspace.tree(file)
        if tree is None:
            return ()
        outcomes = session.outcomes(file)
        kept = self._kept.setdefault(file, [])
        for known, of, findings in kept:
            if known is tree and len(of) == len(outcomes) and all(map(operator.is_, of, outcomes)):
                return findings
        found = tuple(_advice(session, file, tree))
        kept[:] = [(tree, outcomes, found), *kept[: KEPT - 1]]
        return found


def _advice(session: Session, file: str, tree: Chunk) -> Iterator[Finding]:
    sources = ChunkSources(session.workspace.tree)
    held = [each for root in session.roots(file) for each in _of_root(session, tree, sources, root)]
    for each in _as_callers_say(session, file, held):
        finding = advise(each.question.place, each.form.words, each.answer)
        if any(_holds(session, file, sources, finding, fix) for fix in offer(finding, sources, last=())):
            yield finding


def _holds(session: Session, file: str, sources: ChunkSources, finding: Finding, fix: Fix) -> bool:
    """Whether the file, written so, has no finding more."""
    text, layout = session.workspace.text(file), session.layout(file)
    if text is None or layout is None:
        return False
    edits: list[tuple[int, int, str]] = []
    for each in fix.edits:
        start = layout.start(each.span.chunk) if isinstance(each.span, Span) else None
        if start is None or not isinstance(each.span, Span):
            return False
        edits.append((start + each.span.start, start + each.span.end, each.content))
    edited = apply_edits(text, edits)

    def analyse(made: tuple[Edit, ...]) -> Iterable[Finding]:
        session.set_text(file, edited if made else text)
        result = session.check(file, with_advice=False)
        broken = Finding("syntax-error", Severity.ERROR, "", finding.primary)
        return [*result.findings, *(broken for _ in result.problems)]

    try:
        return verify(fix, finding, analyse, sources)
    finally:
        session.set_text(file, text)


def _of_root(session: Session, tree: Chunk, sources: ChunkSources, root: Root) -> Iterator[_Asked]:
    pieces = _pieces(tree, sources, root) if not _is_inherited(session, root) else []
    asked = list(questions(pieces, root.kind is not RootKind.MODULE)) if pieces else []
    if not asked:
        return
    inquiry = Inquiry([question for _, question in asked], _softness(pieces, root))
    if not _runs_through(session, root, inquiry):
        return
    for form, question in asked:
        answer = inquiry.answer(question)
        if answer.came and not answer.against:
            yield _Asked(form, question, root, answer)


def _is_inherited(session: Session, root: Root) -> bool:
    """Whether the root is a method that another class in sight has, too: its layers need not be those that ``__init__`` made here."""
    if len(root.names) < 2:
        return False
    derives = re.compile(rf"\bclass\s[^(]*\([^)]*\b{re.escape(root.names[-2])}\b")
    trees = (session.workspace.tree(owner) for owner in session.owners(root.file))
    return any(
        derives.search(each.text) for tree in trees if tree for each in tree.walk() if each.kind is Kind.CLASS
    )


def _as_callers_say(session: Session, file: str, asked: list[_Asked]) -> list[_Asked]:
    """Those to which no other root that runs their function has anything to say against."""
    for owner in session.owners(file):
        for root in session.roots(owner) if asked else ():
            outcome = session.known(root)
            mine = [
                each for each in asked if outcome and each.root.scope in outcome.called and each.root != root
            ]
            if not mine:
                continue
            inquiry = Inquiry([each.question for each in mine], Soft.NEVER)
            through = _runs_through(session, root, inquiry)
            refused = [each for each in mine if not through or inquiry.refuses(each.question)]
            asked = [each for each in asked if each not in refused]
    return asked


def _runs_through(session: Session, root: Root, inquiry: Inquiry) -> bool:
    """Run a root with the questions; whether all its paths come to their ends."""
    outcome = session.known(root)
    if outcome is None or outcome.limits or any(each.severity is Severity.ERROR for each in outcome.findings):
        return False
    try:
        result = session.watched(root, inquiry)
    except RecursionError:
        return False
    return not result.limits and not any(
        each.blurred or each.shadow_from is not None for each in result.trails
    )


def _softness(pieces: list[Piece], root: Root) -> Soft:
    if root.kind is RootKind.MODULE:
        return Soft.NEVER
    header = re.sub(r"\s", "", pieces[0].code.text)
    return Soft.LOWERED if len(root.names) == 1 and f"def{root.names[0]}():" in header else Soft.ALWAYS


def _pieces(tree: Chunk, sources: ChunkSources, root: Root) -> list[Piece]:
    """The chunks of a root; none where one does not parse, or the variables outlive a run (a notebook's cells)."""
    if root.kind is RootKind.MODULE and (tree.scan is None or any(each.index for each in cells(tree.scan))):
        return []
    scope = next((each for each in tree.walk() if each.id == root.scope), None)
    found = list(_walk(scope, sources, False, False, False)) if scope is not None else []
    return [] if None in found else [each for each in found if each is not None]


def _walk(
    chunk: Chunk, sources: ChunkSources, in_loop: bool, in_try: bool, is_inner: bool, is_scope: bool = True
) -> Iterator[Piece | None]:
    is_inner = is_inner or (chunk.kind in (Kind.DEF, Kind.CLASS) and not is_scope)
    if chunk.text:
        code = sources.code(chunk.id)
        yield Piece(code, in_loop, in_try, is_inner) if code is not None else None
    words = _headers(chunk)
    for child in chunk.children:
        yield from _walk(
            child,
            sources,
            in_loop or bool(words & _LOOPS),
            in_try or "try" in words,
            is_inner,
            is_scope=False,
        )


def _headers(chunk: Chunk) -> frozenset[str]:
    """The first words of a compound statement's clauses."""
    if chunk.kind not in (Kind.COMPOUND, Kind.CLAUSE):
        return frozenset()
    texts = [chunk.text, *(each.text for each in chunk.children if each.kind is Kind.CLAUSE)]
    return frozenset(match[1] for text in texts if (match := _WORD.match(text)))
