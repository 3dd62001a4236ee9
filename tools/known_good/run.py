"""Packages to results on the disk: in slices, in processes, each package once for each state of gradsafe's sources."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradsafe
from gradsafe.project.files import discover
from gradsafe.project.settings import Settings
from tools.known_good.judge import judge_slice
from tools.known_good.packages import Package

SLICE = 60
"""Files judged by one process: what a session keeps of them has to fit into memory, imports of the package included."""
_ORDER = ("error", "warning", "information", "hint")


@dataclass(frozen=True, slots=True)
class Result:
    """One package as judged: plain records, as they stand in the JSON file. ``died``: slices whose process did."""

    package: str
    files: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    unknown: dict[str, int]
    died: list[str]

    def count(self, severity: str) -> int:
        return sum(1 for finding in self.findings if finding["severity"] == severity)

    def total(self, key: str) -> Any:
        return sum(each[key] for each in self.files)


def fingerprint() -> str:
    """Of all that decides what gradsafe says: results of other sources are no results."""
    digest = hashlib.sha256()
    for file in sorted(Path(gradsafe.__file__ or "").parent.rglob("*")):
        if file.suffix in (".py", ".txt"):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def kept(path: Path, print_of: str) -> Result | None:
    """The result that lies on the disk, if it is of these sources."""
    if not path.is_file():
        return None
    data = json.loads(path.read_text("utf-8"))
    return Result(**data["result"]) if data["fingerprint"] == print_of else None


def keep(path: Path, print_of: str, result: Result) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = {name: getattr(result, name) for name in ("package", "files", "findings", "unknown", "died")}
    path.write_text(json.dumps({"fingerprint": print_of, "result": fields}, indent=1) + "\n", "utf-8")


def python_files(folder: Path) -> list[str]:
    """The files that ``gradsafe check FOLDER`` would judge."""
    return list(discover([str(folder)], Settings(str(folder))).files)


def judge(package: Package, folder: Path, jobs: int, advance: Callable[[int], None]) -> Result:
    """Judge every file of a package."""
    files = python_files(folder)
    slices = [files[at : at + SLICE] for at in range(0, len(files), SLICE)]
    records: list[dict[str, Any]] = []
    died: list[str] = []
    for part, record in _judged(str(folder), slices, jobs):
        advance(len(part))
        if record is None:
            died.append(f"{Path(part[0]).relative_to(folder)} and {len(part) - 1} more files")
        else:
            records.append(record)
    unknown: Counter[str] = Counter()
    for record in records:
        unknown.update(record["unknown"])
    return Result(
        package.label,
        sorted((each for record in records for each in record["files"]), key=lambda each: str(each["file"])),
        _surest(finding for record in records for finding in record["findings"]),
        dict(unknown.most_common()),
        died,
    )


def _judged(
    folder: str, slices: list[list[str]], jobs: int
) -> Iterator[tuple[list[str], dict[str, Any] | None]]:
    # One process a slice: what a crash or a leak does stays in it.
    with ProcessPoolExecutor(jobs, max_tasks_per_child=1) as pool:
        futures: dict[Future[dict[str, Any]], list[str]] = {
            pool.submit(judge_slice, folder, part): part for part in slices
        }
        for future in as_completed(futures):
            try:
                yield futures[future], future.result()
            except BrokenProcessPool:
                yield futures[future], None


def _surest(findings: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of several slices that tell of one place, what is surest."""
    best: dict[tuple[str, int, str], dict[str, Any]] = {}
    for each in sorted(findings, key=lambda finding: _ORDER.index(finding["severity"])):
        best.setdefault((each["file"] or "", each["row"], each["code"]), each)
    return [best[key] for key in sorted(best)]
