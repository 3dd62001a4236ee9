"""``gradsafe fix``: apply fixes one by one, judging anew after each, until none is left to apply."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gradsafe.cli.catalogue import codes_of
from gradsafe.cli.check import tell_troubles, verdicts, wanted
from gradsafe.cli.failure import Failure
from gradsafe.cli.judge import Judge
from gradsafe.cli.opening import open_paths
from gradsafe.cli.sourcefile import read, write
from gradsafe.report.entry import Entry, EntryFix, in_order
from gradsafe.report.texts import edited_files, split_lines
from gradsafe.syntax.source import Source

NEVER_APPLIED = frozenset({"suppress", "retain-graph"})
"""Remedies that hide a defect: for a person to choose, one at a time."""


@dataclass(frozen=True)
class Choice:
    """Which findings to mend, with which fixes. ``remedies``: these and no others, those that hide a defect included."""

    selected: frozenset[str] | None
    ignored: frozenset[str] | None
    unsafe: bool
    remedies: frozenset[str] | None = None

    def fixes(self, entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, EntryFix]]:
        """The candidates in order: the rule's favourite first, safe before unsafe."""
        for entry in in_order(wanted(entries, self.selected, self.ignored)):
            allowed = [fix for fix in entry.fixes if self._allows(fix)]
            for fix in sorted(allowed, key=lambda fix: not fix.safe):
                yield entry, fix

    def _allows(self, fix: EntryFix) -> bool:
        wanted = fix.remedy in self.remedies if self.remedies is not None else fix.remedy not in NEVER_APPLIED
        return wanted and (fix.safe or self.unsafe)


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 if nothing that these options would fix remains, 1 with ``--diff`` where something does."""
    choice = Choice(codes_of(arguments.select), codes_of(arguments.ignore), arguments.unsafe_fixes)
    opened = open_paths(arguments.paths)
    for verdict in verdicts(opened):
        tell_troubles(verdict)
    sources = {file: read(file) for file in opened.files if not file.endswith(".ipynb")}
    texts, applied = mend(opened.judge, {file: source.text for file, source in sources.items()}, choice)
    changed = {file: text for file, text in texts.items() if text != sources[file].text}
    if arguments.diff:
        for file, text in changed.items():
            sys.stdout.write(unified_diff(file, sources[file].text, text))
    failed = [] if arguments.diff else _write(sources, changed)
    _report(opened.judge, sources, changed, applied, arguments)
    if failed or opened.failures:
        return 2
    return 1 if arguments.diff and changed else 0


def mend(judge: Judge, texts: Mapping[str, str], choice: Choice) -> tuple[dict[str, str], int]:
    """The texts with all fixes applied that hold, and how many those were.

    Ends because each fix that holds takes a finding away and adds none.
    """
    current, applied = dict(texts), 0
    for file, text in current.items():
        judge.replace(file, text)
    for file in sorted(current):
        while (fixed := _next(judge, file, current, choice)) is not None:
            current.update(fixed)
            applied += 1
            for name, text in fixed.items():
                judge.replace(name, text)
    return current, applied


def _next(judge: Judge, file: str, texts: Mapping[str, str], choice: Choice) -> dict[str, str] | None:
    """The texts that the next fix of a finding in ``file`` changes."""
    for entry, fix in choice.fixes(judge.check(file).entries):
        if all(edit.place.file in texts for edit in fix.edits) and judge.holds(entry, fix):
            return edited_files(texts, fix.edits)
    return None


def unified_diff(file: str, before: str, after: str) -> str:
    """A patch that ``patch`` and git understand."""
    lines = difflib.unified_diff(split_lines(before), split_lines(after), file, file)
    return "".join(
        line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _write(sources: Mapping[str, Source], changed: Mapping[str, str]) -> list[str]:
    failed = []
    for file, text in changed.items():
        try:
            write(sources[file], text)
        except Failure as failure:
            print(f"gradsafe: {failure}", file=sys.stderr)
            failed.append(file)
    return failed


def _report(
    judge: Judge,
    sources: Mapping[str, Source],
    changed: Mapping[str, str],
    applied: int,
    arguments: argparse.Namespace,
) -> None:
    """One line to standard error: what was done, what is left."""
    left = [entry for file in sources for entry in judge.check(file).entries]
    would = "would be" if arguments.diff else "were" if applied != 1 else "was"
    files = f"{len(changed)} file" + ("" if len(changed) == 1 else "s")
    line = f"{applied} fix{'' if applied == 1 else 'es'} {would} applied in {files}."
    if left:
        line += f" {len(left)} finding{'' if len(left) == 1 else 's'} left; `gradsafe check` tells which."
        if not arguments.unsafe_fixes and any(
            not fix.safe and fix.remedy not in NEVER_APPLIED for entry in left for fix in entry.fixes
        ):
            line += " --unsafe-fixes would try more."
    print(line, file=sys.stderr)
