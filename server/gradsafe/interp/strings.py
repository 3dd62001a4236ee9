"""Strings that are known: f-strings, ``%``, the methods that people use to choose what to do.

What is not folded is unknown for want of modelling, not for want of a value: a condition on it makes nothing certain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import Const, ListRef, TupleValue, Unknown, Value, const
from gradsafe.interp import containers, operators
from gradsafe.interp.machine import span
from gradsafe.ir import instructions as ir

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Outcomes

MAX_LENGTH = 1_000
"""Longest string that is folded."""

_SAFE_SPEC = re.compile(r"[<>=^]?[-+ ]?[#0]?\d{0,2}[,_]?(?:\.\d{1,2})?[a-zA-Z%]?")
_SAFE_PERCENT = re.compile(r"%[-+ 0]?\d{0,2}(?:\.\d{1,2})?[sdifgexr%]")
_METHODS = frozenset({
    "lower", "upper", "strip", "lstrip", "rstrip", "title", "capitalize", "casefold", "swapcase", "startswith",
    "endswith", "replace", "removeprefix", "removesuffix", "find", "rfind", "index", "count", "isdigit", "isalpha",
    "isalnum", "isupper", "islower", "isspace", "isnumeric", "isidentifier", "split", "rsplit", "partition",
    "rpartition", "splitlines", "zfill", "encode",
})  # fmt: skip


def ignorance(kind: str, path: Path, *about: Value) -> Unknown:
    """A value that Python would know and we do not: the name says so (see ``Machine.fork_on``)."""
    return Unknown(("ignorance", kind, path.new_id()))


def formatted(path: Path, i: ir.Format) -> Value:
    """An f-string; known if all its parts are."""
    texts: list[str] = []
    values: list[Value] = []
    for part in i.parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        value = path.frame.regs[part.reg]
        values.append(value)
        text = _part(value, part)
        if text is None:
            return operators.unknown(path, ("format", span(path, i.at), tuple(values)))
        texts.append(text)
    whole = "".join(texts)
    return (
        const(whole)
        if len(whole) <= MAX_LENGTH
        else operators.unknown(path, ("format", span(path, i.at), tuple(values)))
    )


def _part(value: Value, part: ir.FormatPart) -> str | None:
    if (
        not isinstance(value, Const)
        or part.spec is None
        or not isinstance(value.value, (str, int, float, bool))
    ):
        return None
    if not _SAFE_SPEC.fullmatch(part.spec):
        return None
    try:
        shown: object = repr(value.value) if part.conversion == "r" else value.value
        return format(shown, part.spec)
    except (ValueError, TypeError):
        return None


def percent(left: str, right: Value) -> str | None:
    """``"%d" % n`` where both are known and the result is short."""
    items = right.items if isinstance(right, TupleValue) else (right,)
    given = tuple(item.value for item in items if isinstance(item, Const))
    if len(given) != len(items) or _SAFE_PERCENT.sub("", left).count("%"):
        return None
    try:
        whole = left % given
    except (ValueError, TypeError):
        return None
    return whole if len(whole) <= MAX_LENGTH else None


def call_method(path: Path, receiver: str, name: str, call: Call) -> Outcomes:
    """A method of a known string."""
    values = [arg.value for arg in call.args if isinstance(arg, Const)]
    if name == "join" and len(call.args) == 1:
        return [(path, _join(path, receiver, call.args[0]))]
    if name == "format":
        return [(path, _format_method(path, receiver, call.args, call.kwargs))]
    plain = [
        tuple(i.value for i in a.items if isinstance(i, Const)) if isinstance(a, TupleValue) else None
        for a in call.args
    ]
    if name in ("startswith", "endswith") and len(call.args) == 1 and plain[0] is not None:
        values = [plain[0]]
    if name not in _METHODS or len(values) != len(call.args) or call.kwargs:
        return [(path, ignorance(name, path, *call.args))]
    try:
        return [(path, _value(path, getattr(receiver, name)(*values)))]
    except (ValueError, TypeError):
        return [(path, ignorance(name, path, *call.args))]


def _value(path: Path, result: object) -> Value:
    if isinstance(result, list):
        return containers.new_list(path, tuple(const(item) for item in result[:256]))
    if isinstance(result, tuple):
        return TupleValue(tuple(const(item) for item in result))
    return const(result)


def _join(path: Path, separator: str, value: Value) -> Value:
    items = containers.elements(path, value)
    texts = [item.value for item in items if isinstance(item, Const) and isinstance(item.value, str)]
    if containers.rest_of(path, value) is None and len(texts) == len(items):
        whole = separator.join(texts)
        if len(whole) <= MAX_LENGTH and isinstance(value, (ListRef, TupleValue)):
            return const(whole)
    return ignorance("join", path)


def _format_method(path: Path, text: str, args: tuple[Value, ...], kwargs: Mapping[str, Value]) -> Value:
    given = [value.value for value in args if isinstance(value, Const)]
    named = {name: value.value for name, value in kwargs.items() if isinstance(value, Const)}
    simple = re.fullmatch(r"(?:[^{}]|\{\w*(?::[^{}]{0,6})?\})*", text)
    if simple and len(given) == len(args) and len(named) == len(kwargs):
        specs = re.findall(r":([^{}]*)\}", text)
        try:
            if all(_SAFE_SPEC.fullmatch(spec) for spec in specs):
                return const(text.format(*given, **named)[:MAX_LENGTH])
        except (ValueError, TypeError, IndexError, KeyError):
            pass
    return ignorance("format", path)
