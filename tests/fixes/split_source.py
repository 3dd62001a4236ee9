"""A text as sources for remedies: one chunk for each top-level statement, no dependence on the chunker."""

from __future__ import annotations

import re

import libcst as cst
from gradsafe.fixes import Code, apply_edits
from gradsafe.rules.finding import AnyPlace, Edit, Finding, Fix, Related, Role, Severity
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import Place
from libcst.metadata import MetadataWrapper, PositionProvider

FILE = "model.py"


class SplitSource:
    """Implements ``gradsafe.fixes.Sources`` for one file."""

    def __init__(self, text: str, file: str = FILE) -> None:
        self.text, self.file = text, file
        wrapper = MetadataWrapper(cst.parse_module(text))
        ranges = wrapper.resolve(PositionProvider)
        lines = re.split("(?<=\n)|(?<=\r)(?!\n)", text)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))
        absolute = {
            node: (starts[at.start.line - 1] + at.start.column, starts[at.end.line - 1] + at.end.column)
            for node, at in ranges.items()
        }
        body = wrapper.module.body
        cuts = [starts[ranges[node].start.line - 1] for node in body] + [len(text)]
        self.codes: dict[ChunkId, Code] = {}
        self.begins: dict[ChunkId, int] = {}
        for ordinal, node in enumerate(body):
            begin, end = cuts[ordinal], cuts[ordinal + 1]
            chunk = ChunkId(file, getattr(getattr(node, "name", None), "value", ""), ordinal)
            self.begins[chunk] = begin
            self.codes[chunk] = Code(
                chunk, text[begin:end], (node,), lambda n, b=begin: (absolute[n][0] - b, absolute[n][1] - b)
            )

    def span(self, place: AnyPlace) -> Span | None:
        if isinstance(place, Span):
            return place
        if not isinstance(place, Place):
            return None
        lines = self.text.splitlines(keepends=True)
        start = sum(map(len, lines[: place.row - 1])) + place.column - 1
        end = sum(map(len, lines[: place.end_row - 1])) + place.end_column - 1
        return self.at(start, end)

    def code(self, chunk: ChunkId) -> Code | None:
        return self.codes.get(chunk)

    def scope(self, chunk: ChunkId) -> tuple[Code, ...] | None:
        code = self.codes[chunk]
        return (code,) if isinstance(code.body[0], cst.FunctionDef) else tuple(self.codes.values())

    def local_name(self, file: str, module: str) -> str | None:
        found = re.search(rf"^import {module}(?: as (\w+))?$", self.text.replace("\r", "\n"), re.MULTILINE)
        return (found[1] or module) if found else None

    def at(self, start: int, end: int) -> Span | None:
        for chunk, begin in self.begins.items():
            if begin <= start and end <= begin + len(self.codes[chunk].text):
                return Span(chunk, start - begin, end - begin)
        return None

    def find(self, piece: str, nth: int = 0) -> Span:
        """The span of the ``nth`` occurrence of ``piece`` in the text."""
        start = -1
        for _ in range(nth + 1):
            start = self.text.index(piece, start + 1)
        found = self.at(start, start + len(piece))
        assert found is not None
        return found

    def applied(self, edits: tuple[Edit, ...]) -> str:
        replacements = []
        for edit in edits:
            assert isinstance(edit.span, Span)
            begin = self.begins[edit.span.chunk]
            replacements.append((begin + edit.span.start, begin + edit.span.end, edit.content))
        return apply_edits(self.text, replacements)

    def fixed(self, fix: Fix) -> str:
        return self.applied(fix.edits)


def finding_at(source: SplitSource, write: str, remedy: str, *, nth: int = 0, **extra: object) -> Finding:
    """A finding whose primary place is the text ``write``."""
    related = []
    for role in Role:
        piece = extra.pop(role.value, None)
        if isinstance(piece, str):
            related.append(Related(role, source.find(piece), role.value))
    return Finding(
        code=str(extra.pop("code", "saved-tensor-modified")),
        severity=Severity.ERROR,
        message="",
        primary=source.find(write, nth),
        related=tuple(related),
        remedies=(remedy,),
        **extra,  # type: ignore[arg-type]
    )
