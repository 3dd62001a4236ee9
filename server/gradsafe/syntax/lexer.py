"""The few lexical facts that scanner, guard and suppressions share: strings, brackets, comments, line ends.

Nothing here builds a tree, and nothing here is superlinear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LINE_END = r"(?:\r\n?|\n)"
ONE_LINE_STRING = (
    r'"(?:[^"\\\r\n]|\\(?:\r\n|[\s\S])?)*"?'
    r"|'(?:[^'\\\r\n]|\\(?:\r\n|[\s\S])?)*'?"
)  # fmt: skip
TRIPLE = r"\"\"\"|'''"

LINES = re.compile(rf"[^\r\n]*{LINE_END}|[^\r\n]+")
"""Physical lines, ends included, as Python and the editors count them (``str.splitlines`` knows more ends)."""

STRUCTURE = re.compile(
    rf"[^()\[\]{{}}'\"#\\\r\n]*(?:(?P<newline>{LINE_END})|(?P<open>[(\[{{])|(?P<close>[)\]}}])|(?P<triple>{TRIPLE})"
    rf"|(?P<string>{ONE_LINE_STRING})|(?P<joined>\\{LINE_END})|(?P<comment>\#[^\r\n]*)|(?P<other>\\))"
)
"""What moves the state of a line: bracket depth, open quote, continuation. Names and operators are skipped."""

OPEN, CLOSE = "([{", ")]}"
TAB = 8


class Token(NamedTuple):
    """One match of :data:`STRUCTURE`; ``start`` of a string is its quote, not its prefix."""

    kind: str
    start: int
    end: int
    depth: int


def triple_end(text: str, start: int) -> int:
    """The offset after the triple-quoted string whose opening quotes stand at ``start``; -1 if it never closes."""
    quotes, at = text[start : start + 3], start + 3
    while True:
        at = text.find(quotes, at)
        if at < 0:
            return -1
        before = at
        while before > start + 3 and text[before - 1] == "\\":
            before -= 1
        if (at - before) % 2 == 0:
            return at + 3
        at += 1


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The structural tokens from ``start`` on; ``depth`` is that of the brackets around the token.

    A triple-quoted string that never closes runs to the end of the text.
    """
    depth, at, search = 0, start, STRUCTURE.match
    while (match := search(text, at)) is not None:
        kind, begin, at = match.lastgroup or "", match.start(match.lastindex or 0), match.end()
        if kind == "triple":
            end = triple_end(text, begin)
            at = len(text) if end < 0 else end
        elif kind == "close":
            depth = max(0, depth - 1)
        yield Token(kind, begin, at, depth)
        if kind == "open":
            depth += 1


def column(indent: str) -> int:
    """The column that white space leads to: tabs go to the next multiple of eight, a form feed back to zero."""
    if indent.isspace() and "\t" not in indent and "\f" not in indent:
        return len(indent)
    at = 0
    for char in indent:
        at = 0 if char == "\f" else at + (TAB - at % TAB if char == "\t" else 1)
    return at
