"""What torch does with programs, and what gradsafe says of them: the same text for both."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tests.oracle.bare import OneFile, table
from tests.oracle.messages import slug_of

from .collect import HEADER
from .programs import Program

FILENAME = "<op program>"
SAVED = "saved-tensor-modified"
BATCH = 200
"""Programs in one file."""


@dataclass(frozen=True)
class Answer:
    """``slug`` is empty for a program that runs; ``row`` counts from the function's first statement."""

    slug: str = ""
    row: int = 0
    severity: str = "error"


@dataclass(frozen=True)
class Compared:
    """One program with torch's answer and ours (all findings)."""

    program: Program
    torch: Answer
    ours: tuple[Answer, ...]

    @property
    def equal(self) -> bool:
        if not self.torch.slug:
            return not self.ours
        # What follows an error, "after the one above is mended", is a warning.
        return [answer for answer in self.ours if answer.severity == "error"] == [self.torch]

    @property
    def kind(self) -> str:
        """How the answers differ: false error, missed, wrong place, uncertain."""
        certain = [answer for answer in self.ours if answer.severity == "error"]
        if self.equal:
            return "equal"
        if not self.torch.slug:
            return "false error" if certain else "false warning"
        if not self.ours:
            return "missed"
        return "other place or rule" if certain else "uncertain"


def compare(programs: Sequence[Program]) -> Iterator[Compared]:
    """Judge programs in batches; those that torch refuses for a reason that is no rule's are left out."""
    for start in range(0, len(programs), BATCH):
        batch = programs[start : start + BATCH]
        text, rows = file_of(batch)
        verdicts = torch_answers(text, rows, batch)
        for program, real, ours in zip(batch, verdicts, our_answers(text, rows), strict=True):
            if real is not None:
                yield Compared(program, real, ours)


def file_of(programs: Sequence[Program]) -> tuple[str, list[int]]:
    """One file of functions, and the row of each ``def``."""
    lines = HEADER.splitlines()
    rows = []
    for number, program in enumerate(programs):
        lines += ["", "", f"def p{number}():"]
        rows.append(len(lines))
        lines += [f"    {row}" for statement in program.lines for row in statement.split("\n")]
    return "\n".join(lines) + "\n", rows


def torch_answers(text: str, rows: Sequence[int], programs: Sequence[Program]) -> list[Answer | None]:
    """Run each function; None where it fails for a reason of its own."""
    namespace: dict[str, Any] = {"__name__": "op_programs"}
    exec(compile(text, FILENAME, "exec"), namespace)
    broken_alone = False
    answers: list[Answer | None] = []
    for number, program in enumerate(programs):
        answer = _run(namespace[f"p{number}"], rows[number])
        if not program.target:
            broken_alone = answer is not None and answer.slug == SAVED
        if answer is not None and answer.slug == SAVED:
            # Torch names no line. Where the program fails without the write too, the call itself is to blame.
            blamed = program.call_row if broken_alone or not program.write_row else program.write_row
            answer = Answer(SAVED, blamed)
        answers.append(answer)
    return answers


def _run(function: Any, first: int) -> Answer | None:
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function()
    except Exception as error:
        slug = slug_of(str(error))
        if slug is None:
            return None
        frames = [f.lineno or 0 for f in traceback.extract_tb(error.__traceback__) if f.filename == FILENAME]
        return Answer(slug, frames[-1] - first)
    return Answer()


def our_answers(text: str, rows: Sequence[int]) -> list[tuple[Answer, ...]]:
    """The findings in each function, as gradsafe's analysis of the text gives them."""
    from gradsafe.interp.analyse import Root, RootKind, analyse_root
    from gradsafe.interp.prelude import Prelude
    from gradsafe.rules.certainty.judge import findings_of
    from gradsafe.syntax.kind import Kind
    from gradsafe.syntax.layout import Layout

    world = OneFile("op_programs.py", text)
    layout = Layout.of(world.root)
    prelude = Prelude()
    answers: list[tuple[Answer, ...]] = []
    functions = [chunk for chunk in world.root.walk() if chunk.kind is Kind.DEF]
    for chunk, first in zip(functions, rows, strict=True):
        root = Root(RootKind.FUNCTION, world.facts.file, chunk.id, (chunk.id.qualname,))
        found = []
        for finding in findings_of(analyse_root(world, root, table(), prelude=prelude)):
            place = layout.place(finding.primary)
            row = place.row - first if place is not None else 0
            found.append(Answer(finding.code, row, finding.severity.value))
        answers.append(tuple(found))
    return answers
