"""A place in a chunk: the statement there, its text, and edits of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from gradsafe.fixes.apply import apply_edits
from gradsafe.fixes.sources import Code, Sources
from gradsafe.fixes.tree import Cursor, walk
from gradsafe.rules.finding import Edit
from gradsafe.syntax.span import Span
from gradsafe_tracer.events import AnyPlace

Statement = (cst.BaseSmallStatement, cst.BaseCompoundStatement)


@dataclass(frozen=True, eq=False)
class Spot:
    """A place in a chunk: the innermost statement there, and the nodes of that statement."""

    code: Code
    start: int
    end: int
    statement: Cursor

    @property
    def function(self) -> str:
        """The name of the function or class that it stands in; empty at module level."""
        return self.code.chunk.qualname.rpartition(".")[2]

    def offsets(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where ``node`` stands, its own parentheses included."""
        start, end = self.code.offsets(node)
        parenthesised = getattr(node, "lpar", ())
        if isinstance(parenthesised, (tuple, list)) and parenthesised:
            start = self.code.offsets(node.lpar[0])[0]  # type: ignore[attr-defined]
            end = self.code.offsets(node.rpar[-1])[1]  # type: ignore[attr-defined]
        return start, end

    def text(self, node: cst.CSTNode) -> str:
        """The source of ``node``, its own parentheses included."""
        start, end = self.offsets(node)
        return self.code.text[start:end]

    def replace(self, start: int, end: int, content: str) -> Edit:
        """An edit of this chunk."""
        return Edit(Span(self.code.chunk, start, end), content)

    def insert(self, at: int, content: str) -> Edit:
        """An edit that only adds."""
        return self.replace(at, at, content)

    def patched(self, start: int, end: int, edits: Iterable[Edit]) -> str:
        """The text from ``start`` to ``end`` with ``edits`` of this chunk made in it."""
        spans = [(edit.span, edit.content) for edit in edits]
        moved = [
            (span.start - start, span.end - start, content)
            for span, content in spans
            if isinstance(span, Span)
        ]
        return apply_edits(self.code.text[start:end], moved)

    def nodes(self) -> Iterator[Cursor]:
        """The nodes of the statement; of a compound statement those of its header."""
        node = self.statement.node
        body = getattr(node, "body", None) if isinstance(node, cst.BaseCompoundStatement) else None
        clauses = (cst.Else, cst.Finally, cst.ExceptHandler, cst.MatchCase)
        skipped = None
        for cursor in walk([node], self.statement.parent):
            if skipped is not None and any(each.node is skipped for each in cursor.ancestors()):
                continue
            skipped = None
            if cursor.node is body or (
                cursor.node is not node and isinstance(cursor.node, (*clauses, cst.If))
            ):
                skipped = cursor.node
                continue
            yield cursor

    @property
    def indent(self) -> str:
        """The whitespace in front of the statement's line."""
        line = self.code.text[self.line_start : self.offsets(self.statement.node)[0]]
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    @property
    def begins_line(self) -> bool:
        """Nothing but white space stands before the statement on its line."""
        return self.code.begins_line or self.line_start > 0

    @property
    def line_start(self) -> int:
        """The offset of the first character of the line on which the statement begins."""
        start = self.offsets(self.statement.node)[0]
        return max(self.code.text.rfind("\n", 0, start), self.code.text.rfind("\r", 0, start)) + 1

    @property
    def newline(self) -> str:
        """The line break in use here (a file may mix them; the nearest one counts)."""
        text, start = self.code.text, self.offsets(self.statement.node)[0]
        for at in range(start, len(text)):
            if text[at] in "\r\n":
                return "\r\n" if text.startswith("\r\n", at) else text[at]
        return "\n"


def find_spot(sources: Sources, place: AnyPlace) -> Spot | None:
    """The statement at ``place``."""
    span = sources.span(place)
    code = sources.code(span.chunk) if span is not None else None
    if span is None or code is None:
        return None
    found = None
    for cursor in walk(code.body):
        if isinstance(cursor.node, Statement):
            start, end = code.offsets(cursor.node)
            decorators = getattr(cursor.node, "decorators", None)
            if decorators:  # libcst lets a definition begin at its ``def``
                start = code.offsets(decorators[0])[0]
            if start <= span.start < max(end, start + 1):
                found = cursor
    return Spot(code, span.start, span.end, found) if found is not None else None
