"""The linear guard in front of libcst, which a hostile statement can kill or stall.

Measured with libcst 1.9.0 (see ``tests/syntax/test_guard.py``): on a stack of 2 MB it dies of 400
nested brackets, of 1,600 chained attributes and of 99 nested blocks; on 1 MB of 200, 800 and 60.
Nested ``case`` patterns double its time per level (14 nested mappings take over 20 s).
The limits below stay under half of that on the smallest stack, for all shapes of nesting added up.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gradsafe.syntax.lexer import LINE_END, ONE_LINE_STRING, TRIPLE, column, triple_end
from gradsafe.syntax.scan import MAX_LINES

MAX_TEXT = 64 * 1024
MAX_DEPTH = 60
MAX_HEIGHT = 200
"""Operators, trailers and juxtaposed strings on the longest path from a statement down to an operand."""
MAX_CLAUSES = 100
MAX_PATTERN_DEPTH = 8
MAX_BLOCKS = 20


class Refusal(NamedTuple):
    """Why a text is not given to libcst, and where that shows."""

    reason: str
    offset: int


_JOINTS = re.compile(r"[^\w\s,:;=#]|\b(?:and|or|not|if|else|lambda|for|in|is|await|async|yield|from)\b")
_BLOCKS = re.compile(r"^[ \t\f]+(?=[^\s#])", re.MULTILINE)
_CLAUSE = re.compile(r"^[ \t\f]*(?:elif|except|case)\b", re.MULTILINE)
_CASE = re.compile(r"^[ \t\f]*case\b[^\r\n]*", re.MULTILINE)
_TOKEN = re.compile(
    rf"(?P<triple>{TRIPLE})|(?P<string>{ONE_LINE_STRING})|(?P<open>[(\[{{])|(?P<close>[)\]}}])"
    rf"|(?P<skip>\\{LINE_END}|\#[^\r\n]*|->|:=)|(?P<newline>{LINE_END}|;)|(?P<comma>,)|(?P<colon>:)"
    r"|(?P<hold>\b(?:lambda|for)\b)|(?P<release>\bin\b)"
    r"|(?P<operator>\b(?:and|or|not|if|else|is|await|async|yield|from)\b|<=|>=|==|!=|\*\*|//|<<|>>|[-+*/%@&|^~<>])"
    r"|(?P<element>=)|(?P<trailer>\.)|\b\w+"
)


def refusal(text: str) -> Refusal | None:
    """Why libcst must not see ``text``; None if it is safe. Linear in the text."""
    if len(text) > MAX_TEXT:
        return Refusal(
            f"more than {MAX_TEXT // 1024} kB in one statement, or below line {MAX_LINES:,} of code", 0
        )
    found = _blocks(text) or _clauses(text)
    if found is not None:
        return found
    # Each unit of depth or height needs a joint, so a text with few joints needs no closer look.
    opens = text.count("(") + text.count("[") + text.count("{")
    if opens <= MAX_DEPTH and (len(text) <= MAX_HEIGHT or len(_JOINTS.findall(text)) <= MAX_HEIGHT):
        return None
    return _Heights(text).refusal()


def _blocks(text: str) -> Refusal | None:
    """More nested blocks than libcst's recursion and its tokenizer bear."""
    if text.count("\n") + text.count("\r") <= MAX_BLOCKS:
        return None
    stack: list[int] = []
    for match in _BLOCKS.finditer(text):
        at = column(match.group())
        while stack and stack[-1] >= at:
            stack.pop()
        stack.append(at)
        if len(stack) > 2 * MAX_BLOCKS:
            return Refusal(f"more than {2 * MAX_BLOCKS} nested blocks", match.start())
    return None


def _clauses(text: str) -> Refusal | None:
    if text.count("elif") + text.count("except") + text.count("case") > MAX_CLAUSES:
        clauses = list(_CLAUSE.finditer(text))
        if len(clauses) > MAX_CLAUSES:
            return Refusal(f"more than {MAX_CLAUSES} clauses in one statement", clauses[MAX_CLAUSES].start())
    if "case" in text:
        for match in _CASE.finditer(text):
            if not _pattern_is_flat(text, match.start()):
                return Refusal(f"a pattern nested deeper than {MAX_PATTERN_DEPTH}", match.start())
    return None


