"""Text to logical lines: where each statement line begins and ends, how far it is indented, with which word it starts.

Two lines are equal wherever they stand in the file: a :class:`Line` holds lengths, no offsets. So the
lines outside an edit are taken over as they are (:func:`rescan`), and only those that it touched, or
whose end was decided by text that it touched, are scanned again.

Never raises, whatever the text; brackets and quotes that never close end where the next statement
surely begins, which is decided by the text alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradsafe.syntax.lexer import LINE_END, STRUCTURE, column, triple_end


class Line(NamedTuple):
    """One logical line of code (or, at the very end, none) and the blank and comment lines before it.

    ``lead`` and ``size`` count code points; ``size`` includes the line's end. ``rows``: physical lines of code.
    ``word`` is the first word (``async`` skipped). ``reach``: how far from its first character text was looked at to
    find this line's end; more than ``lead + size`` only where a bracket or quote never closes.
    """

    lead: int
    size: int
    column: int
    word: str
    rows: int
    reach: int


class Scan(NamedTuple):
    """A whole text as logical lines; their lengths add up to the text's.

    ``starts``: where each line begins, and where the last one ends. ``far``: the numbers of those for whose end text behind it was looked at.
    """

    text: str
    lines: tuple[Line, ...]
    starts: tuple[int, ...]
    far: tuple[int, ...]


class Reuse(NamedTuple):
    """A new scan, and how many of its first and last lines are the old scan's, in the old order."""

    scan: Scan
    prefix: int
    suffix: int


TO_THE_END = 1 << 60
MAX_LINES = 32_000
"""A text is cut into so many logical lines; what is left is the last of them. Cutting one and naming its chunk takes
20 to 30 us, so the whole of a longer text could not be read and judged in 2 s."""

_BLANK = re.compile(rf"(?:[ \t\f]*(?:\#[^\r\n]*)?{LINE_END})+")
_LAST_BLANK = re.compile(r"[ \t\f]*(?:\#[^\r\n]*)?\Z")
_HEAD = re.compile(r"([ \t\f]*)(?:async[ \t]+)?(\w+|@)?")
_LINE_END = re.compile(LINE_END)
_PLAIN = re.compile(rf"[^()\[\]{{}}'\"#\\\r\n]*{LINE_END}")
_KEYWORD_LINE = re.compile(
    r"[ \t\f]*(?:(?:async[ \t]+)?def[ \t]+\w|class[ \t]+\w|import[ \t]+\w|from[ \t]+[\w.]+[ \t]+import\b"
    r"|(?:return|while|raise|pass|break|continue|del|global|nonlocal|assert|elif|except|finally|try|with)\b)"
)
"""A line that begins so cannot stand inside brackets in any Python."""
_MAYBE_LINE = re.compile(r"@|from\b|# ?%%")
"""A line that begins so, in column 0, is taken for a new statement if the brackets around it never close."""
_UNQUOTED = re.compile(rf"{LINE_END}(?=def\b|class\b|@|import\b|from\b|async[ \t]+def\b|# ?%%)")
"""Where a quote that never closes is taken to end."""


def scan(text: str) -> Scan:
    """The logical lines of ``text``."""
    lines: list[Line] = []
    starts = [0]
    while starts[-1] < len(text):
        line = _line(text, starts[-1]) if len(lines) < MAX_LINES else _rest(text, starts[-1])
        lines.append(line)
        starts.append(starts[-1] + line.lead + line.size)
    return Scan(text, tuple(lines), tuple(starts), tuple(_far(lines, 0)))


def _far(lines: Sequence[Line], first: int) -> Iterator[int]:
    return (number for number, line in enumerate(lines, first) if line.reach > line.lead + line.size)


def is_cut(scanned: Scan) -> bool:
    """Whether there was more in the text than is read."""
    return len(scanned.lines) > MAX_LINES


def rescan(old: Scan, text: str) -> Reuse:
    """The same as ``scan(text)``, reading only from the edit on until the lines agree with the old ones again."""
    if is_cut(old):
        return Reuse(scan(text), 0, 0)
    same_start, same_end = _common_ends(old.text, text)
    shift = len(text) - len(old.text)
    prefix = _untouched(old, same_start)
    at = old.starts[prefix]
    # The old lines, by the offset in the *new* text at which they would stand.
    first_kept = len(text) - same_end
    index = prefix
    fresh: list[Line] = []
    starts: list[int] = []
    while at < len(text):
        while index < len(old.lines) and old.starts[index] + shift < at:
            index += 1
        if old.starts[index] + shift == at and at >= first_kept and index < len(old.lines):
            break
        line = _line(text, at)
        fresh.append(line)
        starts.append(at)
        at += line.lead + line.size
    else:
        index = len(old.lines)
    lines = (*old.lines[:prefix], *fresh, *old.lines[index:])
    if len(lines) > MAX_LINES:
        return Reuse(scan(text), 0, 0)
    moved = prefix + len(fresh) - index
    far = (
        *(each for each in old.far if each < prefix),
        *_far(fresh, prefix),
        *(each + moved for each in old.far if each >= index),
    )
    all_starts = (*old.starts[:prefix], *starts, *[start + shift for start in old.starts[index:]])
    return Reuse(Scan(text, lines, all_starts, far), prefix, len(old.lines) - index)


