"""A server over an analysis of a few lines, so that these tests are about the protocol and nothing else.

``NAME.WORD_(...)`` is a finding with its save on the line above; ``boom`` in the text makes the analysis crash;
``slow`` makes it take a moment; a line ``(`` is a syntax error. Run as a program: ``python scripted.py``.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradsafe.explain.error_text import ErrorText
from gradsafe.explain.sights import Told
from gradsafe.fixes.apply import apply_edits
from gradsafe.lsp.analysis import Configured, Explained, GiveWay, Inside, Judgement, Mending, Remark
from gradsafe.lsp.convert import line_starts
from gradsafe.lsp.running import OnOutput, RunCell, RunRequest, TracedRun, VersionMark
from gradsafe.lsp.server import create_server, serve
from gradsafe.project.settings import Settings
from gradsafe.report.entry import Entry, EntryEdit, EntryFix, EntryRelated
from gradsafe.rules.finding import Role, Severity
from gradsafe_tracer.events import Place

WRITE = re.compile(r"(?P<name>\w+)\.(?P<op>[a-z]+)_\((?P<args>[^)]*)\)")
SLOW_S = 0.3


def judge(file: str, text: str) -> Judgement:
    if "boom" in text:
        raise RuntimeError("the analysis crashed")
    if "slow" in text:
        time.sleep(SLOW_S)
    entries: list[Entry] = []
    remarks: list[Remark] = []
    for row, line in enumerate(text.split("\n"), 1):
        if line == "(":
            remarks.append(Remark(Place(file, row, 1, row, 2), "not-analysed", "this line does not parse"))
        for match in WRITE.finditer(line):
            if "ignore" in line:
                continue
            above = Place(file, max(row - 1, 1), 1, max(row - 1, 1), 2)
            entries.append(
                Entry(
                    code="saved-tensor-modified",
                    severity=Severity.ERROR,
                    message=f"{match['name']} is changed by {match['op']}_ after it was saved",
                    place=Place(file, row, match.start() + 1, row, match.end() + 1),
                    related=(EntryRelated(Role.SAVED, above, "saved here"),),
                    url="https://example.invalid/saved-tensor-modified",
                    runtime_message="one of the variables needed for gradient computation has been modified",
                )
            )
    return Judgement(tuple(entries), tuple(remarks))


class Scripted:
    """Counts what it judges: the page of a rule ends with that number."""

    def __init__(self, folders: tuple[str, ...] = ()) -> None:
        self.folders = folders
        self.judged = 0
        self.editor: dict[str, Any] = {}
        self.texts: dict[str, str] = {}

    def judge(self, file: str, text: str, settle: bool, give_way: GiveWay) -> Judgement:
        self.judged += 1
        self.texts[file] = text
        return judge(file, text)

    def judge_instead(self, file: str, text: str, give_way: GiveWay) -> Judgement:
        return judge(file, text)

    def files(self) -> Sequence[str]:
        return sorted(str(path) for folder in self.folders for path in Path(folder).rglob("*.py"))

    def judge_closed(self, file: str, give_way: GiveWay) -> tuple[str, Judgement] | bool | None:
        text = Path(file).read_text("utf-8")
        return text, judge(file, text)

    def forget(self, file: str) -> None:
        self.texts.pop(file, None)

    def configure(self, editor: Mapping[str, Any]) -> None:
        self.editor = dict(editor)

    def set_folders(self, folders: Sequence[str]) -> None:
        self.folders = tuple(folders)

    def configuration(self, files: Sequence[str]) -> Configured:
        problems = tuple(f"unknown {key}" for key, value in self.editor.items() if "wrong" in str(value))
        return Configured(None, Settings(), editor_problems=problems)

    def inside(self) -> Inside:
        return Inside({"judged": self.judged}, {"paths": 2})

    def reload(self) -> None:
        pass

    def fixes(self, file: str, entry: Entry) -> Sequence[EntryFix]:
        place = entry.place
        line = self.texts[file].split("\n")[place.row - 1]
        match = WRITE.search(line, place.column - 1)
        assert match is not None
        rebind = f"{match['name']} = {match['name']}.{match['op']}({match['args']})"
        end = Place(file, place.row, len(line) + 1, place.row, len(line) + 1)
        return [
            EntryFix("Write out of place", True, False, (EntryEdit(place, rebind),), "out-of-place"),
            EntryFix(
                "A fix that mends nothing", True, False, (EntryEdit(end, "  # still there"),), "useless"
            ),
            EntryFix("Disable for this line", True, False, (EntryEdit(end, "  # ignore"),), "suppress"),
        ]

    def paired(self, file: str, entry: Entry) -> Sequence[EntryFix]:
        """None: what is scripted holds alone or not at all."""
        return ()

    def holds(self, file: str, entry: Entry, fix: EntryFix) -> bool:
        text = self.texts[file]
        starts = line_starts(text)
        fixed = apply_edits(
            text,
            [
                (
                    starts[edit.place.row - 1] + edit.place.column - 1,
                    starts[edit.place.end_row - 1] + edit.place.end_column - 1,
                    edit.content,
                )
                for edit in fix.edits
            ],
        )
        return len(judge(file, fixed).entries) < len(judge(file, text).entries)

    def fixes_instead(self, file: str, text: str, entry: Entry) -> Sequence[EntryFix]:
        return ()

    def holds_instead(self, file: str, text: str, entry: Entry, mended: str, own: str) -> bool:
        return False

    def may_mend(self, file: str) -> bool:
        return "hopeless" not in self.texts[file] and bool(judge(file, self.texts[file]).entries)

    def mend(self, file: str, give_up: Callable[[], bool]) -> Mending:
        entries = judge(file, self.texts[file]).entries
        edits = [self.fixes(file, entry)[0].edits for entry in entries if "vain" not in self.texts[file]]
        return Mending(tuple(edit for fix in edits for edit in fix), len(edits))

    def look(self, file: str, row: int, column: int) -> Explained | None:
        line = self.texts[file].split("\n")[row - 1]
        if "crash" in line:
            raise RuntimeError("the look crashed")
        words = re.finditer(r"tensor\w*", line)
        found = next((each for each in words if each.start() < column <= each.end() + 1), None)
        if found is None:
            return None
        place = Place(file, row, found.start() + 1, row, found.end() + 1)
        above = Place(file, max(row - 1, 1), 1, max(row - 1, 1), 2)
        return Explained(
            place, found[0], Told(("at version 0",), (("saved on ", above),), ("Judged alone.",))
        )

    def hints(self, file: str, rows: tuple[int, int]) -> Sequence[VersionMark]:
        found = judge(file, self.texts[file]).entries
        places = [entry.place for entry in found if rows[0] <= entry.place.row <= rows[1]]
        return [VersionMark(place, "y: v0 -> v1", "predicted") for place in places]

    def backwards(self, file: str, rows: Sequence[int]) -> Mapping[int, str]:
        return dict.fromkeys(rows, "reads nothing")

    def suspects(self, error: ErrorText) -> Sequence[Entry]:
        return ()

    def page(self, code: str) -> str | None:
        return f"The page of {code}. Judged {self.judged} times."


class ScriptedRunner:
    """Runs that take as long as the text says (``# takes 5``), or until they are cancelled.

    ``print(...)`` in the text is output; ``exit`` ends the session; ``crash`` makes the tracer itself fail.
    """

    def run(self, request: RunRequest, cancel: threading.Event, on_output: OnOutput) -> TracedRun:
        text = "\n".join(cell.text for cell in request.cells)
        takes = re.search(r"# takes (\d+)", text)
        for printed in re.findall(r"print\((.*)\)", text):
            on_output("stdout", printed + "\n")
        if takes is not None and cancel.wait(float(takes.group(1))):
            return TracedRun("cancelled", "cancelled", "", over="was cancelled")
        if "crash" in text:
            raise RuntimeError("the tracer crashed")
        findings = tuple(entry for cell in request.cells for entry in _judged(cell))
        outcome = "raised" if findings else "completed"
        numbers = tuple(cell.number for cell in request.cells)
        report = f"{request.kind.value}: ran cells {numbers} with {request.arguments}"
        return TracedRun(
            outcome,
            f"{outcome}, {len(findings)} findings",
            report,
            findings,
            tuple(VersionMark(entry.place, "y: v0 -> v1", "it moved") for entry in findings),
            numbers if not findings else numbers[:-1],
            "called sys.exit(3)" if "exit" in text else None,
            lambda: f"<html>{report}</html>",
        )

    def session(self, request: RunRequest) -> ScriptedSession:
        return ScriptedSession()


class ScriptedSession(ScriptedRunner):
    """Lives until it is closed."""

    alive = True

    def close(self) -> None:
        self.alive = False


def _judged(cell: RunCell) -> tuple[Entry, ...]:
    found = judge(cell.name, "\n" * (cell.first_row - 1) + cell.text).entries
    return tuple(
        replace(entry, related=tuple(_within(each, cell) for each in entry.related)) for entry in found
    )


def _within(related: EntryRelated, cell: RunCell) -> EntryRelated:
    row = max(related.place.row, cell.first_row)
    return replace(related, place=related.place._replace(row=row, end_row=row))


if __name__ == "__main__":
    tcp = ("127.0.0.1", int(sys.argv[1])) if len(sys.argv) > 1 else None
    serve(create_server(Scripted, ScriptedRunner()), tcp)
