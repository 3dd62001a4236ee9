"""What torch says of a program after a fix, and whether what it says is the fix's fault."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch
from tests.fuzz.judge import judge
from tests.oracle.grade import Scenario, grade, scenarios

from gradsafe.report.entry import Entry, EntryFix

FILE = "program.py"
BAD = frozenset({"wrong", "fails"})


@dataclass(frozen=True)
class Subject:
    """A program with errors: one that is run as a whole, or the functions of a fixture."""

    name: str
    text: str
    whole: bool = True


def says(subject: Subject, text: str, entry: Entry, fix: EntryFix, without: list[str]) -> str:
    """``right``; ``runs``, where no gradient could be compared; ``further defect``; ``wrong``; ``fails``.

    ``text`` is the program with the fix, ``without`` the same without operations that are blamed.
    """
    rows = _rows(entry, fix)
    try:
        compile(text, FILE, "exec")
    except SyntaxError:
        return "fails"
    touched = {entry.place.row, *(each.place.row for each in fix.edits)}
    todo = _whole() if subject.whole else _of_rows(subject.text, text, touched)
    broken, verdicts = _judged(text, todo, subject.whole)
    if any(verdict.slug == entry.code and verdict.line in rows for verdict in verdicts):
        return "wrong"
    if verdicts:
        return "further defect"
    if not broken:
        return "right"
    ending = _ending(text, todo)
    if ending is None:
        return "runs"
    return "further defect" if ending in _other_endings(subject.text, without, todo) else "fails"


def _rows(entry: Entry, fix: EntryFix) -> range:
    """Where the blamed line may stand after the fix."""
    above = [edit for edit in fix.edits if edit.place.row <= entry.place.row]
    added = sum(edit.content.count("\n") for edit in above)
    removed = sum(
        edit.place.end_row - edit.place.row for edit in above if edit.place.end_row <= entry.place.row
    )
    first = entry.place.row - removed
    return range(first, first + added + 1)


def _judged(text: str, todo: dict[str, list[Scenario]], whole: bool) -> tuple[bool, list[Any]]:
    if whole:
        found = judge(text)
        return found.kind == "broken", found.verdicts
    grading = grade(text, FILE, todo)
    return bool(grading.problems or grading.notes), list(grading.verdicts.values())


def _whole() -> dict[str, list[Scenario]]:
    return {"": [Scenario(None)]}


def _of_rows(before: str, after: str, rows: Iterable[int]) -> dict[str, list[Scenario]]:
    """The scenarios that stood at these rows before; all of them where what was edited is shared."""
    found = scenarios(after)
    functions = [each for each in ast.parse(before).body if isinstance(each, ast.FunctionDef)]
    # What is added behind the last line of a function has the next row.
    at = {
        next((f.name for f in functions if f.lineno <= row <= (f.end_lineno or row) + 1), None)
        for row in rows
    }
    return {name: found[name] for name in found if name in at} if at <= set(found) else found


def _other_endings(text: str, without: list[str], todo: dict[str, list[Scenario]]) -> Iterator[str | None]:
    """How the program ends where the defect does not stop it: backward passed over, operations left out, nothing recorded."""
    for each in (text, *without):
        with mock.patch("torch.Tensor.backward"), mock.patch("torch.autograd.backward"):
            yield _ending(each, todo)
            with torch.no_grad():
                yield _ending(each, todo)
    yield from (_ending(each, todo) for each in without)


def _ending(text: str, todo: dict[str, list[Scenario]]) -> str | None:
    """What the program raises, versions and addresses left out; None where it runs to its end."""
    for scenario in (each for group in todo.values() for each in group):
        torch.manual_seed(0)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                namespace = {"__name__": "__main__" if scenario.function is None else "fixture"}
                exec(compile(text, FILE, "exec"), namespace)
                if scenario.function is not None:
                    _backward(namespace[scenario.function](**dict(scenario.flags)))  # type: ignore[operator]
        except Exception as error:  # whatever a program raises
            return re.sub(r"0x[0-9a-f]+", "", f"{type(error).__name__}: {error}")
    return None


def _backward(result: Any) -> None:
    if isinstance(result, torch.Tensor) and result.requires_grad:
        result.sum().backward()
