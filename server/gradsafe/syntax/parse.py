"""One chunk's text to libcst nodes and their offsets; broken or hostile text to :class:`Unmodelled`.

The text is never dedented, since that would change the strings in it: what is indented is parsed
under a header that this module puts in front, what lacks a body gets one, and all offsets are
those of the text as it stands. Never raises on any text.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import libcst as cst

from gradsafe.syntax import bare, guard
from gradsafe.syntax.cpython import is_python
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.lexer import LINES, column, tokens
from gradsafe.syntax.offsets import At, RoundTripError, offsets

MAX_BLANKED = 3
Clause: TypeAlias = (
    cst.If | cst.Else | cst.ExceptHandler | cst.ExceptStarHandler | cst.Finally | cst.MatchCase
)
_INDENT = re.compile(r"[ \t\f]*")
_FIRST_CODE = re.compile(r"(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n?|\n))*([ \t\f]*)")
_LEADING = re.compile(r"(\\\r?\n)?^[ \t\f]+", re.MULTILINE)
_LONE_CR = re.compile(r"\r(?!\n)")
# Line ends come before the word where form feeds were.
_CLAUSE_WORD = re.compile(r"[ \t\f\n]*(elif|else|except|finally|case)\b")
_TRY_WORD = re.compile(r"[ \t\f\n]*try\b")
_MATCH_WORD = re.compile(r"[ \t\f\n]*match\b")
_LIBCST_PLACE = re.compile(r"error at (\d+):(\d+): ")


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """A text that was not parsed: a syntax error, or more than libcst can bear.

    ``refused``: the guard did not let libcst see it, so it may well be valid Python.
    """

    reason: str
    offset: int
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Blanked:
    """A piece of the text that was put out of the way so that the rest parses, and what was wrong with it.

    ``offset`` is where the error shows. Where a whole statement was blanked, a ``pass`` stands at ``start``.
    """

    start: int
    end: int
    reason: str
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """The statements of one chunk's text.

    A header's statement has the body ``pass``. ``clause`` is the node of a CLAUSE's own header
    (``elif``, ``else``, ``except``, ``finally``, ``case``), inside the one statement that was built around it.
    ``recovered`` is what was blanked: the names bound there are unknown.
    """

    statements: tuple[cst.BaseStatement, ...]
    clause: Clause | None = None
    recovered: tuple[Blanked, ...] = ()
    _offsets: Mapping[cst.CSTNode, tuple[int, int]] = field(default_factory=dict, repr=False)
    _shift: int = 0
    _size: int = 0

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """``(start, end)`` of any node of ``statements``, in code points from the chunk's first character.

        What this module added to complete the text is placed at the text's end (or start).
        Raises KeyError for a node of another tree.
        """
        start, end = self._offsets[node]
        size = self._size
        return min(max(start - self._shift, 0), size), min(max(end - self._shift, 0), size)


class _Frame(NamedTuple):
    """What is put before and after a text to make a module of it."""

    before: str
    after: str


class _Failure(NamedTuple):
    reason: str
    offset: int


def parse(text: str, kind: Kind = Kind.LEAF) -> Parsed | Unmodelled:
    """The libcst statements of a chunk's ``text``.

    A leaf with a syntax error is parsed again with the broken statement blanked, at most three times; a header
    that lacks its colon gets one. :attr:`Parsed.recovered` says so.
    """
    refused = guard.refusal(text)
    if refused is not None:
        return Unmodelled(refused.reason, refused.offset, refused=True)
    if "\r" in text:
        text = _LONE_CR.sub("\n", text)  # libcst mixes up a file of lone CRs
    if "\f" in text:
        text = _LEADING.sub(_without_form_feed, text)
    frame = _frame(text, kind)
    found = _attempt(text, frame, kind)
    if isinstance(found, Parsed):
        return found
    if kind is Kind.LEAF:
        return _blank_and_retry(text, frame, found)
    return _with_colon(text, kind, found)


def _without_form_feed(indent: re.Match[str]) -> str:
    """What a line is indented by, for libcst, which does not know that CPython's tokenizer counts columns from zero behind a form feed.

    A line end in its place does the same and moves nothing. Behind a backslash the line only goes on, and nothing is counted.
    """
    return indent.group().replace("\f", " " if indent.group(1) else "\n")


def parse_bare(text: str, kind: Kind = Kind.LEAF) -> Parsed | Unmodelled:
    """The same without white space and parentheses, where CPython's parser can tell it: many times as fast.

    Good for lowering; nothing can be rendered from such nodes.
    """
    if "\r" not in text and "\f" not in text and guard.refusal(text) is None:
        frame = _frame(text, kind)
        found = bare.convert(frame.before + text + frame.after)
        if found is not None:
            return _parsed(text, frame, kind, *found)
    return parse(text, kind)


def is_readable(text: str, kind: Kind) -> bool:
    """Whether there is nothing wrong with a chunk's text, as far as this Python can tell; False where the guard refuses it."""
    if guard.refusal(text) is not None:
        return False
    frame = _frame(text, kind)
    return is_python(frame.before + text + frame.after)


