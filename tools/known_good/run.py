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


def python_files(package: Package, folder: Path) -> list[str]:
    """The files that ``gradsafe check`` would judge in the package, or in those of its folders that are wanted."""
    wanted = [str(folder / only) for only in package.only] or [str(folder)]
    return list(discover(wanted, Settings(str(folder))).files)[:: package.every]


def judge(package: Package, folder: Path, jobs: int, parts: Parts, advance: Callable[[int], None]) -> Result:
    """Judge every file of a package. ``parts``: where slices that were judged before lie, and new ones go."""
    files = python_files(package, folder)
    slices = [files[at : at + SLICE] for at in range(0, len(files), SLICE)]
    records: list[dict[str, Any]] = []
    died: list[str] = []
    for part, record in _judged(str(folder), slices, jobs, parts):
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


@dataclass(frozen=True, slots=True)
class Parts:
    """Slices of one package as judged, on the disk: a run that is broken off goes on where it was."""

    folder: Path
    fingerprint: str

    def find(self, files: list[str]) -> dict[str, Any] | None:
        """The record of a slice, if it was judged by these sources."""
        path = self._path(files)
        record: dict[str, Any] | None = json.loads(path.read_text("utf-8")) if path.is_file() else None
        return record

    def keep(self, files: list[str], record: dict[str, Any]) -> None:
        """Write a record, whole or not at all."""
        path = self._path(files)
        path.parent.mkdir(parents=True, exist_ok=True)
        writing = path.with_suffix(".part")
        writing.write_text(json.dumps(record), "utf-8")
        writing.rename(path)

    def _path(self, files: list[str]) -> Path:
        name = hashlib.sha256("\n".join([self.fingerprint, *files]).encode()).hexdigest()[:16]
        return self.folder / f"{name}.json"


def _judged(
    folder: str, slices: list[list[str]], jobs: int, parts: Parts
) -> Iterator[tuple[list[str], dict[str, Any] | None]]:
    # One process a slice: what a crash or a leak does stays in it.
    with ProcessPoolExecutor(jobs, max_tasks_per_child=1) as pool:
        futures: dict[Future[dict[str, Any]], list[str]] = {}
        for part in slices:
            known = parts.find(part)
            if known is not None:
                yield part, known
            else:
                futures[pool.submit(judge_slice, folder, part)] = part
        for future in as_completed(futures):
            part = futures[future]
            try:
                record = future.result()
            except BrokenProcessPool:
                yield part, None
                continue
            parts.keep(part, record)
            yield part, record


def _surest(findings: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of several slices that tell of one place, what is surest."""
    best: dict[tuple[str, int, str], dict[str, Any]] = {}
    for each in sorted(findings, key=lambda finding: _ORDER.index(finding["severity"])):
        best.setdefault((each["file"] or "", each["row"], each["code"]), each)
    return [best[key] for key in sorted(best)]
