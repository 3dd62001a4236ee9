"""The source that a timeline shows: whole files where they are small, else what lies around the places."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Set

from ..events import Place

WHOLE = 1_500
"""Files of at most so many rows are shown whole."""
AROUND = 12
ROWS = 20_000
"""At most so many rows of source altogether."""
WIDTH = 400


class Files:
    """Numbers files by first occurrence and remembers which rows are asked for."""

    def __init__(self, text_of: Callable[[str], str]) -> None:
        self._text_of = text_of
        self._rows: Dict[str, Set[int]] = {}
        self._numbers: Dict[str, int] = {}

    def place(self, place: Optional[Place]) -> Optional[Dict[str, int]]:
        """``place`` as the data has it."""
        if place is None:
            return None
        number = self._numbers.setdefault(place.file, len(self._numbers))
        self._rows.setdefault(place.file, set()).update((place.row, place.end_row))
        return {
            "file": number,
            "row": place.row,
            "column": place.column,
            "end_row": place.end_row,
            "end_column": place.end_column,
        }

    def told(self) -> List[Dict[str, Any]]:
        """Each file with the parts of its text that matter."""
        room = ROWS
        found = []
        for name in self._numbers:
            lines = [line[:WIDTH] for line in self._text_of(name).splitlines()]
            parts = self._parts(lines, self._rows[name], room)
            room -= sum(len(part["lines"]) for part in parts)
            found.append({"name": name, "parts": parts})
        return found

    @staticmethod
    def _parts(lines: List[str], rows: Set[int], room: int) -> List[Dict[str, Any]]:
        if len(lines) <= min(WHOLE, room):
            return [{"row": 1, "lines": lines}] if lines else []
        wanted = sorted(
            {
                near
                for row in rows
                for near in range(row - AROUND, row + AROUND + 1)
                if 1 <= near <= len(lines)
            }
        )
        parts: List[Dict[str, Any]] = []
        for row in wanted[: max(0, room)]:
            if not parts or parts[-1]["row"] + len(parts[-1]["lines"]) != row:
                parts.append({"row": row, "lines": []})
            parts[-1]["lines"].append(lines[row - 1])
        return parts