def _frame(text: str, kind: Kind) -> _Frame:
    match = _FIRST_CODE.match(text)
    indent = match.group(1) if match else ""
    inside = f"{indent}pass\n" if text[-1:] in ("\n", "\r") else ""
    before = "def _():\n" if column(indent) else ""
    if kind is Kind.LEAF:
        return _Frame(before, "")
    # The body goes on a line of its own, unless the header's text stops at its colon.
    body = f"{indent} pass\n" if inside else " pass\n"
    if kind is Kind.CLAUSE:
        word = _CLAUSE_WORD.match(text)
        if word is None:  # the first clause of its statement: if, for, while, try
            kind = Kind.COMPOUND
        elif word.group(1) == "case":
            return _Frame("match _:\n" if before else "", body)
        elif word.group(1) in ("except", "finally"):
            return _Frame(f"{before}{indent}try: pass\n", body)
        else:
            return _Frame(f"{before}{indent}if 1: pass\n", body)
    if kind is Kind.COMPOUND and _TRY_WORD.match(text):
        return _Frame(before, f"{body}{indent}finally: pass\n")
    if kind is Kind.COMPOUND and _MATCH_WORD.match(text):
        newline = "" if inside else "\n"
        return _Frame(before, f"{newline}{indent} case _: pass\n")
    return _Frame(before, body)


def _attempt(text: str, frame: _Frame, kind: Kind, recovered: tuple[Blanked, ...] = ()) -> Parsed | _Failure:
    source = frame.before + text + frame.after
    try:
        module = cst.parse_module(source)
        where = offsets(module, source)
    except cst.ParserSyntaxError as error:
        return _failure(source, frame, len(text), error)
    except RecursionError:
        return _Failure("nested deeper than the interpreter's recursion limit", 0)
    except UnicodeEncodeError as error:  # half a character: JSON can bring it, no file can
        return _Failure("a lone surrogate", max(error.start - len(frame.before), 0))
    except RoundTripError as error:
        return _Failure(str(error), 0)
    return _parsed(text, frame, kind, module.body, where, recovered)


def _parsed(
    text: str, frame: _Frame, kind: Kind, nodes: Sequence[cst.CSTNode], where: Mapping[cst.CSTNode, At],
    recovered: tuple[Blanked, ...] = (),
) -> Parsed:  # fmt: skip
    """``nodes`` are the statements of the text in its frame."""
    if frame.before.startswith("def"):
        first = nodes[0]
        assert isinstance(first, cst.FunctionDef)
        nodes = [*first.body.body, *nodes[1:]]
    statements = tuple(node for node in nodes if isinstance(node, cst.BaseStatement))
    clause = _clause(statements, text) if kind is Kind.CLAUSE else None
    return Parsed(statements, clause, recovered, where, len(frame.before), len(text))


def _clause(statements: tuple[cst.BaseStatement, ...], text: str) -> Clause | None:
    """The node of the header ``text`` in the statement that was built around it."""
    node = statements[0] if statements else None
    word = _CLAUSE_WORD.match(text)
    if word is None or node is None:
        return None
    if isinstance(node, cst.If):
        return node.orelse
    if isinstance(node, (cst.Try, cst.TryStar)):
        return node.handlers[0] if node.handlers else node.finalbody
    return node.cases[0] if isinstance(node, cst.Match) and node.cases else None


