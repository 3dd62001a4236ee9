"""``gradsafe check``: findings to standard output, what could not be judged to standard error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gradsafe.cli.catalogue import codes_of
from gradsafe.cli.judge import Judge, Verdict, texts_of
from gradsafe.cli.opening import Opened, open_paths
from gradsafe.report.entry import Entry, EntryFix, in_order
from gradsafe.rules.finding import Severity

FAILING = (Severity.ERROR, Severity.WARNING)


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 on errors and warnings, 2 where a path could not be judged at all."""
    selected, ignored = codes_of(arguments.select), codes_of(arguments.ignore)
    opened = open_paths(arguments.paths)
    entries: list[Entry] = []
    unread = len(opened.failures)
    for verdict in verdicts(opened):
        tell_troubles(verdict)
        unread += any(trouble.whole for trouble in verdict.troubles)
        entries += wanted(verdict.entries, selected, ignored)
    entries = [with_proved_fixes(opened.judge, entry) for entry in in_order(entries)]
    _print(arguments.output_format, entries, opened)
    if unread:
        return 2
    failed = any(entry.severity in FAILING for entry in entries)
    return 1 if failed and not arguments.exit_zero else 0


def verdicts(opened: Opened) -> Iterator[Verdict]:
    """Judge each file, with a progress bar where somebody is watching a long run."""
    files = opened.files
    if len(files) < 5 or not sys.stderr.isatty():
        yield from map(opened.judge.check, files)
        return
    from rich.console import Console
    from rich.progress import track

    progress = track(files, "checking", console=Console(stderr=True), transient=True)
    yield from map(opened.judge.check, progress)


def tell_troubles(verdict: Verdict) -> None:
    """Say what of a file could not be judged."""
    for trouble in verdict.troubles:
        place = trouble.place
        where = place.file if trouble.whole else f"{place.file}:{place.row}:{place.column}"
        print(f"gradsafe: {where}: {trouble.message}", file=sys.stderr)


def wanted(
    entries: Iterable[Entry], selected: frozenset[str] | None, ignored: frozenset[str] | None
) -> list[Entry]:
    """The findings of the rules that were asked for; ``--ignore`` wins."""
    return [
        entry
        for entry in entries
        if (selected is None or entry.code in selected) and (ignored is None or entry.code not in ignored)
    ]


def with_proved_fixes(judge: Judge, entry: Entry) -> Entry:
    """The same with the fixes that hold, the first safe one preferred; suppressing needs no proof."""
    fixes: list[EntryFix] = []
    for fix in entry.fixes:
        if fix.remedy == "suppress":
            fixes.append(fix)
        elif judge.holds(entry, fix):
            first = fix.safe and not any(each.preferred for each in fixes)
            fixes.append(replace(fix, preferred=first))
    return replace(entry, fixes=tuple(fixes))


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
