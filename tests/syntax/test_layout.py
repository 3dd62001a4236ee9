"""Spans to rows and columns and back, for every line end and width of character."""

from __future__ import annotations

import re

import pytest
from material import texts

from gradsafe.syntax.chunk import build, rebuild
from gradsafe.syntax.layout import Layout
from gradsafe.syntax.span import Span
from gradsafe_tracer.events import Place

TEXT = "# top\n\nimport a\r\nclass A:\r\n\tdef f(self): x = '😀'; y\r\n\r\n    # inside\r\nz = '''\r\n'''\rw"


def test_places_of_chunks() -> None:
    tree = build("f.py", TEXT)
    layout = Layout.of(tree)
    starts = [layout.row_column(layout.start(chunk.id) or 0) for chunk in tree.walk()]
    assert starts == [(1, 1), (3, 1), (4, 1), (5, 1), (5, 14), (8, 1), (10, 1)]
    leaf = next(chunk for chunk in tree.walk() if "😀" in chunk.text)
    at = leaf.text.index("y")
    assert layout.place(Span(leaf.id, at, at + 1)) == Place("f.py", 5, 24, 5, 25)
    assert layout.rows == 10


@pytest.mark.parametrize("text", [TEXT, *texts(3)], ids=["mixed", "a", "b", "c"])
def test_every_offset_comes_back(text: str) -> None:
    layout = Layout.of(build("f.py", text))
    row = column = 1
    for offset in range(0, len(text), 7):
        row, column = layout.row_column(offset)
        if text[offset] not in "\r\n":
            assert layout.offset(row, column) == offset
        found = layout.locate_offset(offset)
        if found is not None:
            chunk, inside = found
            assert (layout.start(chunk) or 0) + inside == offset
    assert (row, column) <= (layout.rows, len(text) + 1)


@pytest.mark.parametrize("text", ["", "\n", "a", "a\n", "a\n\nbc", "\n\nä\r\nb\n", TEXT, texts(1)[0]])
def test_rows_that_are_counted_are_those_that_are_looked_up(text: str) -> None:
    """The first few are counted in the text, later ones looked up among all; once :meth:`offset` was asked, too."""
    ends = [0, *(match.end() for match in re.finditer("\r\n|\r|\n", text))]
    begun = [[end for end in ends if end <= offset] for offset in range(len(text) + 1)]
    expected = [(len(each), offset - each[-1] + 1) for offset, each in enumerate(begun)]
    tree = build("f.py", text)
    asked = Layout.of(tree)
    assert [asked.row_column(offset) for offset in range(len(text) + 1)] == expected
    assert [Layout.of(tree).row_column(offset) for offset in range(len(text) + 1)] == expected
    assert asked.rows == len(ends)
    assert [asked.row_column(offset) for offset in (-3, len(text) + 3)] == [(1, 1), expected[-1]]


def test_between_chunks_there_is_none() -> None:
    layout = Layout.of(build("f.py", TEXT))
    assert layout.locate(1, 3) is None
    assert layout.locate(7, 6) is None
    end = layout.locate(10, 2)
    assert end is not None
    assert end[1] == 1
    assert layout.offset(3, 99) == layout.offset(3, 9)
    assert layout.offset(99, 1) == len(TEXT)


def test_a_place_becomes_a_span_of_its_chunk() -> None:
    tree = build("f.py", TEXT)
    layout = Layout.of(tree)
    place = Place("f.py", 5, 24, 5, 25)
    span = layout.span(place)
    assert span is not None
    assert layout.place(span) == place
    assert layout.place(place) == place
    assert layout.span(Place("f.py", 1, 1, 1, 2)) is None
    assert layout.place(None) is None


def test_a_span_moves_with_its_chunk_and_goes_with_it() -> None:
    tree = build("f.py", "x = 1\ny = 2\n")
    span = Span(tree.children[1].id, 0, 1)
    assert Layout.of(tree).place(span) == Place("f.py", 2, 1, 2, 2)
    moved = rebuild(tree, "\n\nz = 0\nx = 1\ny = 2\n")
    assert Layout.of(moved).place(span) == Place("f.py", 5, 1, 5, 2)
    assert Layout.of(rebuild(moved, "x = 1\n")).place(span) is None
