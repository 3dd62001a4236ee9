"""One slice of a package's files, judged as ``gradsafe check`` judges them, in a process of its own."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gradsafe.interp.analyse import Root
from gradsafe.project.interpret import Outcome
from gradsafe.project.merge import file_of, merge
from gradsafe.project.problems import Problems
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.rules.finding import Finding
from gradsafe.syntax.source import Unreadable
from tools.known_good.ignorance import Ignorance, watching


@dataclass(slots=True)
class FileRecord:
    """What judging one file took, in seconds of processor time. ``bounded``: roots that hit a budget; ``ignorant``: roots in which a tensor went
    into something that is not modelled."""

    file: str
    lines: int
    roots: int = 0
    bounded: int = 0
    ignorant: int = 0
    instructions: int = 0
    seconds: float = 0.0
    slowest: str = ""
    slowest_seconds: float = 0.0
    budgets: dict[str, int] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SliceRecord:
    """All files of a slice, the findings that their roots made, and what was not understood."""

    files: list[FileRecord]
    findings: list[dict[str, Any]]
    unknown: dict[str, int]


def judge_slice(root: str, files: list[str]) -> dict[str, Any]:
    """Judge ``files`` (below ``root``); plain data, for the process pool and for JSON.

    ``check`` runs every root once and merges what they found, by file. A root sees the whole package whatever the slice is;
    of two slices that tell of one place the caller keeps the surest.
    """
    session = Session(Settings(root), root)
    session.open(files)
    outcomes: dict[Root, Outcome] = {}
    ignorance = Ignorance()
    with watching(ignorance):
        records = [_judge_file(session, root, file, outcomes, ignorance) for file in files]
    named = (file_of(finding) for outcome in outcomes.values() for finding in outcome.findings)
    found = dict.fromkeys(file for file in named if file is not None)
    findings = [
        _finding(session, root, finding) for file in found for finding in merge(file, outcomes, found)
    ]
    return asdict(SliceRecord(records, findings, dict(ignorance.causes)))


def _judge_file(
    session: Session, root: str, file: str, outcomes: dict[Root, Outcome], ignorance: Ignorance
) -> FileRecord:
    started = time.process_time()
    text = session.workspace.text(file) or ""
    record = FileRecord(str(Path(file).relative_to(root)), text.count("\n"))
    budgets: Counter[str] = Counter()
    for each in session.roots(file):
        before, at = ignorance.tensors_lost, time.process_time()
        try:
            outcome = session.outcome(each)
        except Exception:  # whatever it is: the command exists to tell of it
            record.crashes.append(f"{'.'.join(each.names)}\n{traceback.format_exc(limit=-6)}")
            continue
        took = time.process_time() - at
        outcomes[each] = outcome
        record.roots += 1
        record.instructions += outcome.instructions
        record.bounded += bool(outcome.budgets_hit)
        record.ignorant += ignorance.tensors_lost > before
        budgets.update(outcome.budgets_hit)
        if took > record.slowest_seconds:
            record.slowest, record.slowest_seconds = ".".join(each.names) or "<module>", round(took, 3)
    record.budgets = dict(budgets)
    opened = session.workspace.opened(file)
    if isinstance(opened, Unreadable):
        record.problems = [opened.why]
    else:
        record.problems = [problem.message for problem in Problems().of(opened)]
    record.seconds = round(time.process_time() - started, 3)
    return record


def _finding(session: Session, root: str, finding: Finding) -> dict[str, Any]:
    place = session.place(finding.primary)
    told: dict[str, Any] = {
        "file": str(Path(place.file).relative_to(root)) if place is not None else None,
        "row": place.row if place is not None else 0,
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "related": [],
    }
    for related in finding.related:
        where = session.place(related.place)
        at = f"{Path(where.file).relative_to(root)}:{where.row}" if where is not None else "?"
        told["related"].append(f"{related.role.value} {at} {related.message}")
    return told
