"""The chunk tree to IR: each chunk's own text is parsed and lowered once, bodies stay references to chunks.

A text that does not parse becomes :class:`Unmodelled` with the names that it may bind; nothing here raises
on any text.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from gradsafe.ir import instructions as ir
from gradsafe.ir.expressions import Lowering
from gradsafe.ir.instructions import Block, Body, Instruction, LazyBody
from gradsafe.ir.patterns import lower_case
from gradsafe.ir.statements import exception_names, lower_statements
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.parse import Parsed, Unmodelled, parse_bare
from gradsafe.syntax.span import ChunkId

_MAY_BIND = re.compile(
    r"(?:^|[;:,(])[ \t]*(?:(?:async[ \t]+)?(?:def|class)[ \t]+)?([A-Za-z_]\w*)[ \t]*(?=[=:(,])", re.MULTILINE
)


@dataclass(slots=True)
class Lowered:
    """What has been lowered, by text; the oldest entries go first. ``parsed`` counts texts given to libcst."""

    capacity: int = 50_000
    parsed: int = 0
    _blocks: OrderedDict[tuple[object, ...], tuple[Instruction, ...]] = field(default_factory=OrderedDict)

    def get(self, key: tuple[object, ...]) -> tuple[Instruction, ...] | None:
        return self._blocks.get(key)

    def put(self, key: tuple[object, ...], instructions: tuple[Instruction, ...]) -> None:
        self._blocks[key] = instructions
        if len(self._blocks) > self.capacity:
            self._blocks.popitem(last=False)


def lower_body(chunk: Chunk, done: Lowered) -> Body:
    """The children of a MODULE, CLASS, DEF, COMPOUND or CLAUSE chunk, one block each."""
    return tuple(lower_chunk(child, done) for child in chunk.children)


def lower_chunk(chunk: Chunk, done: Lowered) -> Block:
    """One chunk as a block: its own text's instructions, with its body (if any) left to be asked for."""
    if chunk.kind is Kind.COMPOUND and chunk.children and chunk.children[0].kind is Kind.CLAUSE:
        return _clauses(chunk, done)
    body = None if chunk.kind is Kind.LEAF else chunk.id
    return Block(chunk.id, _own_text(chunk, body, done))


def _own_text(chunk: Chunk, body: ChunkId | None, done: Lowered) -> tuple[Instruction, ...]:
    key = (chunk.kind, chunk.text, body)
    known = done.get(key)
    if known is None:
        known = _lower_text(chunk.text, chunk.kind, body, done)
        done.put(key, known)
    return known


def _lower_text(text: str, kind: Kind, body: LazyBody | None, done: Lowered) -> tuple[Instruction, ...]:
    done.parsed += 1
    parsed = parse_bare(text, kind)
    if isinstance(parsed, Unmodelled):
        return (_unmodelled(text, 0, len(text), parsed.reason),)
    low = Lowering(text, parsed.span)
    lost = [_unmodelled(text, blank.start, blank.end, blank.reason) for blank in parsed.recovered]
    try:
        lower_statements(low, parsed.statements, body)
    except RecursionError:
        return (_unmodelled(text, 0, len(text), "nested deeper than the interpreter's recursion limit"),)
    return (*low.out, *lost)


def _unmodelled(text: str, start: int, end: int, reason: str) -> ir.Unmodelled:
    names = dict.fromkeys(_may_bind(text[start:end]))
    return ir.Unmodelled((start, end), reason, tuple(names))


def perhaps_bound(text: str) -> frozenset[str]:
    """The names that a text which nobody could read looks as if it bound."""
    return frozenset(_may_bind(text))


def _may_bind(text: str) -> list[str]:
    return _MAY_BIND.findall(text[:10_000])


def _header(chunk: Chunk, done: Lowered) -> Parsed | None:
    done.parsed += 1
    parsed = parse_bare(chunk.text, chunk.kind)
    return None if isinstance(parsed, Unmodelled) else parsed


