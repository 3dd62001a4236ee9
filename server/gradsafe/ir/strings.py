"""Lowering of strings and f-strings."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING, Any

import libcst as cst

from gradsafe.ir import instructions as ir
from gradsafe.ir.instructions import Reg

if TYPE_CHECKING:
    from gradsafe.ir.expressions import Lowering


_SHORT = 60
"""Longest literal whose value is kept."""
_short_literal = functools.lru_cache(maxsize=4096)(ast.literal_eval)


def literal(text: str) -> Any:
    """The value of a number or string as written; the same ones come again and again. Raises what ``literal_eval`` raises."""
    return _short_literal(text) if len(text) <= _SHORT else ast.literal_eval(text)


def string(low: Lowering, node: cst.SimpleString | cst.ConcatenatedString) -> Reg:
    """A string, or several side by side, of which some may be f-strings."""
    parts: list[cst.BaseExpression] = []
    rest: cst.BaseExpression = node
    while isinstance(rest, cst.ConcatenatedString):
        parts.append(rest.left)
        rest = rest.right
    parts.append(rest)
    if all(isinstance(part, cst.SimpleString) for part in parts):
        try:
            values = [literal(part.value) for part in parts if isinstance(part, cst.SimpleString)]
            whole = values[0][:0].join(values)
            return low.const(low.span(node), whole)
        except (ValueError, SyntaxError, TypeError):
            return low.const(low.span(node), "")
    found: list[str | ir.FormatPart] = []
    for part in parts:
        if isinstance(part, cst.SimpleString):
            found.append(_plain(part.value))
        else:
            _format_parts(low, part, found)
    dst = low.reg()
    low.emit(ir.Format(low.span(node), dst, tuple(found)))
    return dst


def _plain(text: str) -> str:
    try:
        value = literal(text)
    except (ValueError, SyntaxError, MemoryError):
        return text
    return value if isinstance(value, str) else text


def _format_parts(low: Lowering, node: cst.BaseExpression, found: list[str | ir.FormatPart]) -> None:
    for part in getattr(node, "parts", ()):
        if isinstance(part, (cst.FormattedStringText, cst.TemplatedStringText)):
            found.append(part.value.replace("{{", "{").replace("}}", "}"))
        elif isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
            reg = low.expression(part.expression)
            spec: str | None = ""
            if part.format_spec is not None:
                texts = [
                    each.value if isinstance(each, cst.FormattedStringText) else None
                    for each in part.format_spec
                ]
                spec = "".join(text for text in texts if text is not None) if None not in texts else None
            if part.equal is not None:
                spec = None  # `{x=}`: its own text, and the value as `repr` gives it
            found.append(ir.FormatPart(reg, part.conversion or "", spec))


def formatted(low: Lowering, node: cst.BaseExpression) -> Reg:
    """An f-string."""
    found: list[str | ir.FormatPart] = []
    _format_parts(low, node, found)
    dst = low.reg()
    low.emit(ir.Format(low.span(node), dst, tuple(found)))
    return dst
