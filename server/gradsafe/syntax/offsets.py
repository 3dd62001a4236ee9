"""Where each libcst node stands, in code points: libcst's own rendering, counted instead of printed.

libcst's trees hold every character but no positions; its ``PositionProvider`` finds rows and
columns by rendering the tree. Counting code points in the same walk is four times as fast and
needs no conversion; tabs, CRLF and characters outside the BMP are one code point each.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType

import libcst as cst
from libcst._nodes.internal import CodegenState

At = tuple[int, int]


class RoundTripError(ValueError):
    """libcst rendered something else than it was given, so no offset can be trusted."""


def offsets(module: cst.Module, source: str) -> Mapping[cst.CSTNode, At]:
    """``(start, end)`` of every node of ``module``, which was parsed from ``source``; the end is exclusive.

    The bounds are those of libcst's ``PositionProvider``: parentheses around an expression and
    the white space around a statement do not belong to it.

    Raises RoundTripError where libcst does not render the source it parsed, and RecursionError
    for a tree that is deeper than the interpreter's recursion limit.
    """
    state = _Counting(module.default_indent, module.default_newline)
    module._codegen(state)
    if "".join(state.tokens) != source:
        raise RoundTripError("libcst does not render this text as it stands")
    return state.found


class _Counting(CodegenState):
    """A code generator state that notes the offset before and after each node."""

    def __init__(self, default_indent: str, default_newline: str) -> None:
        super().__init__(default_indent, default_newline)
        self.found: dict[cst.CSTNode, At] = {}
        self.offset = 0
        self._starts: list[int] = []

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.tokens.append(token)
            self.offset += len(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.offset += len(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        self._starts.append(self.offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self._starts.pop()
        if node not in self.found:  # the syntactic bounds, if the node has any, are there already
            self.found[node] = (start, self.offset)

    def record_syntactic_position(  # type: ignore[override]
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> AbstractContextManager[None]:
        return _Bounds(self, node, start_node, end_node)


class _Bounds(AbstractContextManager[None]):
    """Notes the bounds of ``node`` when the block that renders its syntax is left."""

    __slots__ = ("_end_node", "_node", "_start", "_start_node", "_state")

    def __init__(
        self, state: _Counting, node: cst.CSTNode, start: cst.CSTNode | None, end: cst.CSTNode | None
    ) -> None:
        self._state, self._node, self._start_node, self._end_node = state, node, start, end
        self._start = state.offset

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:  # the rendering ends here, and with it what it would have noted
            return
        found = self._state.found
        start = self._start if self._start_node is None else found[self._start_node][0]
        end = self._state.offset if self._end_node is None else found[self._end_node][1]
        found[self._node] = (start, end)
