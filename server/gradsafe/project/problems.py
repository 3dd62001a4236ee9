"""What of a file could not be analysed, and why: broken syntax, and what libcst must not see.

The other chunks are judged all the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from gradsafe.project.kept import Problem, ProblemKind
from gradsafe.syntax.chunk import Chunk
from gradsafe.syntax.cpython import is_python
from gradsafe.syntax.guard import refusal
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.parse import Unmodelled, is_readable, parse
from gradsafe.syntax.source import Unreadable
from gradsafe.syntax.span import ChunkId, Span

_INDENT = re.compile(r"[ \t\f]*")

MOST = 400
"""So many problems of a file are told. Each takes up to a millisecond to find, and to read."""


def unreadable(file: Unreadable) -> Problem:
    """Of a file that has no text."""
    return Problem(ProblemKind.UNREADABLE, file.file, f"{file.why}. {file.remedy}")


class Problems:
    """The problems of trees; of chunks that are the same objects as before they are not looked for again."""

    def __init__(self) -> None:
        self._known: dict[ChunkId, tuple[Chunk, tuple[Problem, ...]]] = {}
        self._modules: dict[ChunkId, tuple[Chunk, dict[int, tuple[Problem, ...]]]] = {}
        """Of a module as it was last looked at: what is wrong with which of its statements, by their identity."""

    def of(self, module: Chunk) -> tuple[Problem, ...]:
        """The first problems of a module, in the order of the text: one broken line in a thousand is told, and of a file
        that is no Python at all not every line.
        """
        before = self._modules.get(module.id)
        if before is None and _is_python(module):
            self._note_none(module)
        # what is the same object as before needs no second look
        known = set(map(id, before[0].children)) if before is not None else set()
        wrong: dict[int, tuple[Problem, ...]] = {}
        told: list[Problem] = []
        for child in module.children:
            found: tuple[Problem, ...] = ()
            if id(child) not in known:
                found = (*_misplaced((child,), ""), *self._of(child, MOST))
            elif before is not None and before[1]:
                found = before[1].get(id(child), ())
            if found:
                wrong[id(child)] = found
                told.extend(found)
                if len(told) >= MOST:  # of those below nothing is known
                    self._modules.pop(module.id, None)
                    return tuple(told[:MOST])
        self._modules[module.id] = (module, wrong)
        return tuple(told)

    def let_go(self, files: Collection[str]) -> None:
        """Of these files nothing is known any more."""
        for known in (self._known, self._modules):
            for each in [each for each in known if each.file in files]:
                del known[each]

    def _of(self, chunk: Chunk, most: int) -> tuple[Problem, ...]:
        if not chunk.children:
            return _own(chunk)
        known = self._known.get(chunk.id)
        if known is not None and known[0] is chunk:
            return known[1][:most]
        found = list(_own(chunk))
        for child in chunk.children:
            if len(found) >= most:
                return tuple(found[:most])
            found.extend(self._of(child, most - len(found)))
        if len(found) <= most:
            self._known[chunk.id] = (chunk, tuple(found))
        return tuple(found[:most])

    def _note_none(self, module: Chunk) -> None:
        for each in module.walk():
            if each.children:
                self._known[each.id] = (each, ())


def _own(chunk: Chunk) -> tuple[Problem, ...]:
    """Those of a chunk's own text."""
    found = [] if chunk.kind is Kind.LEAF else list(_of_block(chunk))
    if chunk.text:
        for start, end, message, refused in _of_text(chunk.text, chunk.kind):
            kind = ProblemKind.SKIPPED if refused else ProblemKind.SYNTAX
            found.append(Problem(kind, chunk.id.file, message, Span(chunk.id, start, end)))
    return tuple(found)


def _is_python(module: Chunk) -> bool:
    """Whether there is nothing to find in a file that is seen for the first time."""
    if module.scan is None or any(refusal(each.text) is not None for each in module.walk()):
        return False
    return is_python(module.scan.text)


@lru_cache(maxsize=65_536)
def _of_text(text: str, kind: Kind) -> tuple[tuple[int, int, str, bool], ...]:
    if is_readable(text, kind):
        return ()
    found = parse(text, kind)
    if isinstance(found, Unmodelled):
        start, end = _word(text, found.offset)
        message = f"not analysed: {found.reason}" if found.refused else f"syntax error: {found.reason}"
        return ((start, end, message, found.refused),)
    return tuple(
        (*_word(text, blank.offset), f"syntax error: {blank.reason}", False) for blank in found.recovered
    )


def _word(text: str, offset: int) -> tuple[int, int]:
    """The word at an offset; at a line's end the character before it, so that there is something to underline."""
    while offset > 0 and (offset >= len(text) or text[offset] in "\r\n"):
        offset -= 1
    end = offset
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return offset, min(max(end, offset + 1), len(text))


def _of_block(chunk: Chunk) -> Iterator[Problem]:
    """What only the lines together show: a body that is missing, a statement that is indented for no reason."""
    if not chunk.children:
        end = len(chunk.text.rstrip())
        where = Span(chunk.id, max(end - 1, 0), end)
        yield Problem(ProblemKind.SYNTAX, chunk.id.file, "syntax error: expected an indented block", where)
    yield from _misplaced(chunk.children, None)


def _misplaced(chunks: Iterable[Chunk], first: str | None) -> Iterator[Problem]:
    """Of the statements of a block that are indented otherwise than ``first`` (None: than the first of them)."""
    for child in chunks:
        text = child.text or (child.children[0].text if child.children else "")
        indent = _indent(text)
        if child.lines == 0 or not text:  # it stands on its header's line
            continue
        if first is None:
            first = indent
        elif indent != first and child.text:
            where = Span(child.id, len(indent), len(indent) + 1)
            yield Problem(ProblemKind.SYNTAX, child.id.file, "syntax error: unexpected indent", where)


def _indent(text: str) -> str:
    if text[:1] not in (" ", "\t", "\f"):  # most statements of a module
        return ""
    match = _INDENT.match(text)
    return match.group().rpartition("\f")[2] if match else ""
