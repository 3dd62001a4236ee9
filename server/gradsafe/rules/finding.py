"""What a rule says: plain frozen data in the analysis' own terms (spans, not rows)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gradsafe_tracer.events import AnyPlace

SUPPRESSING = frozenset({"suppress", "suppress-in-file"})
"""Remedies that say that a finding is known: no cure, and nothing to prove."""


ADVICE = frozenset({"needless-copy"})
"""Codes of what is no defect, and told only to those who ask for it."""


UNUSED = "unused-suppression"
"""The code of what is said of comments, not of the program: no failure is behind it."""


class Severity(Enum):
    """How sure a finding is; the certainty decides, not the rule (design, section 3)."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"
    HINT = "hint"


class Role(Enum):
    """What a related place has to do with the finding."""

    SAVED = "saved"
    MODIFIED = "modified"
    BACKWARD = "backward"
    FREED = "freed"
    CALL = "call"
    ALIAS = "alias"
    CREATED = "created"
    FIRST = "first"
    CHANGE = "change"
    """The line to change of a finding that is told at the call which leads there."""


@dataclass(frozen=True)
class SavedAs:
    """What a save kept: torch's name of the operation, and of its operand (``self other weight ...``) or ``result``."""

    operation: str
    role: str


@dataclass(frozen=True)
class Related:
    """One more place of the story, and what happened there; ``kept`` where a tensor was saved."""

    role: Role
    place: AnyPlace
    message: str
    kept: SavedAs | None = None


@dataclass(frozen=True)
class Finding:
    """One defect: ``primary`` is the line to change.

    ``remedies`` are the names of modules in ``gradsafe.fixes`` in order of preference;
    ``subject`` is the source text of the tensor that is written, where it has one;
    ``write`` is the in-place operation itself where ``primary`` is a declaration;
    ``runtime_message`` is the error that torch will raise (None where torch stays silent);
    ``calls`` are those through which the run came to the write, outermost first, and ``told_at`` is one of them where
    nobody looks at the file of ``primary``.
    """

    code: str
    severity: Severity
    message: str
    primary: AnyPlace
    related: tuple[Related, ...] = ()
    remedies: tuple[str, ...] = ()
    subject: str | None = None
    operation: str | None = None
    write: AnyPlace = None
    saved: AnyPlace = None
    runtime_message: str | None = None
    calls: tuple[AnyPlace, ...] = ()
    told_at: AnyPlace = None

    @property
    def where(self) -> AnyPlace:
        """Where it is told."""
        return self.told_at or self.primary


@dataclass(frozen=True)
class Edit:
    """Replace the text at ``span`` with ``content``."""

    span: AnyPlace
    content: str


@dataclass(frozen=True)
class Fix:
    """A named group of edits. ``safe``: no *value* that the program computes changes. ``verified``: analysed again."""

    title: str
    remedy: str
    edits: tuple[Edit, ...]
    safe: bool
    preferred: bool = False
