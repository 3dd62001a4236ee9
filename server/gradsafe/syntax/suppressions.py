"""``# gradsafe: ignore``, ``# gradsafe: ignore[code, code]`` and ``# gradsafe: ignore-file[...]``.

A comment speaks for the statement that it stands on, any of its lines; in a compound statement for that line of
it (``for x in y:  # gradsafe: ignore`` is about the header). ``ignore-file`` speaks for the file, wherever it
stands. What stands in a string is no comment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.lexer import LINE_END, tokens
from gradsafe.syntax.scan import scan
from gradsafe.syntax.span import ChunkId, Span

_MARK = "gradsafe:"
_COMMENT = re.compile(r"#\s*gradsafe:\s*ignore(?P<file>-file)?(?![\w-])(?:\s*\[(?P<codes>[^\]\r\n]*)\])?")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment. ``codes`` None: every code. ``chunk`` None: the whole file.

    ``start`` and ``end``: the statement's lines as offsets in the chunk; ``at``, ``at_end``: the comment in the file.
    """

    codes: frozenset[str] | None
    at: int
    at_end: int
    chunk: ChunkId | None = None
    start: int = 0
    end: int = 0

    def covers(self, code: str, span: Span | None) -> bool:
        """Whether a finding of ``code`` at ``span`` in this file is suppressed (span None: a place of no chunk)."""
        if self.codes is not None and code not in self.codes:
            return False
        if self.chunk is None:
            return True
        return span is not None and span.chunk == self.chunk and self.start <= span.start < self.end


@dataclass(frozen=True, slots=True)
class Unused:
    """A suppression, or some codes of it (None: all of it), that no finding needed."""

    suppression: Suppression
    codes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class _Mark:
    codes: frozenset[str] | None
    whole_file: bool
    at: int
    at_end: int
    start: int
    end: int


def find(root: Chunk) -> tuple[Suppression, ...]:
    """The suppressions in a MODULE chunk's tree. Costs next to nothing where the word does not occur."""
    if root.scan is None or _MARK not in root.scan.text:
        return ()
    found: list[Suppression] = []
    at = 0
    for chunk in root.walk():
        found += _of_file(chunk.lead, at)
        at += len(chunk.lead)
        if _MARK in chunk.text:
            for mark in _marks(chunk.text):
                where = None if mark.whole_file else chunk.id
                place = (at + mark.at, at + mark.at_end)
                found.append(Suppression(mark.codes, *place, where, mark.start, mark.end))
        at += len(chunk.text)
    return (*found, *_of_file(root.scan.text[at:], at))


def _of_file(lead: str, at: int) -> Iterable[Suppression]:
    """Comments on lines of their own, which speak for the file or, being behind no statement, for nothing."""
    for match in _COMMENT.finditer(lead) if _MARK in lead else ():
        place = (at + match.start(), at + match.end())
        if match["file"]:
            yield Suppression(_codes(match), *place)
        else:
            yield Suppression(_codes(match), *place, ChunkId("", "", -1))


@lru_cache(maxsize=4096)
def _marks(text: str) -> tuple[_Mark, ...]:
    """The marks in one chunk's text; a function of the text, so an edit elsewhere costs nothing."""
    found: list[_Mark] = []
    at = 0
    for line in scan(text).lines:
        # Blank and comment lines inside a compound statement belong to no statement of it.
        start, end = at + line.lead, at + line.lead + line.size
        for token in tokens(text[at:end]):
            if token.kind == "comment":
                for match in _COMMENT.finditer(text, at + token.start, at + token.end):
                    own = (start, end) if at + token.start >= start else (0, 0)
                    found.append(_Mark(_codes(match), bool(match["file"]), match.start(), match.end(), *own))
        at = end
    return tuple(found)


def _codes(match: re.Match[str]) -> frozenset[str] | None:
    if match["codes"] is None:
        return None
    return frozenset(code for code in re.split(r"[\s,]+", match["codes"]) if code)


def unused(
    given: Iterable[Suppression],
    findings: Iterable[tuple[str, Span | None]],
    spared: Callable[[str | None], bool] = lambda code: False,
) -> tuple[Unused, ...]:
    """Which suppressions no finding needed; ``findings`` are the codes and places of all that were found.

    ``spared``: whether of a code (None: of all there are) nothing can be said, because it was not looked for.
    """
    reported = tuple(findings)
    result: list[Unused] = []
    for suppression in given:
        used = {code for code, span in reported if suppression.covers(code, span)}
        if suppression.codes is None:
            if not used and not spared(None):
                result.append(Unused(suppression, None))
            continue
        idle = frozenset(code for code in suppression.codes - used if not spared(code))
        if idle == suppression.codes:
            result.append(Unused(suppression, None))
        elif idle:
            result.append(Unused(suppression, idle))
    return tuple(result)


def without(text: str, idle: Unused, meant: Mapping[str, str] | None = None) -> tuple[int, int, str]:
    """The edit (start, end, content) that takes ``idle`` out of a file's ``text``; what else the comment says stays.

    ``meant``: codes that are not taken out, but corrected.
    """
    at, end, meant = idle.suppression.at, idle.suppression.at_end, meant or {}
    if idle.codes is not None or meant:
        match = _COMMENT.match(text, at, end)
        assert match is not None
        assert match["codes"] is not None
        codes = [code for code in re.split(r"[\s,]+", match["codes"]) if code]
        gone = idle.suppression.codes or frozenset() if idle.codes is None else idle.codes
        kept = [meant.get(code, code) for code in codes if code in meant or code not in gone]
        return match.start("codes"), match.end("codes"), ", ".join(dict.fromkeys(kept))
    before, after = _before_blanks(text, at), _BLANKS.match(text, end)
    assert after is not None
    following = text[after.end() : after.end() + 1]
    if following == "#":
        return at, after.end(), ""
    if following not in ("", "\r", "\n"):
        return at, after.end(), "# "  # why it was silenced, say: without its sign it would be code
    if before == 0 or text[before - 1] in "\r\n":
        line_end = _LINE_END.match(text, after.end())
        return before, line_end.end() if line_end is not None else after.end(), ""
    return before, after.end(), ""


_BLANKS = re.compile(r"[ \t\f]*")
_LINE_END = re.compile(LINE_END)


def _before_blanks(text: str, at: int) -> int:
    return len(text[:at].rstrip(" \t\f"))
