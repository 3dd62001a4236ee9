"""The last line of a report for people: how much was found, and what can be done about it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gradsafe.report.entry import Entry
from gradsafe.rules.finding import SUPPRESSING, Severity


def summarise(entries: Sequence[Entry], files: int) -> str:
    """``Found 2 errors and 1 warning in 3 files. 2 can be fixed with `gradsafe fix`.``"""
    checked = _count(files, "file")
    if not entries:
        return f"No findings in {checked}."
    counts = Counter(entry.severity for entry in entries)
    found = [_count(counts[severity], NOUNS[severity]) for severity in Severity if counts[severity]]
    listed = found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
    safe = sum(any(fix.preferred for fix in entry.fixes) for entry in entries)
    unsafe = sum(
        not any(fix.preferred for fix in entry.fixes)
        and any(fix.remedy not in (*SUPPRESSING, "retain-graph") for fix in entry.fixes)
        for entry in entries
    )
    sentence = f"Found {listed} in {checked}."
    if safe:
        sentence += f" {safe} can be fixed with `gradsafe fix`."
    if unsafe:
        sentence += (
            f" {unsafe} more with `gradsafe fix --unsafe-fixes`."
            if safe
            else (f" {unsafe} can be fixed with `gradsafe fix --unsafe-fixes`.")
        )
    return sentence


NOUNS = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "note",
    Severity.HINT: "hint",
}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
