"""The statements of one block, as pieces of text that can be moved within it: whole lines, comments behind them included."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from gradsafe.fixes.forms import callee
from gradsafe.fixes.site import Site
from gradsafe.fixes.sources import Code, Sources
from gradsafe.fixes.spot import Spot, find_spot
from gradsafe.fixes.tree import dotted, walk
from gradsafe.fixes.variables import variables
from gradsafe.rules.finding import Edit, Role
from gradsafe.syntax.span import Span


@dataclass(frozen=True, eq=False)
class Part:
    """Some text of one chunk, and what was parsed from it."""

    code: Code
    start: int
    end: int
    node: cst.CSTNode

    @property
    def span(self) -> Span:
        return Span(self.code.chunk, self.start, self.end)

    @property
    def text(self) -> str:
        return self.code.text[self.start : self.end]


@dataclass(frozen=True, eq=False)
class Piece:
    """One statement of a block with all that is in it. A long one consists of several chunks."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)

    @property
    def statement(self) -> cst.BaseSmallStatement | None:
        """The only statement on its line; None for a compound one, and where several share the line."""
        node = self.parts[0].node
        if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1:
            return node.body[0]
        return None

    @property
    def defines(self) -> bool:
        """A function or a class: what is in it runs elsewhere."""
        return isinstance(self.parts[0].node, (cst.FunctionDef, cst.ClassDef))

    def alone(self, spot: Spot) -> tuple[tuple[Edit, ...], str] | None:
        """The edits that take out the statement at ``spot`` or all of a compound one, and the lines that it is elsewhere."""
        node, statement = self.parts[0].node, spot.statement.node
        if not isinstance(node, cst.SimpleStatementLine) or len(node.body) == 1:
            return self.removed(), self.text
        at = next((n for n, each in enumerate(node.body) if each is statement), None)
        if at is None:
            return None
        start, end = spot.offsets(statement)
        if at:
            start = spot.offsets(node.body[at - 1])[1]
        else:
            end = spot.offsets(node.body[1])[0]
        return (spot.replace(start, end, ""),), f"{spot.indent}{spot.text(statement)}{spot.newline}"

    def covers(self, spot: Spot) -> bool:
        return any(
            part.code.chunk == spot.code.chunk and part.start <= spot.start < max(part.end, part.start + 1)
            for part in self.parts
        )

    def names(self) -> frozenset[str]:
        """All names in it, read or bound; attributes and keywords are none."""
        return frozenset(name for name, _ in self._names())

    def bound(self) -> frozenset[str]:
        """The names that it binds."""
        return frozenset(name for name, is_bound in self._names() if is_bound)

    def read(self) -> frozenset[str]:
        """The names that it reads."""
        return frozenset(name for name, is_bound in self._names() if not is_bound)

    def calls(self, function: str) -> bool:
        """Whether it calls something of that name: a function, or a method of whatever."""
        return any(callee(call) == function for _, call in self._calls()) if function else False

    def runs(self, function: str) -> Iterator[Span]:
        """Where it calls something of that name, or hands it to somebody who will: ``Thread(target=worker)``."""
        for part, call in self._calls():
            handed = any(dotted(arg.value) == function for arg in call.args)
            if function and (handed or callee(call) == function):
                yield Span(part.code.chunk, *part.code.offsets(call))

    def defines_name(self, name: str) -> bool:
        """Whether it defines a function or class of that name."""
        node = self.parts[0].node
        return isinstance(node, (cst.FunctionDef, cst.ClassDef)) and node.name.value == name

    def called(self) -> frozenset[str]:
        """The variables that it calls, or an item of which: ``model(x)``, ``nets["actor"](x)``."""
        functions = (call.func for _, call in self._calls())
        called = (each.value if isinstance(each, cst.Subscript) else each for each in functions)
        return frozenset(each.value for each in called if isinstance(each, cst.Name))

    def _calls(self) -> Iterator[tuple[Part, cst.Call]]:
        for part in self.parts:
            for cursor in walk([part.node]):
                if isinstance(cursor.node, cst.Call):
                    yield part, cursor.node

    def _names(self) -> Iterator[tuple[str, bool]]:
        return variables(*(part.node for part in self.parts))

    def removed(self) -> tuple[Edit, ...]:
        """The edits that take it out."""
        return tuple(Edit(part.span, "") for part in self.parts)

    @property
    def indent(self) -> str:
        """The whitespace in front of it."""
        return self.text[: len(self.text) - len(self.text.lstrip(" \t\f"))]

    def preceded_by(self, lines: str) -> Edit:
        """The edit that puts whole lines in front of it."""
        first = self.parts[0]
        return Edit(Span(first.code.chunk, first.start, first.start), lines)

    def followed_by(self, lines: str) -> Edit:
        """The edit that puts whole lines behind it."""
        last = self.parts[-1]
        open_end = "" if last.text.endswith(("\n", "\r")) else "\r\n" if "\r\n" in lines else "\n"
        return Edit(Span(last.code.chunk, last.end, last.end), open_end + lines)


def backward_of(site: Site) -> Spot | None:
    """The call of backward that reads what was written."""
    place = next((each.place for each in site.finding.related if each.role is Role.BACKWARD), None)
    return find_spot(site.sources, place) if place is not None else None


