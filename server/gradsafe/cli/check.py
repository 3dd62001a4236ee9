"""``gradsafe check``: findings to standard output, what could not be judged to standard error."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gradsafe.cli import standard_input
from gradsafe.cli.caching import folder_of, tell_trouble
from gradsafe.cli.catalogue import asks_for_advice, codes_of
from gradsafe.cli.opening import Opened, open_paths
from gradsafe.judging.judge import PAIRED, Bound, Judge, Verdict, texts_of, wanted
from gradsafe.project.cache.folder import Folder
from gradsafe.report.entry import Entry, EntryFix, in_order
from gradsafe.rules.finding import SUPPRESSING, Severity

FAILING = (Severity.ERROR, Severity.WARNING)


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 on errors and warnings, 2 where a path could not be judged at all."""
    if not standard_input.is_meant(arguments) and arguments.watch:
        from gradsafe.cli.watch import watch

        return watch(arguments)
    return check(arguments, folder_of(arguments.cache_dir, arguments.no_cache)).status


@dataclass(frozen=True)
class Checked:
    """What a check came to."""

    status: int
    entries: tuple[Entry, ...] = ()
    opened: Opened | None = None


def check(arguments: argparse.Namespace, folder: Folder) -> Checked:
    """Judge the paths once and tell of it."""
    selected, ignored = codes_of(arguments.select), codes_of(arguments.ignore)
    advice = asks_for_advice(arguments.advice, selected)
    if standard_input.is_meant(arguments):
        opened = standard_input.open_standard_input(arguments, folder, advice)
    else:
        opened = open_paths(arguments.paths, folder, advice)
    if arguments.add_ignores:
        from gradsafe.cli.known import add_ignores

        return Checked(add_ignores(opened, selected, ignored))
    if arguments.changed_since:
        from gradsafe.cli.changed import changed_since

        opened = replace(opened, files=changed_since(arguments.changed_since, opened))
    entries: list[Entry] = []
    unread, roots = len(opened.failures), 0
    for verdict in verdicts(opened, arguments.jobs):
        tell_troubles(verdict)
        roots += verdict.roots
        unread += any(trouble.whole for trouble in verdict.troubles)
        entries += wanted(verdict.entries, selected, ignored)
    if arguments.write_baseline:
        from gradsafe.cli.known import write_baseline

        write_baseline(arguments.write_baseline, entries, opened)
        opened.judge.close()
        return Checked(2 if unread else 0)
    if baseline := arguments.baseline or opened.baseline:
        from gradsafe.cli.known import unknown_to

        entries = unknown_to(baseline, entries, opened, selected, ignored)
    entries = all_with_proved_fixes(opened.judge, in_order(entries))
    _print(arguments.output_format, entries, opened)
    opened.judge.close()
    if arguments.verbose:
        tell_bounds([bound for file in opened.files for bound in opened.judge.bounds(file)], roots)
        tell_trouble(folder)
    failed = any(entry.severity in FAILING for entry in entries) and not arguments.exit_zero
    return Checked(2 if unread else int(failed), tuple(entries), opened)


def verdicts(opened: Opened, jobs: int | None) -> Iterator[Verdict]:
    """Judge each file, in several processes where there are many, with a progress bar where somebody is watching."""
    files = opened.files
    if len(files) < 5 or not sys.stderr.isatty():
        for _ in opened.judge.ahead(files, jobs):
            pass
        yield from map(opened.judge.check, files)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("checking", total=len(files))
        ahead = 0
        for done in opened.judge.ahead(files, jobs):
            ahead += done
            progress.update(bar, completed=ahead)
        for number, file in enumerate(files, 1):
            yield opened.judge.check(file)
            progress.update(bar, completed=max(ahead, number))


def tell_troubles(verdict: Verdict) -> None:
    """Say what of a file could not be judged."""
    for trouble in verdict.troubles:
        place = trouble.place
        where = place.file if trouble.whole else f"{place.file}:{place.row}:{place.column}"
        print(f"gradsafe: {where}: {trouble.message}", file=sys.stderr)


_BOUNDS = {
    "instructions": "ran out of instructions here: what comes later was not looked at",
    "paths": "more ways through than are followed one by one: from here on nothing is certain",
    "depth": "calls nested too deep to follow: what this one does is not known",
    "rounds": "a long loop: a few of its rounds stand for all",
    "file": "other functions had used up this file's budget: it was judged only where one of those calls it",
    "shadow": "this far from an error on the way here: mend that first, what comes later was not looked at",
    "decorators": "a decorator does a lot: it is taken to give back what it was given",
    "imports": "what this needs of other modules and statements takes too long: its value is not known",
    "nesting": "bodies nested too deep to follow: what comes after was not looked at",
    "recursion": "nested too deep for the analysis: nothing is said of it",
}