def _failure(source: str, frame: _Frame, size: int, error: cst.ParserSyntaxError) -> _Failure:
    """What is wrong and where, in offsets of the chunk's text.

    libcst names the token after the culprit, and for an unclosed string nothing at all; CPython's parser
    says it better wherever it agrees that there is an error.
    """
    reason, row, column = _cpython_says(source) or _libcst_says(error)
    lines = LINES.findall(source)
    offset = sum(map(len, lines[: row - 1])) + max(column - 1, 0)
    return _Failure(reason, min(max(offset - len(frame.before), 0), size))


def _cpython_says(source: str) -> tuple[str, int, int] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except SyntaxError as error:
            return str(error.msg), error.lineno or 1, error.offset or 1
        except (ValueError, RecursionError, MemoryError):
            return None
    return None


def _libcst_says(error: cst.ParserSyntaxError) -> tuple[str, int, int]:
    place = _LIBCST_PLACE.search(error.message)
    if place is None:
        return error.message.removeprefix("tokenizer error: "), error.raw_line, error.raw_column + 1
    return "invalid syntax", int(place.group(1)), int(place.group(2))


def _with_colon(text: str, kind: Kind, failure: _Failure) -> Parsed | Unmodelled:
    """A header that is being typed: the same with a colon at its end, if that helps."""
    body = text.rstrip()
    if not body.endswith(":"):
        missing = Blanked(len(body), len(body), failure.reason, failure.offset)
        before, after = _frame(body, kind)
        found = _attempt(body, _Frame(before, ":" + after), kind, (missing,))
        if isinstance(found, Parsed):
            return found
    return Unmodelled(failure.reason, failure.offset)


def _blank_and_retry(text: str, frame: _Frame, failure: _Failure) -> Parsed | Unmodelled:
    """The leaf without the statements that are named broken; Unmodelled if nothing is left of it."""
    first, current = failure, text
    recovered: tuple[Blanked, ...] = ()
    while len(recovered) < MAX_BLANKED:
        piece = _broken_piece(current, failure.offset)
        if piece is None:
            break
        start, end = piece
        recovered = (*recovered, Blanked(start, end, failure.reason, failure.offset))
        current = current[:start] + _filler(current, start, end) + current[end:]
        if not _has_code(current):
            break
        found = _attempt(current, frame, Kind.LEAF, recovered)
        if isinstance(found, Parsed):
            return found
        failure = found
    return Unmodelled(first.reason, first.offset)


def _has_code(text: str) -> bool:
    return any(line.split("#", 1)[0].strip() not in ("", "pass") for line in LINES.findall(text))


def _broken_piece(text: str, offset: int) -> tuple[int, int] | None:
    """The statement around ``offset`` that is to be blanked, without its indentation and its line end.

    A statement in brackets is blanked as a whole, since half of it would mean something else; where its
    bracket never closes, only its first line is. Blank lines and lines blanked before pass the blame upwards.
    """
    pieces, start, opened = [], 0, 0
    depth = 0
    for token in tokens(text):
        if token.kind == "open":
            if depth == 0:
                opened = token.start
            depth += 1
        elif token.kind == "close":
            depth = max(0, depth - 1)
        elif token.kind == "newline" and token.depth == 0:
            pieces.append((start, token.start))
            start = token.end
    if depth:  # it never closes: the first line alone, then line by line
        cut = start
        for line in LINES.findall(text[start:]):
            pieces.append((cut, cut + len(line.rstrip("\r\n"))))
            cut += len(line)
        pieces = [piece for piece in pieces if piece[0] <= max(opened, offset)]
    else:
        pieces.append((start, len(text)))
    for begin, end in reversed(pieces):
        body = text[begin:end].strip()
        if begin <= offset and body and body != "pass":
            indent = _INDENT.match(text, begin)
            return (indent.end() if indent else begin), begin + len(text[begin:end].rstrip())
    return None


def _filler(text: str, start: int, end: int) -> str:
    """As many characters as ``text[start:end]``, line ends kept, that are a statement if there is room for one."""
    blank = re.sub(r"[^\r\n]", " ", text[start:end])
    indent = len(text[:start]) - len(text[:start].rstrip(" \t\f"))
    following = re.match(r"[^\r\n]*(?:\r\n?|\n)([ \t]*)\S", text[end:])
    opens_block = following is not None and len(following.group(1)) > indent
    word = "if 1:" if opens_block else "pass"
    first = len(re.split(r"[\r\n]", blank, maxsplit=1)[0])
    return word + blank[len(word) :] if first >= len(word) else blank
