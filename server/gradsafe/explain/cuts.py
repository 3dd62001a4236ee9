"""The lines of a program that may cut a graph: for somebody whose loss has none."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from gradsafe.explain.error_text import ErrorText
from gradsafe.explain.suspects import files_of
from gradsafe.explain.without_rule import BY_CODE
from gradsafe.report.texts import split_lines
from gradsafe.syntax.source import Source, read
from gradsafe_tracer.events import Place

SHOWN = 6

_CALLS = {
    "no_grad": "records no graph",
    "inference_mode": "records no graph",
    "detach": "gives a tensor without history",
    "detach_": "takes the history away",
    "item": "gives a Python number",
    "tolist": "gives Python numbers",
    "numpy": "leaves torch",
    "tensor": "makes a new tensor",
    "new_tensor": "makes a new tensor",
    "from_numpy": "makes a new tensor",
    "argmax": "has no derivative",
    "argmin": "has no derivative",
    "round": "has no derivative that is not 0",
}


class Cut(NamedTuple):
    """A line, and what it does to the graph."""

    row: int
    why: str


class CutLine(NamedTuple):
    """A line of a user's file that cuts a graph: where, its text, and what it does."""

    place: Place
    text: str
    why: str


def cuts_behind(error: ErrorText) -> Iterator[CutLine]:
    """Those in the files that a traceback names, as they lie on the disk; none where the error is about something else."""
    if error.has_rule or not BY_CODE[error.code].is_cut:
        return
    for file in files_of(error):
        source = read(file)
        if not isinstance(source, Source):
            continue
        near = max(each.row for each in (*error.frames, *error.forward) if each.file == file)
        lines = split_lines(source.text)
        for cut in cuts(source.text, near):
            text = lines[cut.row - 1]
            yield CutLine(Place(file, cut.row, 1, cut.row, len(text.rstrip()) + 1), text.strip(), cut.why)


def cuts(text: str, near: int) -> list[Cut]:
    """Those in a file, the nearest above row ``near`` first; none where it does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = dict(sorted(_cuts(tree)))
    ranked = sorted(found.items(), key=lambda each: (each[0] > near, abs(each[0] - near)))
    return [Cut(*each) for each in ranked[:SHOWN]]


def _cuts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            why = _of_call(node)
            if why is not None:
                yield node.lineno, why
        elif isinstance(node, ast.Attribute) and node.attr == "data" and isinstance(node.ctx, ast.Load):
            yield node.lineno, "`.data` is a tensor without history"
        elif isinstance(node, ast.Assign) and _is_false(node.value) and _sets_flag(node):
            yield node.lineno, "`requires_grad = False` freezes it"


def _sets_flag(node: ast.Assign) -> bool:
    return any(isinstance(each, ast.Attribute) and each.attr == "requires_grad" for each in node.targets)


def _of_call(call: ast.Call) -> str | None:
    name = getattr(call.func, "attr", None) or getattr(call.func, "id", None) or ""
    if name in ("set_grad_enabled", "requires_grad_") and call.args and _is_false(call.args[0]):
        return f"`{name}(False)` " + ("records no graph" if name == "set_grad_enabled" else "freezes it")
    if name == "tensor" and any(each.arg == "requires_grad" for each in call.keywords):
        return None
    return f"`{name}` {_CALLS[name]}" if name in _CALLS else None


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
