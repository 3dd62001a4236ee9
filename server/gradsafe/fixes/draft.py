"""What a remedy proposes, before it has a name and a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from gradsafe.rules.finding import Edit


@dataclass(frozen=True)
class Draft:
    """A titled group of edits. ``safe``: no value that the program computes changes."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool
