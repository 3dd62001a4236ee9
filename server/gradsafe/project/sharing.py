"""What one session hands to another one, or to the disk: the results of a file's roots, and all that they rest on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from gradsafe.interp.analyse import Root, RootKind
from gradsafe.project.allowance import Allowance
from gradsafe.project.cache.packing import Packing
from gradsafe.project.interpret import BackwardReads, Outcome
from gradsafe.project.kept import PROBLEMS, About, Found, Kept, Limit, limits_of
from gradsafe.project.merge import file_of
from gradsafe.project.recording import Key
from gradsafe.project.session import Session
from gradsafe.rules.finding import Finding, Related, Role, SavedAs, Severity
from gradsafe.syntax import suppressions
from gradsafe.syntax.source import Unreadable
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import Place

RESULTS = Packing(
    Allowance, BackwardReads, ChunkId, Finding, Kept, Limit, Outcome, Place, Related, Role, Root, RootKind, SavedAs,
    Severity, Span,
)  # fmt: skip
"""How results of roots and rows of limits are packed."""


def found_of(session: Session, file: str) -> Found:
    """All that the roots of ``file`` find; those that are to be run are run."""
    file = session.workspace.name(file)
    about = about_of(session, file)
    results = session.results(file)
    reads = _reads(session, file)
    shared = tuple((root, replace(kept, reads=reads, own=frozenset())) for root, kept in results)
    findings = (finding for _, kept in results for finding in kept.outcome.findings)
    targets = frozenset(target for finding in findings if (target := file_of(finding)) is not None)
    return Found(file, about, targets, reads, RESULTS.pack(shared))


def about_of(session: Session, file: str) -> About:
    """What there is to say of a file besides findings, with rows and columns."""
    outcomes = {root: session.outcome(root) for root in session.roots(file)}
    problems = tuple(replace(each, where=session.place(each.where)) for each in session.problems(file))
    limits = tuple(replace(each, where=session.place(each.where)) for each in limits_of(file, outcomes))
    opened = session.workspace.opened(file)
    suppresses = not isinstance(opened, Unreadable) and bool(suppressions.find(opened))
    packed_problems = PROBLEMS.pack(problems) if problems else ""
    packed_limits = RESULTS.pack(limits) if limits else ""
    return About(packed_problems, packed_limits, len(outcomes), suppresses)


def targets_of(session: Session, file: str) -> frozenset[str]:
    """The files in which the roots that looked into ``file`` find something, once it is checked."""
    roots = (root for owner in session.owners(file) for root in session.roots(owner))
    outcomes = (session.known(root) for root in roots)
    found = (file_of(each) for outcome in outcomes if outcome is not None for each in outcome.findings)
    return frozenset(each for each in found if each is not None)


def reads_of(session: Session, file: str) -> dict[Key, Hashable]:
    """All that what is told of ``file`` rests on, once it is checked: texts by their digests, and who is found where."""
    return {key: value for owner in session.owners(file) for key, value in _reads(session, owner).items()}


def _reads(session: Session, file: str) -> dict[Key, Hashable]:
    digest = session.workspace.digest
    reads: dict[Key, Hashable] = {("text", file): digest(file)}
    for _, kept in session.results(file):
        reads.update((key, answer) for key, answer in kept.reads.items() if key[0] in ("find", "text"))
        reads.update((("text", each), digest(each)) for each in kept.files if each)
    return reads