def _untouched(old: Scan, same_start: int) -> int:
    """How many lines before the edit stand: those that looked at nothing behind ``same_start``.

    The last of them might have ended in a CR that now has a LF behind it, so it must end before the edit.
    """
    ended = bisect_left(old.starts, same_start, 1) - 1
    return next(
        (each for each in old.far if each < ended and old.starts[each] + old.lines[each].reach >= same_start),
        ended,
    )


def _common_ends(old: str, new: str) -> tuple[int, int]:
    """The lengths of the longest common prefix and, in what is left, of the longest common suffix."""
    limit = min(len(old), len(new))
    start = _agreement(old, new, limit, 0)
    rest = limit - start
    end = _agreement(old, new, rest, 1) if rest else 0
    return start, end


def _agreement(old: str, new: str, limit: int, backwards: int) -> int:
    """The length of the common prefix (or suffix), at most ``limit``: by halves, each compared as a whole."""
    low, high = 0, limit
    step = 256
    while low < high:
        size = min(step, high - low)
        if backwards:
            equal = old[len(old) - low - size : len(old) - low] == new[len(new) - low - size : len(new) - low]
        else:
            equal = old[low : low + size] == new[low : low + size]
        if equal:
            low += size
            step *= 2
        elif size == 1:
            return low
        else:
            high = low + size - 1 if size > 1 else low
            step = max(1, size // 2)
    return low


def _line(text: str, start: int) -> Line:
    """The logical line that begins at ``start``, with the blank lines before it."""
    blank = _BLANK.match(text, start)
    code = blank.end() if blank is not None else start
    last = _LAST_BLANK.match(text, code)
    if last is not None:
        return Line(len(text) - start, 0, 0, "", 0, TO_THE_END)
    head = _HEAD.match(text, code)
    assert head is not None
    indent, word = head.groups()
    plain = _PLAIN.match(text, head.end())
    if plain is not None:
        end = plain.end()
        return Line(code - start, end - code, column(indent), word or "", 1, end - start)
    end, rows, reach = _code(text, head.end())
    reach = TO_THE_END if reach == TO_THE_END else max(reach, end) - start
    return Line(code - start, end - code, column(indent), word or "", rows, reach)


def _rest(text: str, start: int) -> Line:
    """All that is left of a text as one line in column 0."""
    first = _line(text, start)
    code = start + first.lead
    if first.size == 0:
        return first
    return Line(first.lead, len(text) - code, 0, "", max(1, _rows(text, code, len(text))), TO_THE_END)


def _code(text: str, at: int) -> tuple[int, int, int]:
    """The end of the logical line that goes on at ``at``, its physical lines, and how far was looked."""
    depth, rows, search, size = 0, 1, STRUCTURE.match, len(text)
    maybe: tuple[int, int] | None = None
    while (match := search(text, at)) is not None:
        kind, at = match.lastgroup, match.end()
        if kind == "newline":
            if depth == 0:
                return at, rows, at
            if _KEYWORD_LINE.match(text, at) is not None:
                return *(maybe or (at, rows)), _line_after(text, at)
            if maybe is None and _MAYBE_LINE.match(text, at) is not None:
                maybe = (at, rows)
            rows += 1
        elif kind == "open":
            depth += 1
        elif kind == "close":
            if depth > 0:
                depth -= 1
                if depth == 0:
                    maybe = None
        elif kind == "triple":
            begin = at - 3
            end = triple_end(text, begin)
            if end < 0:
                cut = _UNQUOTED.search(text, at)
                until = cut.end() if cut is not None else size
                if maybe is not None:
                    return *maybe, TO_THE_END
                return until, rows + _rows(text, begin, until) - (cut is not None), TO_THE_END
            rows += _rows(text, begin, end)
            at = end
        elif kind == "joined":
            rows += 1
        elif kind == "string" and text.count("\\", match.start("string"), at):
            rows += _rows(text, match.start("string"), at)
    if depth and maybe is not None:
        return *maybe, TO_THE_END
    return size, rows, TO_THE_END


def _line_after(text: str, at: int) -> int:
    """The end of the physical line at ``at``, its first few words at least."""
    match = _LINE_END.search(text, at)
    return match.end() if match is not None else TO_THE_END


def _rows(text: str, start: int, end: int) -> int:
    """The line ends in a piece of the text."""
    return text.count("\n", start, end) + text.count("\r", start, end) - text.count("\r\n", start, end)
