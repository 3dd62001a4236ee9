"""Apply fixes one by one, judging anew after each, until none is left to apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gradsafe.fixes.patch import Patch
from gradsafe.judging.judge import Judge, wanted
from gradsafe.report.entry import Entry, EntryFix, in_order
from gradsafe.report.texts import by_file, replacements
from gradsafe.rules.finding import SUPPRESSING, UNUSED, Severity

NEVER_APPLIED = SUPPRESSING | {"retain-graph"}
"""Remedies that hide a defect: for a person to choose, one at a time."""


@dataclass(frozen=True)
class Choice:
    """Which findings to mend, with which fixes. ``remedies``: these and no others, those that hide a defect included.

    ``needed``: whether a comment in a file that silences nothing may be needed by somebody who was not looked at.
    """

    selected: frozenset[str] | None = None
    ignored: frozenset[str] | None = None
    unsafe: bool = False
    remedies: frozenset[str] | None = None
    needed: Callable[[str], bool] = lambda file: False

    def fixes(self, entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, EntryFix]]:
        """The candidates in order: the rule's favourite first, safe before unsafe."""
        for entry in in_order(wanted(entries, self.selected, self.ignored)):
            allowed = [fix for fix in entry.fixes if self.allows(fix)]
            if entry.code == UNUSED and not self.unsafe and allowed and self.needed(entry.place.file):
                continue
            for fix in sorted(allowed, key=lambda fix: not fix.safe):
                yield entry, fix

    def allows(self, fix: EntryFix) -> bool:
        """Whether the fix may be applied unasked, if it holds."""
        wanted = fix.remedy in self.remedies if self.remedies is not None else fix.remedy not in NEVER_APPLIED
        return wanted and (fix.safe or self.unsafe)


@dataclass(frozen=True)
class Mended:
    """What became of each text, and how many fixes made it so."""

    patches: Mapping[str, Patch]
    applied: int

    @property
    def changed(self) -> dict[str, str]:
        """The texts that are others now."""
        return {file: patch.text for file, patch in self.patches.items() if patch.edits()}


def mend(
    judge: Judge, texts: Mapping[str, str], choice: Choice, give_up: Callable[[], bool] = lambda: False
) -> Mended:
    """The texts with all fixes applied that hold; the judge has them afterwards.

    Ends because each fix that holds takes a finding away and adds none; earlier where ``give_up`` says so.
    """
    patches = {file: Patch(text) for file, text in texts.items()}
    applied = 0
    for file, text in texts.items():
        judge.replace(file, text)
    for file in sorted(texts):
        while (fix := _next(judge, file, patches, choice, give_up)) is not None:
            for name, edits in by_file(fix.edits).items():
                patches[name].apply(replacements(patches[name].text, edits))
                judge.replace(name, patches[name].text)
            applied += 1
    return Mended(patches, applied)


def _next(
    judge: Judge, file: str, patches: Mapping[str, Patch], choice: Choice, give_up: Callable[[], bool]
) -> EntryFix | None:
    """The next fix of a finding in ``file`` that holds and stays within the texts; of two steps only where there is no other."""
    entries = judge.check(file).entries
    for entry, fix in choice.fixes(entries):
        if give_up():
            return None
        if all(edit.place.file in patches for edit in fix.edits) and judge.holds(entry, fix):
            return fix
    for entry in in_order(wanted(entries, choice.selected, choice.ignored)):
        if give_up():
            return None
        if entry.severity is Severity.ERROR and not _may_be_cured(judge, entry):
            for fix in judge.paired(entry):
                if choice.allows(fix) and all(edit.place.file in patches for edit in fix.edits):
                    return fix
    return None


def _may_be_cured(judge: Judge, entry: Entry) -> bool:
    """Whether some fix holds alone, be it one that is not to be applied."""
    return any(fix.remedy not in SUPPRESSING and judge.holds(entry, fix) for fix in entry.fixes)
