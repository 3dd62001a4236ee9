"""Where chunks stand in a file at this moment: spans to rows and columns, and back.

The only place of the analysis where absolute places exist. A layout belongs to one tree, is made anew
after each edit, and costs a few additions per chunk; rows are looked up only when they are asked for.
Rows and columns are 1-based and count code points; a line ends with LF, CRLF or CR.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.lexer import LINE_END
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import AnyPlace, Place

_LINE_END = re.compile(LINE_END)
_FEW = 12
"""So many rows are counted in the text before all of them are worked out, which takes as long as that. Of a text that is broken
while somebody types, one or two are asked for with each keystroke."""


class Layout:
    """The places of the chunks of one file."""

    def __init__(self, file: str, text: str, root: Chunk) -> None:
        self.file = file
        self.text = text
        self._root = root
        self._counted = 0

    @classmethod
    def of(cls, root: Chunk) -> Layout:
        """The layout of a MODULE chunk's tree. Raises ValueError for any other chunk."""
        if root.scan is None:
            raise ValueError(f"{root.id} is a {root.kind.value} chunk; a module is needed")
        return cls(root.id.file, root.scan.text, root)

    @cached_property
    def _chunks(self) -> tuple[Chunk, ...]:
        return tuple(self._root.walk())

    @cached_property
    def _starts(self) -> list[int]:
        """The offset of each chunk's first character, in the order of the tree, which is that of the text."""
        starts, at = [], 0
        for chunk in self._chunks:
            at += len(chunk.lead)
            starts.append(at)
            at += len(chunk.text)
        return starts

    @cached_property
    def _by_id(self) -> dict[ChunkId, int]:
        return dict(zip((chunk.id for chunk in self._chunks), self._starts, strict=True))

    @cached_property
    def _has_returns(self) -> bool:
        return "\r" in self.text

    @cached_property
    def _rows(self) -> list[int]:
        if self._has_returns:
            return [0, *(match.end() for match in _LINE_END.finditer(self.text))]
        sizes = [len(line) + 1 for line in self.text.split("\n")]
        return list(accumulate(sizes[:-1], initial=0))

    @property
    def rows(self) -> int:
        """How many lines the text has; one more than it has line ends."""
        return len(self._rows)

    def start(self, chunk: ChunkId) -> int | None:
        """The offset of the chunk's first character in the file's text; None where there is no such chunk (now)."""
        return self._by_id.get(chunk)

    def row_column(self, offset: int) -> tuple[int, int]:
        """The row and column of an offset in the text; what lies outside is moved to the nearest end."""
        offset = min(max(offset, 0), len(self.text))
        if self._counted < _FEW and not self._has_returns:
            self._counted += 1
            return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)
        row = bisect_right(self._rows, offset)
        return row, offset - self._rows[row - 1] + 1

    def offset(self, row: int, column: int) -> int:
        """The inverse of :meth:`row_column`; a column behind the line's end is moved to it."""
        if row > len(self._rows):
            return len(self.text)
        begin = self._rows[max(row, 1) - 1]
        end = self._rows[row] if row < len(self._rows) else len(self.text)
        return min(begin + max(column, 1) - 1, begin + len(self.text[begin:end].rstrip("\r\n")))

    def place(self, where: AnyPlace) -> Place | None:
        """Rows and columns of a span; a place is returned as it is, None where the span's chunk is gone."""
        if isinstance(where, Place):
            return where
        if not isinstance(where, Span):
            return None
        start = self.start(where.chunk)
        if start is None:
            return None
        return self.place_of(start + where.start, start + where.end)

    def place_of(self, start: int, end: int) -> Place:
        """Rows and columns of a piece of the text."""
        return Place(self.file, *self.row_column(start), *self.row_column(end))

    def locate(self, row: int, column: int) -> tuple[ChunkId, int] | None:
        """The chunk whose text holds a place, and the offset in it; None between chunks (comments, blank lines)."""
        return self.locate_offset(self.offset(row, column))

    def locate_offset(self, offset: int) -> tuple[ChunkId, int] | None:
        """The chunk whose text holds an offset of the file's text; the text's very end belongs to the last chunk."""
        index = bisect_right(self._starts, offset) - 1
        # Chunks without text of their own (a module, a statement of clauses) start where their first child does.
        while index >= 0 and not self._chunks[index].text:
            index -= 1
        if index < 0:
            return None
        chunk, inside = self._chunks[index], offset - self._starts[index]
        at_end = inside == len(chunk.text) and offset == len(self.text) and chunk.text[-1] not in "\r\n"
        return (chunk.id, inside) if inside < len(chunk.text) or at_end else None

    def span(self, place: Place) -> Span | None:
        """A place as a span of the chunk that it begins in, cut at that chunk's end."""
        found = self.locate(place.row, place.column)
        if found is None:
            return None
        chunk, start = found
        index = bisect_right(self._starts, self.offset(place.row, place.column)) - 1
        size = self.offset(place.end_row, place.end_column) - self.offset(place.row, place.column)
        return Span(chunk, start, min(start + max(size, 0), len(self._chunks[index].text)))
