"""Two fixes as one: a statement may fail for two reasons, and a cure may bring to light a defect that was there all along.

Looked for only where no fix holds alone. The first is made on trial, what is found then is asked for its fixes, and both together
are proved like any other fix.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from gradsafe.fixes.chunk_sources import ChunkSources
from gradsafe.fixes.offer import offer
from gradsafe.fixes.patch import Patch
from gradsafe.fixes.verify import MERGES_BACKWARDS
from gradsafe.judging.judge import PAIRED
from gradsafe.judging.mend import NEVER_APPLIED
from gradsafe.judging.trial import Proof, made, placed, prove, same_scope
from gradsafe.project.recording import Key
from gradsafe.project.session import Session
from gradsafe.project.sharing import reads_of, targets_of
from gradsafe.report.entry import EntryEdit
from gradsafe.report.texts import replacements
from gradsafe.rules.finding import SUPPRESSING, Edit, Finding, Fix, Severity
from gradsafe.syntax.layout import Layout

FIRST, NEXT = 4, 2
"""How many fixes are made first, and of how many findings the fixes come next."""

TRIED = PAIRED - FIRST
"""How many pairs are proved."""

_IN_THE_WAY = (Severity.ERROR, Severity.WARNING)
_LEFT_OUT = SUPPRESSING | MERGES_BACKWARDS


@dataclass(frozen=True)
class Pairs:
    """The pairs that hold, and what was looked at to find them, or none."""

    fixes: tuple[Fix, ...]
    rests_on: Proof


def pairs(session: Session, finding: Finding, fixes: Iterable[Fix]) -> Pairs:
    """The first pair that holds of those that begin with one of ``fixes``, none of which holds alone."""
    search = _Search(session, finding)
    with same_scope(session):
        for pair in itertools.islice(search.candidates(fixes), TRIED):
            if search.holds(pair):
                return Pairs((pair,), search.rests_on(True))
        return Pairs((), search.rests_on(False))


class _Search:
    """``files`` and ``reads``: what was looked at so far, as in :class:`~gradsafe.judging.trial.Proof`."""

    def __init__(self, session: Session, finding: Finding) -> None:
        self._session, self._finding = session, finding
        self._files: set[str] = set()
        self._reads: dict[Key, Hashable] = {}

    def candidates(self, fixes: Iterable[Fix]) -> list[Fix]:
        """Pairs that are edits of one file, those that change least of what is computed first."""
        found: list[tuple[int, Fix]] = []
        firsts = (fix for fix in fixes if fix.remedy not in _LEFT_OUT)
        for first in itertools.islice(firsts, FIRST):
            edits = placed(self._session, first.edits)
            files = {edit.place.file for edit in edits}
            if len(files) != 1:
                continue
            file = files.pop()
            for second, more in self._next(file, edits):
                both = _both(self._session, file, edits, more)
                if both is not None:
                    title = f"{first.title}, and {second.title[:1].lower()}{second.title[1:]}"
                    # What is not applied unasked is not applied as a part of something, either.
                    remedy = second.remedy if second.remedy in NEVER_APPLIED else first.remedy
                    pair = Fix(title, remedy, both, first.safe and second.safe)
                    found.append((first.safe + second.safe, pair))
        return [pair for _, pair in sorted(found, key=lambda each: -each[0])]

    def holds(self, pair: Fix) -> bool:
        """Whether both together mend the finding."""
        proof = prove(self._session, self._finding, pair)
        self._files.update(proof.files)
        self._reads.update(proof.reads or {})
        return proof.holds

    def rests_on(self, holds: bool) -> Proof:
        """What the search comes to, for whoever keeps it."""
        inside = {key for key in self._reads if key[0] == "text" and key[1] in self._files}
        reads = {key: value for key, value in self._reads.items() if key not in inside}
        return Proof(holds, tuple(sorted(self._files)), reads)

    def _next(self, file: str, edits: Sequence[EntryEdit]) -> list[tuple[Fix, list[EntryEdit]]]:
        """The fixes of what is found with some edits made, placed in the text as it is then."""
        session, found = self._session, list[tuple[Fix, list[EntryEdit]]]()
        before = {(each.code, each.primary) for each in session.check(file, with_advice=False).findings}
        before -= {(self._finding.code, self._finding.primary)}
        with made(session, edits):
            after = session.check(file, with_advice=False).findings
            self._files |= {file, *targets_of(session, file)}
            self._reads.update(reads_of(session, file))
            told = sorted(
                (each for each in after if each.severity in _IN_THE_WAY),
                key=lambda each: each.severity is Severity.WARNING,
            )
            new = [each for each in told if (each.code, each.primary) not in before]
            sources = ChunkSources(session.workspace.tree)
            for other in new[:NEXT]:
                fixes = [fix for fix in offer(other, sources, last=()) if fix.remedy not in _LEFT_OUT]
                found += [(fix, placed(session, fix.edits)) for fix in fixes]
        return found


def _both(
    session: Session, file: str, edits: Sequence[EntryEdit], more: Sequence[EntryEdit]
) -> tuple[Edit, ...] | None:
    """Both as edits of the text as it is; None where they leave the file, or one of them a chunk."""
    text, tree = session.workspace.text(file), session.workspace.tree(file)
    if text is None or tree is None or any(edit.place.file != file for edit in more):
        return None
    patch, layout, found = Patch(text), Layout.of(tree), list[Edit]()
    try:
        patch.apply(replacements(text, edits))
        patch.apply(replacements(patch.text, more))
    except ValueError:
        return None
    for start, end, content in patch.edits():
        place = layout.place_of(start, end)
        span = layout.span(place)
        if span is None or layout.place(span) != place:
            return None
        found.append(Edit(span, content))
    return tuple(found)
