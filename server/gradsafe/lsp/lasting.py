"""Findings that stay on the screen while the code around them is half typed, or judged again.

A session tells the truth about a text at one moment: of a statement that does not parse it can say nothing, and
findings that need a caller come a little after the rest. Shown as they come they would flicker with every key. So a
finding stays where its text still stands, until the analysis could really look again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from gradsafe.project.kept import ProblemKind
from gradsafe.project.result import FileResult
from gradsafe.rules.finding import Finding, Related
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import AnyPlace

TextOf = Callable[[ChunkId], str | None]
"""The text of a chunk as it is now; None where it is gone."""


@dataclass(frozen=True)
class _Shown:
    """What was last shown of a file, with the texts that its spans point into."""

    findings: tuple[Finding, ...]
    texts: dict[ChunkId, str]


class Lasting:
    """Remembers what was shown of each file."""

    def __init__(self, text_of: TextOf) -> None:
        self._text_of = text_of
        self._shown: dict[str, _Shown] = {}

    def forget(self, file: str) -> None:
        """``file`` is shown no more."""
        self._shown.pop(file, None)

    def update(self, result: FileResult) -> tuple[Finding, ...]:
        """What to show of ``result``: its findings, and those from before that it could not decide about."""
        kept = self._undecided(result)
        told = {(finding.code, finding.primary) for finding in result.findings}
        shown = (*result.findings, *(old for old in kept if (old.code, old.primary) not in told))
        texts = {
            span.chunk: text
            for finding in shown
            for span in _spans(finding)
            if (text := self._text_of(span.chunk)) is not None
        }
        self._shown[result.file] = _Shown(shown, texts)
        return shown

    def _undecided(self, result: FileResult) -> Iterable[Finding]:
        before = self._shown.get(result.file)
        if before is None:
            return
        broken = {
            problem.where.chunk.qualname
            for problem in result.problems
            if problem.kind is ProblemKind.SYNTAX and isinstance(problem.where, Span)
        }
        if result.complete and not broken:
            return
        for finding in before.findings:
            primary = finding.primary
            if not isinstance(primary, Span):
                continue
            still = self._text_of(primary.chunk) == before.texts.get(primary.chunk)
            if primary.chunk.qualname in broken or (still and not result.complete):
                moved = self._moved(finding, before.texts)
                if moved is not None:
                    yield moved

    def _moved(self, finding: Finding, texts: dict[ChunkId, str]) -> Finding | None:
        """The finding in the texts as they are now; None where its own text is gone, without related places that are."""
        primary = self._move(finding.primary, texts)
        if primary is None:
            return None
        related: list[Related] = []
        for each in finding.related:
            place = self._move(each.place, texts)
            if place is not None:
                related.append(replace(each, place=place))
        told_at = self._move(finding.told_at, texts)
        if finding.told_at is not None and told_at is None:
            return None
        return replace(finding, primary=primary, related=tuple(related), told_at=told_at)

    def _move(self, place: AnyPlace, texts: dict[ChunkId, str]) -> AnyPlace:
        if not isinstance(place, Span):
            return place
        old, new = texts.get(place.chunk), self._text_of(place.chunk)
        if old is None or new is None:
            return None
        if old == new:
            return place
        piece = old[place.start : place.end]
        starts = [at for at in range(len(new)) if new.startswith(piece, at)] if piece else []
        if not starts:
            return None
        nearest = min(starts, key=lambda at: abs(at - place.start))
        return Span(place.chunk, nearest, nearest + len(piece))


def _spans(finding: Finding) -> Iterable[Span]:
    for place in (finding.primary, finding.told_at, *(each.place for each in finding.related)):
        if isinstance(place, Span):
            yield place
