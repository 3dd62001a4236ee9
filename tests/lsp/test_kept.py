"""What a run has shown follows its text through edits: held against lines that know where they come from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gradsafe.lsp.documents import Snapshot
from gradsafe.lsp.kept import Kept, Track, edit_between
from gradsafe.lsp.running import RunCell, TracedRun, VersionMark
from gradsafe.report.entry import Entry, EntryRelated
from gradsafe.rules.finding import Role, Severity
from gradsafe_tracer.events import Place

EDITS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3), st.integers(0, 3)), max_size=8)


@given(EDITS)
def test_a_row_is_where_its_line_is_or_gone(edits: list[tuple[int, int, int]]) -> None:
    lines = [f"line {number}" for number in range(10)]
    track = Track("f.py", 1, list(range(1, 11)), "")
    for serial, (at, gone, come) in enumerate(edits):
        at = min(at, len(lines))
        edited = [*lines[:at], *(f"new {serial} {number}" for number in range(come)), *lines[at + gone :]]
        edit = edit_between(lines, edited)
        if edit is not None:
            track.move(edit)
        lines = edited
    for number, row in enumerate(track.rows):
        text = f"line {number}"
        assert (lines[row - 1] == text) if row is not None else text not in lines


def snapshot(text: str) -> Snapshot:
    return Snapshot("file:///f.py", "f.py", 1, 1, text)


def marked(text: str, row: int) -> tuple[Kept, Snapshot]:
    """A document whose one cell has run and has a mark at ``row``."""
    kept, now = Kept(), snapshot(text)
    cell = RunCell(0, "f.py", 1, text, "f.py#0.1")
    kept.begin([cell])
    mark = VersionMark(Place("f.py#0.1", row, 1, row, 5), "y: v0 -> v1", "")
    kept.add([cell], TracedRun("completed", "completed", "", marks=(mark,), ran=(0,)))
    return kept, now


def rows(kept: Kept) -> list[int]:
    return [mark.place.row for mark in kept.marks()]


def test_two_edits_far_apart_leave_what_stands_between_them() -> None:
    kept, before = marked("a\nb\nc\nd\ne\n", 3)
    for text in ("A\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n", "x\nA\nb\nc\nd\nE\n"):
        after = snapshot(text)
        kept.follow(before, after)
        before = after
    assert rows(kept) == [4]


def test_a_line_that_is_put_inside_a_place_of_several_rows_retires_it() -> None:
    kept, before = Kept(), snapshot("f(\n1,\n)\n")
    cell = RunCell(0, "f.py", 1, before.text, "f.py#0.1")
    kept.begin([cell])
    mark = VersionMark(Place("f.py#0.1", 1, 1, 3, 2), "", "")
    kept.add([cell], TracedRun("completed", "completed", "", marks=(mark,), ran=(0,)))
    kept.follow(before, snapshot("f(\n1,\n2,\n)\n"))
    assert rows(kept) == []


def test_what_is_edited_while_it_runs_is_edited() -> None:
    kept, before = Kept(), snapshot("a\ny\n")
    cell = RunCell(0, "f.py", 1, before.text, "f.py#0.1")
    kept.begin([cell])
    kept.follow(before, snapshot("a\nz\n"))
    mark = VersionMark(Place("f.py#0.1", 2, 1, 2, 2), "", "")
    kept.add([cell], TracedRun("completed", "completed", "", marks=(mark,), ran=(0,)))
    assert rows(kept) == []
    assert kept.result(RunCell(0, "f.py", 1, "a\nz\n")) is not None


def test_a_write_in_an_imported_module_is_shown_where_the_document_leads_to_it() -> None:
    kept, _ = Kept(), snapshot("from m import f\nf(x).backward()\n")
    cell = RunCell(0, "f.py", 1, "from m import f\nf(x).backward()\n", "f.py#0.1")
    backward = EntryRelated(Role.BACKWARD, Place("f.py#0.1", 2, 1, 2, 16), "backward fails here")
    entry = Entry(
        "some-code", Severity.ERROR, "`add_()` changes `y`", "", Place("/w/m.py", 7, 5, 7, 9), (backward,)
    )
    kept.begin([cell])
    kept.add([cell], TracedRun("raised", "raised", "", (entry,)))
    [found] = kept.findings()
    assert (found.place.file, found.place.row) == ("f.py", 2)
    assert found.message == "`add_()` changes `y` (in m.py, line 7; backward fails here)"
    assert [each.place.file for each in found.related] == ["/w/m.py"]
