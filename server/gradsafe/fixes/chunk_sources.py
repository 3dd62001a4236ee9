"""The sources of remedies, read off chunk trees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from gradsafe.fixes.sources import Code
from gradsafe.fixes.tree import dotted, walk
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.layout import Layout
from gradsafe.syntax.parse import Parsed, parse
from gradsafe.syntax.span import ChunkId, Span
from gradsafe_tracer.events import AnyPlace, Place

IMPORT = re.compile(r"^[ \t]*import[ \t]+(?P<names>[^#\r\n;]+)", re.MULTILINE)

Parse = Callable[[str, Kind], object]
"""``gradsafe.syntax.parse.parse``, or something that remembers what it has parsed."""


class ChunkSources:
    """Implements :class:`gradsafe.fixes.sources.Sources` over the trees that ``tree(file)`` gives (MODULE chunks)."""

    def __init__(self, tree: Callable[[str], Chunk | None], parse_chunk: Parse = parse) -> None:
        self._tree, self._parse = tree, parse_chunk
        self._files: dict[str, _File | None] = {}
        self._codes: dict[ChunkId, Code | None] = {}
        self._imports: dict[str, Mapping[str, str]] = {}

    def span(self, place: AnyPlace) -> Span | None:
        """A span as it is; a place of a real run as a span of the chunk that it begins in."""
        if isinstance(place, Span):
            return place
        if not isinstance(place, Place):
            return None
        file = self._file(place.file)
        return file.layout.span(place) if file is not None else None

    def place(self, span: AnyPlace) -> Place | None:
        """The inverse: rows and columns of a span, as the file stands in its tree."""
        if isinstance(span, Place):
            return span
        if not isinstance(span, Span):
            return None
        file = self._file(span.chunk.file)
        return file.layout.place(span) if file is not None else None

    def code(self, chunk: ChunkId) -> Code | None:
        """The chunk, parsed once."""
        if chunk not in self._codes:
            self._codes[chunk] = self._read(chunk)
        return self._codes[chunk]

    def scope(self, chunk: ChunkId) -> tuple[Code, ...] | None:
        """The chunks of the innermost function around ``chunk``, else those of the module."""
        file = self._file(chunk.file)
        if file is None or chunk not in file.chunks:
            return None
        codes = [self.code(each.id) for each in file.scope(chunk) if each.text]
        known = [code for code in codes if code is not None]
        return tuple(known) if len(known) == len(codes) else None

    def adjacent(self, chunk: ChunkId) -> tuple[Code, ...]:
        """The chunks around ``chunk`` in its block, up to a comment, a blank line or one that does not parse."""
        file = self._file(chunk.file)
        block = file.block(chunk) if file is not None else ()
        runs: list[list[Code]] = [[]]
        for each in block:
            code = self.code(each.id)
            if code is None or each.lead:
                runs.append([])
            if code is not None:
                runs[-1].append(code)
        return next((tuple(run) for run in runs if any(code.chunk == chunk for code in run)), ())

    def blocks(self, chunk: ChunkId) -> Iterator[tuple[tuple[Code | None, ...], ...]]:
        """The blocks around ``chunk``, innermost first; the body of a function is the last."""
        file = self._file(chunk.file)
        for block in file.blocks(chunk) if file is not None else ():
            yield tuple(tuple(self.code(each.id) for each in child.walk() if each.text) for child in block)

    def outermost(self, file: str) -> Iterator[Code | None]:
        """The first chunk with text of each statement of the module."""
        found = self._file(file)
        for statement in found.root.children if found is not None else ():
            yield next((self.code(each.id) for each in statement.walk() if each.text), None)

    def local_name(self, file: str, module: str) -> str | None:
        """The name that an ``import`` at the top level, a ``try`` there included, binds to ``module``."""
        found = self._file(file)
        for text in found.outer_texts() if found is not None else ():
            for statement in IMPORT.finditer(text):
                for part in statement["names"].split(","):
                    words = part.split()
                    if words[:1] == [module]:
                        return words[2] if len(words) == 3 else module
                    if len(words) == 1 and words[0].partition(".")[0] == module:
                        return module
        return None

    def imports(self, file: str) -> Mapping[str, str]:
        """What the names stand for that an import at the top level, in a ``try`` or an ``if`` there included, binds."""
        if file not in self._imports:
            found = self._file(file)
            chunks = found.outer_chunks() if found is not None else ()
            codes = (self.code(chunk.id) for chunk in chunks if "import" in chunk.text)
            self._imports[file] = dict(
                _imported(each for code in codes if code is not None for each in code.body)
            )
        return self._imports[file]

    def _file(self, name: str) -> _File | None:
        if name not in self._files:
            root = self._tree(name)
            self._files[name] = _File(root) if root is not None else None
        return self._files[name]

    def _read(self, chunk: ChunkId) -> Code | None:
        file = self._file(chunk.file)
        if file is None or chunk not in file.chunks:
            return None
        found = file.chunks[chunk]
        parsed = self._parse(found.text, found.kind) if found.text else None
        if not isinstance(parsed, Parsed) or parsed.recovered:
            return None
        return Code(chunk, found.text, parsed.statements, parsed.span, file.begins_line(found))


@dataclass(frozen=True)
class _File:
    """Where the chunks of one file stand."""

    root: Chunk

    @cached_property
    def chunks(self) -> dict[ChunkId, Chunk]:
        return {chunk.id: chunk for chunk in self.root.walk()}

    @cached_property
    def layout(self) -> Layout:
        return Layout.of(self.root)

    def begins_line(self, chunk: Chunk) -> bool:
        start = self.layout.start(chunk.id)
        return not start or self.layout.text[start - 1] in "\r\n"

    def scope(self, chunk: ChunkId) -> Iterator[Chunk]:
        """The innermost DEF whose body holds ``chunk``, and all below it; else the whole module."""
        within = self.root
        pending = [self.root]
        while pending:
            at = pending.pop()
            for child in at.children:
                if any(each.id == chunk for each in child.walk()):
                    if child.kind is Kind.DEF and child.id != chunk:
                        within = child
                    pending.append(child)
                    break
        return within.walk()

    def block(self, chunk: ChunkId) -> tuple[Chunk, ...]:
        """The chunk and its siblings."""
        parents = (each for each in self.root.walk() if any(child.id == chunk for child in each.children))
        return next((parent.children for parent in parents), ())

    def blocks(self, chunk: ChunkId) -> Iterator[tuple[Chunk, ...]]:
        """The children of each chunk around this one, innermost first, up to a function or class."""
        way = [self.root]
        while way[-1].id != chunk:
            below = (child for child in way[-1].children if any(each.id == chunk for each in child.walk()))
            found = next(below, None)
            if found is None:
                return
            way.append(found)
        for parent in reversed(way[:-1]):
            if parent.children[:1] and parent.children[0].kind is Kind.CLAUSE:
                continue  # not a block: an ``else`` stands by its ``if``
            yield parent.children
            if parent.kind in (Kind.DEF, Kind.CLASS):
                return

    def outer_texts(self) -> Iterator[str]:
        """The texts of the statements outside functions and classes."""
        return (chunk.text for chunk in self.outer_chunks())

    def outer_chunks(self) -> Iterator[Chunk]:
        """The statements outside functions and classes."""
        pending = list(reversed(self.root.children))
        while pending:
            chunk = pending.pop()
            if chunk.kind not in (Kind.DEF, Kind.CLASS):
                yield chunk
                pending.extend(reversed(chunk.children))


def _imported(statements: Iterable[cst.CSTNode]) -> Iterator[tuple[str, str]]:
    for node in (cursor.node for cursor in walk(statements)):
        if not isinstance(node, (cst.Import, cst.ImportFrom)) or isinstance(node.names, cst.ImportStar):
            continue
        origin = dotted(node.module) if isinstance(node, cst.ImportFrom) and node.module is not None else None
        if isinstance(node, cst.ImportFrom) and (origin is None or node.relative):
            continue
        for alias in node.names:
            name = dotted(alias.name) or ""
            full = f"{origin}.{name}" if origin is not None else name
            if alias.asname is not None:
                bound = dotted(alias.asname.name)
                yield bound or name, full
            else:  # ``import a.b`` binds ``a``
                yield name.partition(".")[0], full if origin is not None else name.partition(".")[0]
