"""``--output-format full``: for a person who wants to know what to do next.

The headline, the lines of the story (written, saved, read by backward), what torch will say, and the fix as a diff.
Colour only repeats what the words say.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from gradsafe.report.entry import Entry, EntryFix
from gradsafe.report.frame import Label, frames
from gradsafe.report.plain import plain
from gradsafe.report.texts import edited_files, split_lines
from gradsafe.rules.finding import ADVICE, SUPPRESSING, UNUSED, Role, Severity

STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.INFORMATION: "bold blue",
    Severity.HINT: "bold green",
}
ROLE_STYLES = {Role.SAVED: "cyan", Role.BACKWARD: "magenta", Role.FREED: "magenta", Role.MODIFIED: "yellow"}
SHOWN_MESSAGE = 300
_SIGNS = {"+": "green", "-": "red", " ": "dim"}
_CONTEXT = 2
"""Lines around a change that does not explain itself."""


def print_full(entries: Iterable[Entry], texts: Mapping[str, str], console: Console) -> None:
    """Print all findings; ``texts`` are the judged texts by the names that the places use."""
    for entry in entries:
        for line in _lines(entry, texts, colour=console.is_terminal and not console.no_color):
            console.print(line, soft_wrap=True, highlight=False)
        console.print()


def _lines(entry: Entry, texts: Mapping[str, str], *, colour: bool) -> Iterator[Text]:
    style, place = STYLES[entry.severity], entry.place
    head = Text().append(f"{entry.severity.value}[{entry.code}]", style=style)
    yield head.append(f": {plain(' '.join(entry.message.split()))}", style="bold")
    yield Text(f"  --> {plain(place.file)}:{place.row}:{place.column}", style="dim")
    labels = [Label(place, _primary_label(entry), "^", style)]
    for related in entry.related:
        labels.append(Label(related.place, related.message, "-", ROLE_STYLES.get(related.role, "blue")))
    yield from frames(labels, texts, colour=colour)
    if entry.runtime_message:
        yield _hanging("torch says", _shortened(entry.runtime_message))
    elif entry.code not in (*ADVICE, UNUSED):
        yield _hanging("torch says", "nothing: the program runs, and the gradient is wrong")
    yield from _fix_lines(entry.fixes, texts)
    yield _hanging("learn why", f"gradsafe rule {entry.code}")


def _primary_label(entry: Entry) -> str:
    if entry.code == UNUSED:
        return "silences nothing"
    if any(each.role is Role.CHANGE for each in entry.related):
        return "leads there"
    return (
        "built to work in place"
        if any(each.role is Role.CALL for each in entry.related)
        else "change this line"
    )


def _shortened(message: str) -> str:
    """Torch's message without its hint: the frame above says more than anomaly mode would."""
    first = plain(" ".join(message.partition(" Hint: ")[0].split()))
    return first if len(first) <= SHOWN_MESSAGE else first[: SHOWN_MESSAGE - 3] + "..."


def _hanging(label: str, text: str) -> Text:
    return Text().append(f"  = {label}: ", style="bold").append(text)


def _fix_lines(fixes: Sequence[EntryFix], texts: Mapping[str, str]) -> Iterator[Text]:
    chosen = next((fix for fix in fixes if fix.preferred), None) or next(iter(fixes), None)
    if chosen is None:
        return
    nature = "safe" if chosen.safe else "may change results: read it first"
    checked = ", checked" if chosen.preferred else ""
    if chosen.remedy not in SUPPRESSING:
        yield _hanging("fix", f"{plain(chosen.title)} ({nature}{checked})")
        yield from _diff(chosen, texts)
    others = [plain(fix.title) for fix in fixes if fix is not chosen or fix.remedy in SUPPRESSING]
    if others:
        yield _hanging("or", "; ".join(others))


def _diff(fix: EntryFix, texts: Mapping[str, str]) -> Iterator[Text]:
    """The changed lines, each with its sign; the file is named where it is not the finding's."""
    files = {edit.place.file for edit in fix.edits}
    if not files <= texts.keys():
        return
    for file, after in edited_files(texts, fix.edits).items():
        if len(files) > 1:
            yield Text(f"    {plain(file)}", style="dim")
        before, now = split_lines(texts[file]), split_lines(after)
        changes = list(difflib.unified_diff(before, now, n=0))[2:]
        if not _replaces(changes):
            changes = list(difflib.unified_diff(before, now, n=_CONTEXT))[2:]
        for number, line in enumerate(changes):
            if not line.startswith("@@"):
                shown = line[1:].rstrip("\r\n").replace("\t", "    ")
                yield Text(f"    {line[0]} {plain(shown)}".rstrip(), style=_SIGNS[line[0]])
            elif number:
                yield Text("    ...", style="dim")


def _replaces(changes: Sequence[str]) -> bool:
    """Whether each hunk of a diff without context has new lines for old ones, none of which only moves.

    Such a diff explains itself. What is put in or moved says little without the lines around its new place.
    """
    signs = "".join(line[0] for line in changes)
    removed = {line[1:].strip() for line in changes if line[0] == "-"}
    added = {line[1:].strip() for line in changes if line[0] == "+"}
    return all("-" in hunk and "+" in hunk for hunk in signs.split("@")[1:]) and not removed & added