def tell_bounds(bounds: Sequence[Bound], roots: int) -> None:
    """Say where the analysis reached one of its bounds: there silence is no proof, and nothing is called an error."""
    for bound in sorted(bounds, key=lambda each: (each.place, each.budget)):
        place, why = bound.place, _BOUNDS.get(bound.budget, "a bound was reached here")
        print(
            f"gradsafe: {place.file}:{place.row}:{place.column}: [{bound.budget}] {why} (in {bound.function})",
            file=sys.stderr,
        )
    kinds = Counter(bound.budget for bound in bounds)
    listed = ", ".join(f"{budget} {count}" for budget, count in sorted(kinds.items()))
    reached = len({(bound.place.file, bound.function) for bound in bounds})
    print(
        f"gradsafe: {reached} of {roots} functions and modules reached a bound"
        + (f" ({listed})." if listed else "."),
        file=sys.stderr,
    )


PROOF = 40_000
"""Lines that are judged anew to prove the fixes of one file: 40 fixes where it has 1,000 lines. Lines, because they are the same
whether results are kept or not."""


def all_with_proved_fixes(judge: Judge, entries: Iterable[Entry]) -> list[Entry]:
    """Each with the fixes that hold; none where a file has so many that trying them all would take minutes, which is told."""
    found: list[Entry] = []
    spent: Counter[str] = Counter()
    untried: Counter[str] = Counter()
    lines: dict[str, int] = {}
    for entry in entries:
        file = entry.place.file
        if file not in lines:
            lines[file] = (judge.text(file) or "").count("\n") + 1
        to_try = sum(fix.remedy not in SUPPRESSING for fix in entry.fixes)
        if to_try and spent[file] + to_try * lines[file] > max(PROOF, lines[file] * _AT_LEAST):
            untried[file] += 1
            found.append(replace(entry, fixes=tuple(fix for fix in entry.fixes if fix.remedy in SUPPRESSING)))
            continue
        spent[file] += to_try * lines[file]
        proved = _proved_alone(judge, entry)
        if _lacks_a_fix(proved) and spent[file] + PAIRED * lines[file] <= PROOF:
            spent[file] += PAIRED * lines[file]
            proved = _with_pairs(judge, entry, proved)
        found.append(proved)
    for file, count in untried.items():
        what = "of 1 finding were" if count == 1 else f"of {count:,} findings were"
        print(
            f"gradsafe: {file}: the fixes {what} not tried, it has too many. `gradsafe fix --diff {file}` tries all.",
            file=sys.stderr,
        )
    return found


_AT_LEAST = 3
"""So many fixes are tried of any file, however long."""


def with_proved_fixes(judge: Judge, entry: Entry) -> Entry:
    """The same with the fixes that hold, the first safe one preferred; an error of which none does gets those of two steps."""
    proved = _proved_alone(judge, entry)
    return _with_pairs(judge, entry, proved) if _lacks_a_fix(proved) else proved


def _proved_alone(judge: Judge, entry: Entry) -> Entry:
    """With the fixes that hold; suppressing needs no proof."""
    fixes: list[EntryFix] = []
    for fix in entry.fixes:
        if fix.remedy in SUPPRESSING:
            fixes.append(fix)
        elif judge.holds(entry, fix):
            first = fix.safe and not any(each.preferred for each in fixes)
            fixes.append(replace(fix, preferred=first))
    return replace(entry, fixes=tuple(fixes))


def _lacks_a_fix(proved: Entry) -> bool:
    return proved.severity is Severity.ERROR and all(fix.remedy in SUPPRESSING for fix in proved.fixes)


def _with_pairs(judge: Judge, entry: Entry, proved: Entry) -> Entry:
    pairs = tuple(replace(fix, preferred=fix.safe) for fix in judge.paired(entry))
    return replace(proved, fixes=pairs + proved.fixes)


def _print(output_format: str, entries: list[Entry], opened: Opened) -> None:
    if output_format == "json":
        from gradsafe.report.json_format import render_json

        write_utf8(render_json(entries))
    elif output_format == "sarif":
        from gradsafe.report.sarif import render_sarif

        write_utf8(render_sarif(entries))
    elif output_format == "github":
        from gradsafe.report.github import render_github

        write_utf8(render_github(entries))
    elif output_format == "concise":
        from gradsafe.report.concise import render_concise

        print(render_concise(entries), end="")
        _print_summary(entries, opened)
    else:
        from rich.console import Console

        from gradsafe.report.full import print_full

        print_full(entries, texts_of(opened.judge, tuple(entries)), Console(highlight=False))
        _print_summary(entries, opened)


def write_utf8(text: str) -> None:
    """For programs: UTF-8 whatever the locale says."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
    else:
        buffer.write(text.encode("utf-8", "backslashreplace"))


def _print_summary(entries: list[Entry], opened: Opened) -> None:
    from gradsafe.report.summary import summarise

    print(summarise(entries, len(opened.files)))
