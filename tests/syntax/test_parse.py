"""Offsets of every node, whatever the white space; what is added around a header; what is left of broken text."""

from __future__ import annotations

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider
from material import texts

from gradsafe.syntax.kind import Kind
from gradsafe.syntax.lexer import LINES
from gradsafe.syntax.offsets import offsets
from gradsafe.syntax.parse import Parsed, Unmodelled, parse


def parsed(text: str, kind: Kind = Kind.LEAF) -> Parsed:
    found = parse(text, kind)
    assert isinstance(found, Parsed), found
    return found


def names(found: Parsed) -> dict[str, tuple[int, int]]:
    """The last span of each name in the statements."""
    spans: dict[str, tuple[int, int]] = {}

    class Visitor(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            spans[node.value] = found.span(node)

    for statement in found.statements:
        statement.visit(Visitor())
    return spans


@pytest.mark.parametrize("text", texts(6), ids=lambda text: text[3:30].split("\n")[0])
def test_offsets_are_those_of_libcst(text: str) -> None:
    module = cst.parse_module(text)
    ours = offsets(module, text)
    starts = [0]
    for line in LINES.findall(text):
        starts.append(starts[-1] + len(line))
    for node, where in MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider).items():
        start = starts[where.start.line - 1] + where.start.column
        assert ours[node] == (start, starts[where.end.line - 1] + where.end.column)


@pytest.mark.parametrize(
    "text",
    [
        "x = first + second\n",
        "    x = first + second\n",
        "\tx = first + second",
        "   \t x = first + second  # comment\r\n",
        "\fx = first + second\n",
        "x = '😀𝔘é' * first + second\n",
        "x = '''\n😀\n''' + first + \\\r\n  second\r\n",
        "  x = f(first,\r\n\r\n# c\r\n\t(second))\r\n",
        "  if x:\r\n  \tfirst()\r\n\f\r\n  \tsecond\r\n",
        "x = 1\rfirst = 2\rsecond = 3\r",
        "    x = 1\n    if first: second\n    else:\n\n      # c\n      pass\n",
    ],
)
def test_a_span_cuts_the_name_out_of_the_text(text: str) -> None:
    for name, (start, end) in names(parsed(text)).items():
        assert text[start:end] == name
    assert {"first", "second"} <= names(parsed(text)).keys()


@pytest.mark.parametrize("indent", ["", "  ", "\t", " \t ", "\f"])
@pytest.mark.parametrize("tail", ["", "\n", "  # comment\n", "\r\n"])
@pytest.mark.parametrize(
    ("header", "kind", "clause"),
    [
        ("def f(first, b=1) -> int:", Kind.DEF, None),
        ("async def f(first):", Kind.DEF, None),
        ("class A(first, metaclass=M):", Kind.CLASS, None),
        ("if first:", Kind.COMPOUND, None),
        ("for x in first:", Kind.COMPOUND, None),
        ("while (x := first):", Kind.COMPOUND, None),
        ("async with first as x, y:", Kind.COMPOUND, None),
        ("match first:", Kind.COMPOUND, None),
        ("if first:", Kind.CLAUSE, None),
        ("try:", Kind.CLAUSE, None),
        ("elif first:", Kind.CLAUSE, cst.If),
        ("else:", Kind.CLAUSE, cst.Else),
        ("except first as e:", Kind.CLAUSE, cst.ExceptHandler),
        ("except* first:", Kind.CLAUSE, cst.ExceptStarHandler),
        ("except:", Kind.CLAUSE, cst.ExceptHandler),
        ("finally:", Kind.CLAUSE, cst.Finally),
        ("case A(b=first) if x:", Kind.CLAUSE, cst.MatchCase),
    ],
)
def test_a_header_gets_what_it_lacks(
    indent: str, tail: str, header: str, kind: Kind, clause: type[cst.CSTNode] | None
) -> None:
    if header.startswith("case") and not indent.strip("\f"):
        indent = " "  # a case is never in column 0
    text = indent + header + tail
    found = parsed(text, kind)
    assert len(found.statements) == 1
    assert not found.recovered
    assert clause is None if found.clause is None else isinstance(found.clause, clause or cst.CSTNode)
    if "first" in header:
        start, end = names(found)["first"]
        assert text[start:end] == "first"
    for node in (found.statements[0], found.clause):
        if node is not None:
            start, end = found.span(node)
            assert 0 <= start <= end <= len(text)


