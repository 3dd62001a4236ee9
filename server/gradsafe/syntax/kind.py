"""The kinds of chunk. ``docs/architecture.md`` says what each one holds."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a chunk's own ``text`` is: nothing (MODULE), a header (CLASS, DEF, COMPOUND, CLAUSE) or statements (LEAF)."""

    MODULE = "module"
    CLASS = "class"
    DEF = "def"
    COMPOUND = "compound"
    CLAUSE = "clause"
    LEAF = "leaf"