def update_and_backward(site: Site) -> tuple[list[Piece], int, int] | None:
    """The block in which the write stands before the backward, and which statements they are.

    Where one of them stands in another function, a call of a function of that name stands for it.
    """
    backward = backward_of(site)
    if backward is None:
        return None
    spots = itertools.chain((site.spot, backward), calls_of_function(site.sources, site.spot))
    for spot in spots:
        for block in blocks_around(site.sources, spot):
            writes, reads = standing_for(site.spot, block), standing_for(backward, block)
            pairs = [(one, other) for one in writes for other in reads if one < other]
            if pairs:
                return block, *max(pairs, key=lambda pair: (pair[0], -pair[1]))
    return None


def standing_for(spot: Spot, block: Sequence[Piece]) -> list[int]:
    """The statement of the block that holds the place; else those that call its function."""
    runs = [number for number, piece in enumerate(block) if not piece.defines]
    held = [number for number in runs if block[number].covers(spot)]
    return held or [number for number in runs if any(block[number].runs(spot.function))]


def index_of(block: Sequence[Piece], spot: Spot) -> int | None:
    """The statement of the block that holds a place."""
    return next((number for number, piece in enumerate(block) if piece.covers(spot)), None)


def value_above(site: Site, name: str, kept: str) -> cst.BaseExpression | None:
    """What the variable ``name`` is bound to above the write, in a statement that always runs before it.

    None where ``kept`` is bound in between.
    """
    for block in blocks_around(site.sources, site.spot):
        at = index_of(block, site.spot)
        for piece in reversed(block[:at]):
            statement = piece.statement
            if name in piece.bound():
                is_plain = isinstance(statement, cst.Assign) and len(statement.targets) == 1
                return _bound_to(statement.targets[0].target, statement.value, name) if is_plain else None  # type: ignore[union-attr]
            if kept in piece.bound():
                return None
    return None


def _bound_to(target: cst.BaseExpression, value: cst.BaseExpression, name: str) -> cst.BaseExpression | None:
    """What ``target = value`` binds ``name`` to: all of it, or one of several (``i, j = rows, columns``)."""
    if dotted(target) == name:
        return value
    if not isinstance(target, cst.Tuple) or not isinstance(value, cst.Tuple):
        return None
    elements = [*target.elements, *value.elements]
    if len(target.elements) != len(value.elements) or any(
        isinstance(each, cst.StarredElement) for each in elements
    ):
        return None
    pairs = zip(target.elements, value.elements, strict=True)
    found = [given.value for bound, given in pairs if dotted(bound.value) == name]
    return found[0] if len(found) == 1 else None


def calls_of_function(sources: Sources, spot: Spot) -> Iterator[Spot]:
    """Where the function around a place is called, near its definition."""
    found = block_of_function(sources, spot)
    for piece in found[0] if found is not None else ():
        for call in piece.runs(spot.function):
            place = find_spot(sources, call)
            if place is not None:
                yield place


def blocks_around(sources: Sources, spot: Spot) -> Iterator[list[Piece]]:
    """The blocks around a place, innermost first, up to the function that it is in."""
    for cursor in spot.statement.ancestors():
        if isinstance(cursor.node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            return
        if isinstance(cursor.node, cst.IndentedBlock):
            yield in_one_chunk(spot.code, cursor.node.body)
    for block in sources.blocks(spot.code.chunk):
        pieces = pieces_of(block)
        if pieces is None:
            return
        yield pieces


def block_of_function(sources: Sources, spot: Spot) -> tuple[list[Piece], int] | None:
    """The block in which the function around a place is defined, and which of its statements that is."""
    codes = sources.scope(spot.code.chunk)
    if not codes or not spot.code.chunk.qualname:
        return None
    header = codes[0].chunk
    pieces = pieces_of(next(iter(sources.blocks(header)), ()))
    for number, piece in enumerate(pieces or ()):
        if pieces is not None and piece.parts[0].code.chunk == header:
            return pieces, number
    return None


def inner_block(sources: Sources, function: Piece) -> list[Piece] | None:
    """The statements of a function, if they stand on lines of their own."""
    within = function.parts[1].code if len(function.parts) > 1 else None
    if within is None or not within.begins_line:
        return None
    blocks = list(sources.blocks(within.chunk))
    return pieces_of(blocks[-1]) if blocks else None


def pieces_of(block: Sequence[Sequence[Code | None]]) -> list[Piece] | None:
    """The statements of a block; None where one of them does not parse: who knows what it reads."""
    pieces = [_of_chunks(codes) for codes in block]
    known = [piece for piece in pieces if piece is not None]
    return known if len(known) == len(pieces) else None


def in_one_chunk(code: Code, body: Sequence[cst.CSTNode]) -> list[Piece]:
    """The statements of a block that is not split."""
    return [Piece((Part(code, *_lines(code, node), node),)) for node in body]


def _lines(code: Code, node: cst.CSTNode) -> tuple[int, int]:
    """The lines of a statement: from its indentation to the line break behind it."""
    inner = node.body if isinstance(node, cst.SimpleStatementLine) else (node,)
    start, end = code.offsets(inner[0])[0], code.offsets(inner[-1])[1]
    while start > 0 and code.text[start - 1] in " \t\f":
        start -= 1
    while end < len(code.text) and code.text[end - 1 : end] not in ("\n", "\r"):
        end += 1
    if code.text[end - 1 : end + 1] == "\r\n":
        end += 1
    return start, end


def _of_chunks(codes: Sequence[Code | None]) -> Piece | None:
    parts: list[Part] = []
    for code in codes:
        if code is None or not code.body:
            return None
        starts = [_lines(code, node)[0] for node in code.body]
        for number, node in enumerate(code.body):
            start = starts[number] if number else 0
            end = starts[number + 1] if number + 1 < len(starts) else len(code.text)
            parts.append(Part(code, start, end, node))
    return Piece(tuple(parts)) if parts else None
