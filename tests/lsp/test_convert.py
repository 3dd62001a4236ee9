"""Positions and edits as plain functions, no server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from gradsafe.lsp.convert import (
    apply_change,
    column_to_units,
    line_starts,
    split_lines,
    to_range,
    units_to_column,
)
from gradsafe_tracer.events import Place

ENCODINGS = list(types.PositionEncodingKind)
PYTHON_NAMES = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}
LINES = st.text(alphabet="ab é漢😀\t\f\v\u2028", max_size=12)
TEXTS = st.text(alphabet="ab漢😀\f\v\u2028\n\r", max_size=40)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(line=LINES, data=st.data())
def test_units_are_those_of_the_codec(
    encoding: types.PositionEncodingKind, line: str, data: st.DataObject
) -> None:
    column = data.draw(st.integers(0, len(line)))
    codec, width = PYTHON_NAMES[encoding]
    units = column_to_units(line, column, encoding)
    assert units == len(line[:column].encode(codec)) // width
    assert units_to_column(line, units, encoding) == column


@given(text=TEXTS)
def test_lines_end_where_the_protocol_says(text: str) -> None:
    lines = split_lines(text)
    assert len(lines) == len(line_starts(text))
    assert not any(end in line for line in lines for end in "\r\n")
    assert len("".join(lines)) == len(text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", ""))


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS, new=TEXTS, data=st.data())
def test_an_incremental_change_is_a_splice(
    encoding: types.PositionEncodingKind, text: str, new: str, data: st.DataObject
) -> None:
    lines = split_lines(text)
    rows = sorted(data.draw(st.tuples(*[st.integers(0, len(lines) - 1)] * 2)))
    columns = [data.draw(st.integers(0, len(lines[row]))) for row in rows]
    if rows[0] == rows[1]:
        columns.sort()
    starts = line_starts(text)
    start, end = (starts[row] + column for row, column in zip(rows, columns, strict=True))
    positions = [
        types.Position(row, column_to_units(lines[row], column, encoding))
        for row, column in zip(rows, columns, strict=True)
    ]
    change = types.TextDocumentContentChangePartial(range=types.Range(*positions), text=new)
    assert apply_change(text, change, encoding) == text[:start] + new + text[end:]


def test_a_change_beyond_the_end_is_at_the_end() -> None:
    beyond = types.Range(types.Position(7, 3), types.Position(9, 0))
    change = types.TextDocumentContentChangePartial(range=beyond, text="c")
    assert apply_change("a\nb", change, types.PositionEncodingKind.Utf16) == "a\nbc"


def test_a_place_beyond_the_text_is_clamped() -> None:
    found = to_range(Place("f", 5, 1, 6, 9), ["ab"], types.PositionEncodingKind.Utf16)
    assert found == types.Range(types.Position(0, 0), types.Position(0, 2))
