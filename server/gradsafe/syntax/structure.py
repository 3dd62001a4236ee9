"""Logical lines to the chunk tree: blocks by indentation, statements by their first word.

The old tree's chunks are taken over as objects wherever the lines that they were made of, and the line
after them, are the old ones. What is broken is cut as if each statement stood for itself: a line that is
indented for no reason is a statement of the block around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradsafe.syntax.chunk import Chunk, fingerprint
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.lexer import tokens
from gradsafe.syntax.numbering import number, unnumbered
from gradsafe.syntax.scan import Reuse, rescan, scan
from gradsafe.syntax.span import ChunkId

MAX_ROWS = 25
"""A compound statement with more rows of code than this is split."""
MAX_DEPTH = 50
"""Blocks nested deeper stay one leaf (Python itself allows 100)."""

_SCOPES = {"def": Kind.DEF, "class": Kind.CLASS}
_DECORATED = _SCOPES.keys() | {"@"}
_COMPOUND = frozenset({"if", "for", "while", "with", "try", "match"})
_CONTINUES = frozenset({"elif", "else", "except", "finally"})
_NAME = re.compile(r"[ \t\f]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_COLON = re.compile(r":(?!=)|\blambda\b")
_NOTHING = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?[\r\n]*\Z")


def structure(file: str, text: str, old: Chunk | None) -> Chunk:
    """The MODULE chunk of ``text``, with the chunks of ``old`` (a MODULE chunk, if given) where nothing changed."""
    if old is None or old.scan is None:
        found = Reuse(scan(text), 0, 0)
        blocks = _Blocks(file, found, 0)
        children = blocks.block(0, blocks.count, _OldBlock((), 0), 0)
    else:
        found = rescan(old.scan, text)
        blocks = _Blocks(file, found, len(old.scan.lines))
        children = blocks.block(0, blocks.count, _OldBlock(old.children, 0), 0)
    numbered = number(file, "", children)
    return Chunk(
        ChunkId(file, "", 0), Kind.MODULE, "", "", numbered, fingerprint(""), blocks.count, found.scan
    )


def header_end(text: str) -> int:
    """The offset after the colon that ends a header, if a body follows on the same line; else the text's length."""
    if text.rstrip().endswith(":"):
        return len(text)
    lambdas, at = 0, 0
    for token in [*tokens(text), None]:
        gap_end = token.start if token is not None else len(text)
        if token is None or token.depth + (token.kind == "close") == 0:
            for match in _COLON.finditer(text, at, gap_end):
                if match.group() != ":":
                    lambdas += 1
                elif lambdas:
                    lambdas -= 1
                else:
                    return len(text) if _NOTHING.match(text, match.end()) else match.end()
        at = token.end if token is not None else at
    return len(text)


class _OldBlock:
    """The statements of a block of the old tree, walked once, in step with the new block that takes its place."""

    def __init__(self, chunks: Sequence[Chunk], at: int) -> None:
        self._chunks, self._at, self._index = chunks, at, 0

    def find(self, line: int) -> Chunk | None:
        """The chunk that began at old line ``line``; asked for ever greater lines."""
        while self._index < len(self._chunks) and self._at < line:
            self._at += self._chunks[self._index].lines
            self._index += 1
        found = self._index < len(self._chunks) and self._at == line
        return self._chunks[self._index] if found else None

    def body(self, chunk: Chunk | None) -> _OldBlock:
        """The children of ``chunk``, which :meth:`find` has just found (or not)."""
        if chunk is None:
            return _OldBlock((), 0)
        header = chunk.lines - sum(child.lines for child in chunk.children)
        return _OldBlock(chunk.children, self._at + header)