def _clauses(chunk: Chunk, done: Lowered) -> Block:
    """A split statement of several clauses, put together again around references to its bodies."""
    first, rest = chunk.children[0], chunk.children[1:]
    key = ("clauses", chunk.text, tuple((child.text, child.id) for child in chunk.children))
    known = done.get(key)
    if known is None:
        word = (
            (chunk.text or first.text).split(None, 1)[0].rstrip(":(")
            if (chunk.text or first.text).strip()
            else ""
        )
        if word == "match":
            known = _match(chunk, done)
        elif word == "try":
            known = _try(first, rest, done)
        else:
            known = _ladder(first, rest, done)
        done.put(key, known)
    return Block(chunk.id, known)


def _ladder(first: Chunk, rest: Sequence[Chunk], done: Lowered) -> tuple[Instruction, ...]:
    """``if``/``elif``/``else``, or a loop with its ``else``: built from the last clause backwards."""
    tail: LazyBody = ()
    for clause in reversed(rest):
        parsed = _header(clause, done)
        node = parsed.clause if parsed is not None else None
        if parsed is None or not isinstance(node, (cst.If, cst.Else)):
            tail = (Block(clause.id, (_unmodelled(clause.text, 0, len(clause.text), "broken clause"),)),)
        elif isinstance(node, cst.Else):
            tail = clause.id
        else:
            low = Lowering(clause.text, parsed.span)
            test = low.expression(node.test)
            low.emit(ir.If(low.span(node.test), test, low.source(node.test), clause.id, tail))
            tail = (Block(clause.id, tuple(low.out)),)
    return _inline(first, _with_orelse(_own_text(first, first.id, done), tail))


def _inline(chunk: Chunk, instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """Instructions of another chunk in this block: an always-taken branch that names their chunk."""
    inner: Body = (Block(chunk.id, instructions),)
    return (ir.Const((0, 0), 0, True), ir.If((0, 0), 0, "", inner, ()))


def _with_orelse(instructions: tuple[Instruction, ...], orelse: LazyBody) -> tuple[Instruction, ...]:
    last = instructions[-1] if instructions else None
    if isinstance(last, ir.If):
        return (*instructions[:-1], ir.If(last.at, last.test, last.test_text, last.yes, orelse))
    if isinstance(last, ir.For):
        loop = ir.For(last.at, last.iterable, last.target, last.assign, last.body, orelse, last.iterable_text)
        return (*instructions[:-1], loop)
    if isinstance(last, ir.While):
        again = ir.While(last.at, last.condition, last.test, last.test_text, last.body, orelse)
        return (*instructions[:-1], again)
    return instructions


def _try(first: Chunk, rest: Sequence[Chunk], done: Lowered) -> tuple[Instruction, ...]:
    handlers: list[ir.Handler] = []
    orelse: LazyBody = ()
    final: LazyBody = ()
    for clause in rest:
        parsed = _header(clause, done)
        node = parsed.clause if parsed is not None else None
        if isinstance(node, (cst.ExceptHandler, cst.ExceptStarHandler)):
            name = node.name.name.value if node.name and isinstance(node.name.name, cst.Name) else None
            handlers.append(ir.Handler(exception_names(node.type), name, clause.id))
        elif isinstance(node, cst.Else):
            orelse = clause.id
        elif isinstance(node, cst.Finally):
            final = clause.id
    return (ir.Try((0, 0), first.id, tuple(handlers), orelse, final),)


def _match(chunk: Chunk, done: Lowered) -> tuple[Instruction, ...]:
    parsed = _header(chunk, done)
    node = parsed.statements[0] if parsed is not None and parsed.statements else None
    if parsed is None or not isinstance(node, cst.Match):
        return (_unmodelled(chunk.text, 0, len(chunk.text), "broken match"),)
    low = Lowering(chunk.text, parsed.span)
    subject = low.expression(node.subject)
    cases: list[ir.Case] = []
    for clause in chunk.children:
        header = _header(clause, done)
        if header is not None and isinstance(header.clause, cst.MatchCase):
            cases.append(lower_case(Lowering(clause.text, header.span), header.clause, clause.id))
    low.emit(ir.Match(low.span(node.subject), subject, tuple(cases)))
    return tuple(low.out)
