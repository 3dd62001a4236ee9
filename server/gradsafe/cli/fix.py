"""``gradsafe fix``: apply fixes one by one, judging anew after each, until none is left to apply."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gradsafe.cli.caching import folder_of
from gradsafe.cli.catalogue import asks_for_advice, codes_of
from gradsafe.cli.check import tell_troubles, verdicts
from gradsafe.cli.failure import Failure
from gradsafe.cli.opening import open_paths
from gradsafe.cli.outside import imported_outside
from gradsafe.cli.sourcefile import read, write
from gradsafe.judging.judge import Judge, Verdict
from gradsafe.judging.mend import NEVER_APPLIED, Choice, mend
from gradsafe.report.entry import Entry
from gradsafe.report.texts import split_lines
from gradsafe.rules.finding import UNUSED
from gradsafe.syntax.source import Source


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 if nothing that these options would fix remains, 1 with ``--diff`` where something does."""
    choice = Choice(codes_of(arguments.select), codes_of(arguments.ignore), arguments.unsafe_fixes)
    advice = asks_for_advice(arguments.advice, choice.selected)
    opened = open_paths(arguments.paths, folder_of(arguments.cache_dir, arguments.no_cache), advice)
    sources: dict[str, Source] = {}
    unread = len(opened.failures)
    for file, verdict in zip(opened.files, verdicts(opened, arguments.jobs), strict=True):
        tell_troubles(verdict)
        if any(trouble.whole for trouble in verdict.troubles):
            unread += 1
        elif (why := _left_alone(file, verdict)) is None:
            sources[file] = read(file)
        elif verdict.entries:
            print(f"gradsafe: {file}: {why}", file=sys.stderr)
    choice = replace(choice, needed=imported_outside(opened))
    mended = mend(opened.judge, {file: source.text for file, source in sources.items()}, choice)
    changed = mended.changed
    if arguments.diff:
        for file, text in changed.items():
            sys.stdout.write(unified_diff(file, sources[file].text, text))
    failed = [] if arguments.diff else _write(sources, changed)
    opened.judge.close()
    _report(opened.judge, sources, changed, mended.applied, arguments, choice)
    if failed or unread:
        return 2
    return 1 if arguments.diff and changed else 0


def _left_alone(file: str, verdict: Verdict) -> str | None:
    """Why a file is not edited."""
    if file.endswith(".ipynb"):
        return "notebooks are not rewritten. `gradsafe check` shows its fixes; an editor makes them."
    if any(trouble.syntax for trouble in verdict.troubles):
        return "was left alone: a fix is proved on a file that parses. Mend the syntax error first."
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
    choice: Choice,
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
        if others := sorted(_edited(left, choice) - set(sources)):
            line += f" Some are mended in {', '.join(others[:3])}: name that as well."
        if not choice.unsafe and any(each.code == UNUSED and choice.needed(each.place.file) for each in left):
            line += " Comments of modules that other files import were left: name those files as well."
    print(line, file=sys.stderr)


def _edited(left: Iterable[Entry], choice: Choice) -> set[str]:
    """The files that fixes of these findings would edit."""
    fixes = (fix for entry in left for fix in entry.fixes if choice.allows(fix))
    return {edit.place.file for fix in fixes for edit in fix.edits}
