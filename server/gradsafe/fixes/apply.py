"""Edits on text."""

from __future__ import annotations

from collections.abc import Iterable

Replacement = tuple[int, int, str]
"""Start, end (exclusive), new content."""


def apply_edits(text: str, edits: Iterable[Replacement]) -> str:
    """``text`` with all ``edits`` made at once; of insertions at one place the first comes first.

    Raises ValueError where two of them overlap.
    """
    pieces: list[str] = []
    at = 0
    for start, end, content in sorted(edits, key=lambda edit: (edit[0], edit[1])):
        if start < at or end > len(text):
            raise ValueError("edits overlap or leave the text")
        pieces += (text[at:start], content)
        at = end
    return "".join([*pieces, text[at:]])
