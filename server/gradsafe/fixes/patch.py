"""Edits that were made one after the other, told as edits of the text that the first of them was made in."""

from __future__ import annotations

from collections.abc import Iterable

from gradsafe.fixes.apply import Replacement

_Piece = tuple[int, int] | str
"""A stretch of the first text that still stands, or text that came in its place."""


class Patch:
    """A text that is edited, and what was edited in it."""

    def __init__(self, text: str) -> None:
        self._before = text
        self._pieces: list[_Piece] = [(0, len(text))]

    @property
    def text(self) -> str:
        """The text as it is now."""
        return "".join(self._text_of(piece) for piece in self._pieces)

    def apply(self, edits: Iterable[Replacement]) -> None:
        """Make ``edits``, given in the text as it is now, all at once. Raises ValueError where two of them overlap."""
        pieces: list[_Piece] = []
        at, rest = 0, list(self._pieces)
        for start, end, content in sorted(edits, key=lambda edit: (edit[0], edit[1])):
            if start < at:
                raise ValueError("edits overlap")
            kept, rest = self._split(rest, start - at)
            _, rest = self._split(rest, end - start)
            pieces += [*kept, content]
            at = end
        self._pieces = [piece for piece in (*pieces, *rest) if self._text_of(piece)]

    def edits(self) -> list[Replacement]:
        """The edits of the first text that give the present one, in order; none touches another."""
        found: list[Replacement] = []
        at, content = 0, ""
        for piece in (*self._pieces, (len(self._before), len(self._before))):
            if isinstance(piece, str):
                content += piece
                continue
            if content or piece[0] > at:
                found.append((at, piece[0], content))
            at, content = piece[1], ""
        return found

    def _text_of(self, piece: _Piece) -> str:
        return piece if isinstance(piece, str) else self._before[piece[0] : piece[1]]

    def _split(self, pieces: list[_Piece], size: int) -> tuple[list[_Piece], list[_Piece]]:
        """The pieces that hold the next ``size`` characters, and those behind. Raises ValueError beyond the end."""
        taken: list[_Piece] = []
        for index, piece in enumerate(pieces):
            if size == 0:
                return taken, pieces[index:]
            length = len(self._text_of(piece))
            if length > size:
                first, second = _cut(piece, size)
                return [*taken, first], [second, *pieces[index + 1 :]]
            taken.append(piece)
            size -= length
        if size:
            raise ValueError("an edit leaves the text")
        return taken, []


def _cut(piece: _Piece, size: int) -> tuple[_Piece, _Piece]:
    if isinstance(piece, str):
        return piece[:size], piece[size:]
    start, end = piece
    return (start, start + size), (start + size, end)
