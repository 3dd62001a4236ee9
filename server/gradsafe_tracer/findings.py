"""A finding of a real run in plain terms, for reports that do without gradsafe's rules. No torch, no gradsafe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from .events import Place


class Verdict:
    """What a run says of the static analysis: of its findings here, of a prediction that was not borne out."""

    CONFIRMED = "confirmed"
    NEW = "new"
    NOT_REACHED = "not-reached"
    REFUTED = "refuted"


@dataclass(frozen=True)
class Related:
    """One more place of the story: ``role`` is saved, modified, backward, freed, created, call ..."""

    role: str
    place: Optional[Place]
    message: str


@dataclass(frozen=True)
class Finding:
    """One defect that the run showed (or, with a verdict, one that was predicted)."""

    code: str
    severity: str
    message: str
    place: Optional[Place]
    related: Tuple[Related, ...] = ()
    verdict: Optional[str] = None
