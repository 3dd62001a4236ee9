"""Which operations of a function may be asked about, and what its text says of their operands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from gradsafe.fixes.captures import hands_on, is_read
from gradsafe.fixes.forms import callee, words
from gradsafe.fixes.sources import Code
from gradsafe.fixes.spare_forms import How, SpareForm, spare_form
from gradsafe.fixes.tree import OPAQUE, Cursor, walk
from gradsafe.interp.spare import Question
from gradsafe.syntax.span import Span

LOOPS = (cst.For, cst.While)
TRIES = (cst.Try, cst.TryStar)
INNER = (*OPAQUE, cst.FunctionDef, cst.ClassDef)
LOOKS_AROUND = words("exec eval locals globals vars id")
"""Who calls these may find a variable by its name, or tell one object from another."""
LOOKS_CLOSELY = words("_version data_ptr untyped_storage storage is_set_to _base _is_view _cdata")
"""Attributes that differ between a tensor that was written and a new one with the same values."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A chunk of a function (or of a module's own statements): what stands around it in other chunks."""

    code: Code
    in_loop: bool = False
    in_try: bool = False
    is_inner: bool = False
    """It belongs to a function or class within."""


@dataclass(frozen=True, eq=False)
class _Name:
    at: tuple[int, int]
    span: Span
    cursor: Cursor
    inner: object
    """None in the function itself; else the function, class or comprehension within."""
    is_read: bool


@dataclass(eq=False)
class _Scope:
    """The names of a function, and the values that are bound to them alone."""

    names: dict[str, list[_Name]] = field(default_factory=dict)
    births: dict[str, set[Span]] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    looks_around: bool = False


def questions(pieces: Sequence[Piece], is_function: bool) -> Iterator[tuple[SpareForm, Question]]:
    """In the order of the text; none where the function is a generator, or looks at its own variables or at more than values."""
    scope = _collect(pieces)
    if scope is None or scope.looks_around:
        return
    for number, piece in enumerate(pieces):
        for cursor in walk(piece.code.body) if not piece.is_inner and not piece.in_try else ():
            form = spare_form(cursor)
            if form is None or any(isinstance(each.node, (*INNER, *TRIES)) for each in cursor.ancestors()):
                continue
            question = _question(scope, number, piece, form, is_function)
            if question is not None:
                yield form, question


def _question(
    scope: _Scope, number: int, piece: Piece, form: SpareForm, is_function: bool
) -> Question | None:
    code, name = piece.code, form.name
    place, operand = _span(code, form.at.node), _span(code, form.operand)
    if name is None:
        return Question(place, None, frozenset({operand}), keeps_dtype=form.keeps_dtype, plain=form.plain)
    named = scope.names.get(name, [])
    if name in scope.foreign or _is_closed_over(named):
        return None
    mine = [each for each in named if each.inner is None]
    in_loop = piece.in_loop or any(isinstance(each.node, LOOPS) for each in form.at.ancestors())
    here = (number, place.start)
    if form.assign is None and (not is_function or in_loop or not _is_last(mine, here, operand, form)):
        return None
    end = (number, place.end)
    reads = [each for each in mine if each.is_read and (in_loop or each.at < end)]
    captures = frozenset(each.span for each in reads if each.span != operand and hands_on(each.cursor))
    return Question(
        place, name, frozenset(scope.births.get(name, ())), frozenset(each.span for each in reads), captures,
        form.keeps_dtype, form.plain,
    )  # fmt: skip


def _is_last(names: Sequence[_Name], at: tuple[int, int], operand: Span, form: SpareForm) -> bool:
    """Whether a clone is the last that is read of the name, and the only time in its statement."""
    statement = form.at.enclosing(cst.SimpleStatementLine)
    if statement is None or form.how is not How.CLONE:
        return False
    return all(
        each.span == operand
        or (each.at < at and each.cursor.enclosing(cst.SimpleStatementLine) is not statement)
        for each in names
    ) and not any(
        each.node is statement.node
        for name in names
        if name.span != operand
        for each in name.cursor.ancestors()
    )


def _is_closed_over(names: Sequence[_Name]) -> bool:
    """Whether a function within may read the variable, now or later: it does, and has no variable of that name itself."""
    own = {each.inner for each in names if not each.is_read}
    return any(each.inner not in own for each in names if each.inner is not None and each.is_read)


def _span(code: Code, node: cst.CSTNode) -> Span:
    return Span(code.chunk, *code.offsets(node))


def _collect(pieces: Sequence[Piece]) -> _Scope | None:
    scope = _Scope()
    for number, piece in enumerate(pieces):
        for cursor in walk(piece.code.body):
            node = cursor.node
            inner = _inner(piece, cursor)
            if inner is None and isinstance(node, (cst.Yield, cst.Await)):
                return None
            if (
                isinstance(node, cst.Call)
                and isinstance(node.func, cst.Name)
                and callee(node) in LOOKS_AROUND
            ) or (isinstance(node, cst.Attribute) and node.attr.value in LOOKS_CLOSELY):
                scope.looks_around = True
            elif isinstance(node, (cst.Global, cst.Nonlocal)):
                scope.foreign.update(each.name.value for each in node.names)
            elif isinstance(node, cst.Assign) and inner is None:
                _note_birth(scope, piece.code, node)
            elif isinstance(node, cst.Name):
                _note_name(scope, number, piece.code, cursor, inner)
    return scope


def _inner(piece: Piece, cursor: Cursor) -> object:
    """What within the function the node belongs to; a default of a parameter, which is read at once and kept, to nobody but itself."""
    around = next((each.node for each in cursor.ancestors() if isinstance(each.node, INNER)), None)
    above = cursor.parent.node if cursor.parent is not None else None
    if isinstance(above, cst.Param) and above.name is not cursor.node:
        return above
    if around is None or (piece.is_inner and isinstance(around, cst.FunctionDef)):
        return piece.code.chunk.qualname if piece.is_inner else None
    return around


def _note_birth(scope: _Scope, code: Code, node: cst.Assign) -> None:
    target = node.targets[0].target
    if len(node.targets) == 1 and isinstance(target, cst.Name):
        scope.births.setdefault(target.value, set()).add(_span(code, node.value))


def _note_name(scope: _Scope, number: int, code: Code, cursor: Cursor, inner: object) -> None:
    assert isinstance(cursor.node, cst.Name)
    above = cursor.parent.node if cursor.parent is not None else None
    if isinstance(above, cst.Attribute) and above.attr is cursor.node:
        return
    if isinstance(above, cst.Arg) and above.keyword is cursor.node:
        return
    span = _span(code, cursor.node)
    found = _Name((number, span.start), span, cursor, inner, is_read(cursor))
    scope.names.setdefault(cursor.node.value, []).append(found)