def _pattern_is_flat(text: str, start: int) -> bool:
    depth = 0
    for match in _TOKEN.finditer(text, start):
        kind = match.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "newline" and depth <= 0:
            return True
        if depth > MAX_PATTERN_DEPTH:
            return False
    return True


class _Level:
    """What is known of one bracket level: the height of the element being read, and of the highest one before."""

    __slots__ = ("best", "chain", "hold", "inner", "operators", "side")

    def __init__(self) -> None:
        self.best = 0  # height of the highest finished element
        self.operators = 0  # operators of this element so far
        self.side = 0  # the highest finished operand of this element
        self.chain = 0  # trailers of this operand so far
        self.inner = 0  # the highest bracket inside this operand
        self.hold = False  # after ``lambda`` or ``for``, up to ``:`` or ``in``: a comma ends no element there

    def height(self) -> int:
        return max(self.best, self.operators + max(self.side, self.chain + self.inner))

    def operator(self) -> None:
        self.side = max(self.side, self.chain + self.inner)
        self.chain = self.inner = 0
        self.operators += 1

    def end_element(self) -> None:
        self.best = self.height()
        self.operators = self.side = self.chain = self.inner = 0
        self.hold = False


class _Heights:
    """An upper bound of the syntax tree's height, from one pass over the tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.levels = [_Level()]

    def refusal(self) -> Refusal | None:
        text, at, end = self.text, 0, len(self.text)
        while at < end and (match := _TOKEN.search(text, at)) is not None:
            start, at = match.span()
            kind = match.lastgroup
            if kind == "triple":
                close = triple_end(text, start)
                at = end if close < 0 else close
            if kind in ("triple", "string"):
                found = self._string(start, at)
            else:
                found = self._token(kind, start)
            if found is None and self.levels[-1].height() > MAX_HEIGHT:
                found = Refusal(f"an expression of more than {MAX_HEIGHT} links", start)
            if found is not None:
                return found
        return None

    def _token(self, kind: str | None, start: int) -> Refusal | None:
        level = self.levels[-1]
        if kind == "open":
            self.levels.append(_Level())
            if len(self.levels) > MAX_DEPTH + 1:
                return Refusal(f"brackets nested deeper than {MAX_DEPTH}", start)
        elif kind == "close":
            self._close()
        elif kind == "operator":
            level.operator()
        elif kind == "hold":
            level.operator()
            level.hold = True
        elif kind == "release":
            level.operator()
            level.hold = False
        elif kind == "colon":
            level.hold = False
        elif kind == "trailer":
            level.chain += 1
        elif kind == "newline" and len(self.levels) == 1:
            level.end_element()
            level.best = 0
        elif kind in ("comma", "element") and not level.hold:
            level.end_element()
        return None

    def _close(self) -> None:
        if len(self.levels) > 1:
            height = self.levels.pop().height()
            outer = self.levels[-1]
            outer.inner = max(outer.inner, height + 1)
            outer.chain += 1

    def _string(self, start: int, end: int) -> Refusal | None:
        """Juxtaposed strings nest to the right; what stands in an f-string's braces nests as code does."""
        level = self.levels[-1]
        level.chain += 1
        prefix = self.text[max(0, start - 2) : start].lower()
        if not prefix.endswith(("f", "t")) and "fr" not in prefix and "tr" not in prefix:
            return None
        depth, deepest, joints = 0, 0, 0
        for match in re.finditer(
            r"[(\[{]|[)\]}]|[^\w\s]|\b(?:and|or|not|if|else|lambda|for)\b", self.text[start:end]
        ):
            found = match.group()
            if found in "([{":
                depth += 1
                deepest = max(deepest, depth)
            elif found in ")]}":
                depth = max(0, depth - 1)
            elif depth:
                joints += 1
        level.inner = max(level.inner, deepest + min(joints, MAX_HEIGHT + 1))
        if len(self.levels) + deepest > MAX_DEPTH:
            return Refusal(f"brackets nested deeper than {MAX_DEPTH}", start)
        return None