def test_decorators_belong_to_the_header() -> None:
    found = parsed("  @a.b(1)\n  # why\n  @c\n  def f():\n", Kind.DEF)
    node = found.statements[0]
    assert isinstance(node, cst.FunctionDef)
    assert len(node.decorators) == 2


@pytest.mark.parametrize(
    ("text", "reason", "offset"),
    [
        ("x = 1 +\n", "invalid syntax", 7),
        ("    x = a b\n", "invalid syntax", 10),
        ("x = (1, 2\n", "'(' was never closed", 4),
        ("x = $\n", "invalid", 4),
        ("if x:\n", "expected an indented block", 5),
        ("x = 'abc\n", "unterminated string literal", 4),
    ],
)
def test_a_syntax_error_has_its_place(text: str, reason: str, offset: int) -> None:
    found = parse(text)
    assert isinstance(found, Unmodelled)
    assert reason in found.reason
    assert not found.refused
    assert abs(found.offset - offset) <= 1  # the column is CPython's, which moves with its version


@pytest.mark.parametrize(
    ("text", "left", "blanked"),
    [
        ("if x:\n    y = a.\n    z = 2\n", {"x", "z"}, ["y = a."]),
        ("for a in b:\n  f(a b,\n   c)\n  z = 1\n", {"a", "b", "z"}, ["f(a b,\n   c)"]),
        ("x = foo(\ny = 1\nz = 2\n", {"y", "z"}, ["x = foo("]),
        ("while b:\n  s = 'abc\n  z = 1\n", {"b", "z"}, ["s = 'abc"]),
        ("if b:\n  x y\n  z = 1\n  1 +\n  w = 2\n", {"b", "z", "w"}, ["x y", "1 +"]),
        ("if b:\n  if x.:\n    y = 1\n  z = 1\n", {"b", "y", "z"}, ["if x.:"]),
    ],
)
def test_the_broken_statement_is_blanked_and_nothing_moves(
    text: str, left: set[str], blanked: list[str]
) -> None:
    found = parsed(text)
    assert names(found).keys() == left
    assert [text[piece.start : piece.end] for piece in found.recovered] == blanked
    for name, (start, end) in names(found).items():
        assert text[start:end] == name


def test_four_broken_statements_are_too_many() -> None:
    assert isinstance(parsed("if b:\n" + "  x y\n" * 3 + "  z\n"), Parsed)
    assert isinstance(parse("if b:\n" + "  x y\n" * 4 + "  z\n"), Unmodelled)


@pytest.mark.parametrize("text", ["def f(x)\n", "  def f(self, x) -> int\n", "class A(B)\n"])
def test_a_header_without_its_colon_still_has_a_meaning(text: str) -> None:
    kind = Kind.CLASS if "class" in text else Kind.DEF
    found = parsed(text, kind)
    assert isinstance(found.statements[0], (cst.FunctionDef, cst.ClassDef))
    assert [piece.reason for piece in found.recovered] == ["expected ':'"]


@given(
    st.text(alphabet="abx=1 \t\n\r\f()[]{}:'\"#\\@,.+-if else:def \0é😀", max_size=60),
    st.sampled_from(list(Kind)),
)
@settings(max_examples=300, deadline=None)
def test_no_text_raises(text: str, kind: Kind) -> None:
    found = parse(text, kind)
    if isinstance(found, Parsed):
        for statement in found.statements:
            start, end = found.span(statement)
            assert 0 <= start <= end <= len(text)
    else:
        assert 0 <= found.offset <= len(text)