class _Blocks:
    """One pass over the lines of a text. Line numbers here are indices into the new scan's ``lines``."""

    def __init__(self, file: str, found: Reuse, old_count: int) -> None:
        self.file = file
        self.text, self.lines, self.starts, _ = found.scan
        self.prefix = found.prefix
        self.suffix = len(self.lines) - found.suffix
        self.shift = len(self.lines) - old_count
        self.count = len(self.lines) - (1 if self.lines and self.lines[-1].size == 0 else 0)

    def block(self, at: int, end: int, old: _OldBlock, depth: int, cases: bool = False) -> list[Chunk]:
        """The statements in lines ``at`` to ``end``; with ``cases``, those of a ``match``."""
        found: list[Chunk] = []
        while at < end:
            same = old.find(self._before(at))
            if same is None or not self._unchanged(at, same) or (same.kind is Kind.CLAUSE) != cases:
                same = self._statement(at, end, old.body(same), depth, cases)
            found.append(same)
            at += same.lines
        return found

    def _before(self, at: int) -> int:
        """The old line that line ``at`` was, or took the place of; -1 if there is none."""
        if at >= self.suffix:
            return at - self.shift
        return at if at <= self.prefix else -1

    def _unchanged(self, at: int, old: Chunk) -> bool:
        """Whether the lines of ``old``, and the line after them, which ended it, are as they were.

        A decorator that stands alone was ended by what follows all the decorators below it.
        """
        if old.kind is Kind.LEAF and self.lines[at].word == "@":
            return at >= self.suffix
        return old.lines > 0 and (at >= self.suffix or at + old.lines < self.prefix)

    def _deeper_end(self, at: int, end: int) -> int:
        """The first line after ``at`` that is not indented deeper."""
        column, lines = self.lines[at].column, self.lines
        stop = at + 1
        while stop < end and lines[stop].column > column:
            stop += 1
        return stop

    def _statement(self, at: int, end: int, old: _OldBlock, depth: int, cases: bool) -> Chunk:
        """The chunk of the statement at line ``at``; ``old`` is the body of the one that stood there."""
        word = self.lines[at].word
        if depth >= MAX_DEPTH:
            return self._leaf(at, self._deeper_end(at, end))
        scope = self._decorated(at, end) if word == "@" else at if word in _SCOPES else None
        if scope is not None:
            name = _NAME.match(self.text, self._code(scope))
            kind, stop = _SCOPES[self.lines[scope].word], self._deeper_end(scope, end)
            return self._headed(kind, at, scope + 1, stop, old, depth, name.group(1) if name else "?")
        if word in _COMPOUND:
            return self._compound(at, end, old, depth)
        if cases and word == "case":
            return self._headed(Kind.CLAUSE, at, at + 1, self._deeper_end(at, end), old, depth)
        return self._leaf(at, at + 1)

    def _decorated(self, at: int, end: int) -> int | None:
        """The line of the ``def`` or ``class`` that the decorators from line ``at`` on belong to."""
        column = self.lines[at].column
        while at < end and self.lines[at].column == column and self.lines[at].word in _DECORATED:
            if self.lines[at].word != "@":
                return at
            at += 1
        return None

    def _compound(self, at: int, end: int, old: _OldBlock, depth: int) -> Chunk:
        column, lines = self.lines[at].column, self.lines
        stop = self._deeper_end(at, end)
        cases = lines[at].word == "match"
        if cases and (stop == at + 1 or lines[at + 1].word != "case"):
            return self._leaf(at, at + 1)  # an ordinary name
        clauses = [(at, stop)]
        while not cases and stop < end and lines[stop].column == column and lines[stop].word in _CONTINUES:
            clauses.append((stop, self._deeper_end(stop, end)))
            stop = clauses[-1][1]
        rows = sum(line.rows for line in lines[at:stop])
        if rows <= MAX_ROWS or stop == at + 1:
            return self._leaf(at, stop)
        if len(clauses) == 1:
            return self._headed(Kind.COMPOUND, at, at + 1, stop, old, depth, cases=cases)
        children: list[Chunk] = []
        for begin, until in clauses:
            same = old.find(self._before(begin))
            if same is None or same.kind is not Kind.CLAUSE or not self._unchanged(begin, same):
                below = old.body(same if same is not None and same.kind is Kind.CLAUSE else None)
                same = self._headed(Kind.CLAUSE, begin, begin + 1, until, below, depth, leads=begin != at)
            children.append(same)
        return self._new(Kind.COMPOUND, "", self._lead(at), children, stop - at)

    def _headed(
        self, kind: Kind, at: int, body: int, stop: int, old: _OldBlock, depth: int,
        name: str = "", cases: bool = False, leads: bool = True,
    ) -> Chunk:  # fmt: skip
        """A chunk whose header is lines ``at`` to ``body``, and whose children are the lines from there to ``stop``."""
        header = self.text[self._code(at) : self.starts[body]]
        last = self._code(body - 1) - self._code(at)
        cut = last + header_end(header[last:])
        children = self.block(body, stop, old, depth + 1, cases)
        if cut < len(header):
            children.insert(0, self._new(Kind.LEAF, header[cut:], "", (), 0))
        return self._new(kind, header[:cut], self._lead(at) if leads else "", children, stop - at, name)

    def _leaf(self, at: int, stop: int) -> Chunk:
        return self._new(
            Kind.LEAF, self.text[self._code(at) : self.starts[stop]], self._lead(at), (), stop - at
        )

    def _code(self, at: int) -> int:
        return self.starts[at] + self.lines[at].lead

    def _lead(self, at: int) -> str:
        return self.text[self.starts[at] : self._code(at)]

    def _new(
        self, kind: Kind, text: str, lead: str, children: Sequence[Chunk], lines: int, name: str = ""
    ) -> Chunk:
        return Chunk(unnumbered(self.file, name), kind, text, lead, tuple(children), fingerprint(text), lines)
