"""Torch's verdict on a program: which (line, slug) it blames, how surely, and which lines belong to the story.

A *scenario* is a top-level function of a fixture that takes nothing or only ``bool`` flags, each
combination of which is run; a file without one is a program, run as a whole.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from .blame import Blame
from .gradients import Check, check, culprits
from .run import Outcome, Program, record, run_plain

WRONG = "data-bypasses-autograd"


@dataclass
class Verdict:
    """What torch says of one line: ``severity`` follows from the runs, nobody types it."""

    line: int
    slug: str
    severity: str
    saved: tuple[int, ...] = ()
    fails: tuple[int, ...] = ()
    freed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """A function of the program to run (None: its top level), and the values of its flags."""

    function: str | None
    flags: tuple[tuple[str, bool], ...] = ()

    def __str__(self) -> str:
        return f"{self.function or 'program'}({', '.join(f'{k}={v}' for k, v in self.flags)})"


@dataclass
class Grading:
    """The verdicts on a program, and whatever went wrong in grading it."""

    verdicts: dict[tuple[int, str], Verdict] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blames: list[Blame] = field(default_factory=list)


@dataclass
class _Run:
    scenario: Scenario
    outcome: Outcome
    blames: list[Blame]


def scenarios(text: str) -> dict[str, list[Scenario]]:
    """The scenarios of a fixture by function; a program has the single name ''."""
    found: dict[str, list[Scenario]] = {}
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        names = [argument.arg for argument in node.args.args]
        if all(isinstance(a.annotation, ast.Name) and a.annotation.id == "bool" for a in node.args.args):
            values = itertools.product((False, True), repeat=len(names))
            found[node.name] = [Scenario(node.name, tuple(zip(names, v, strict=True))) for v in values]
    return found


def grade_file(path: Path, gradients: bool = True) -> Grading:
    """Grades every scenario of the fixture at ``path``; ``programs/`` are run as whole files."""
    text = path.read_text(encoding="utf-8")
    whole = path.parent.name == "programs"
    return grade(text, str(path), {"": [Scenario(None)]} if whole else scenarios(text), gradients)


def grade(text: str, filename: str, todo: dict[str, list[Scenario]], gradients: bool = True) -> Grading:
    """Grades ``text``; the verdicts are the union over its scenarios, the surest one wins."""
    program = Program(text, filename)
    grading = Grading()
    for group in todo.values():
        runs = [_run(program, scenario, grading, gradients) for scenario in group]
        for run in runs:
            grading.blames.extend(run.blames)
        for verdict in _merge(runs):
            key = (verdict.line, verdict.slug)
            old = grading.verdicts.get(key)
            if old is None or (old.severity == "warning" and verdict.severity == "error"):
                grading.verdicts[key] = verdict
    return grading


def _run(program: Program, scenario: Scenario, grading: Grading, gradients: bool) -> _Run:
    name = scenario.function
    body = None if name is None else partial(_call, name, dict(scenario.flags))
    outcome = record(program, body)
    plain = run_plain(program, body)
    if plain != (outcome.error, outcome.error_line):
        grading.problems.append(
            f"{scenario}: watched run gave {(outcome.error, outcome.error_line)}, plain run {plain}"
        )
    if outcome.unexplained:
        grading.problems.append(f"{scenario}: {outcome.unexplained} (line {outcome.error_line})")
    blames = list(outcome.blames)
    for blame in blames:
        if blame.line is None:
            grading.problems.append(f"{scenario}: nobody found to blame for {blame.message[:100]}")
    if gradients and outcome.clean:
        compared = check(program, body)
        if compared.ungraded:
            grading.notes.append(f"{scenario}: gradients ungraded: {compared.ungraded}")
        if compared.wrong:
            blames += _wrong(program, body, outcome, compared, scenario, grading)
    return _Run(scenario, outcome, blames)


def _call(name: str, flags: dict[str, bool], namespace: dict[str, Any]) -> Any:
    return namespace[name](**flags)


def _wrong(
    program: Program, body: Any, outcome: Outcome, compared: Check, scenario: Scenario, grading: Grading
) -> list[Blame]:
    lines = culprits(program, body, outcome.recorder, compared.wrong)
    if not lines:
        first = compared.wrong[0]
        grading.problems.append(
            f"{scenario}: gradient {first.torch_says:.6g} at line {first.line} should be {first.finite_difference:.6g};"
            " no write explains it"
        )
    return [Blame(WRONG, line, fails=None, written=line) for line in lines]


def _merge(runs: Sequence[_Run]) -> list[Verdict]:
    """One verdict per (line, slug) of a scenario's runs."""
    merged: dict[tuple[int, str], Verdict] = {}
    for run in runs:
        for blame in run.blames:
            if blame.line is None:
                continue
            key = (blame.line, blame.slug)
            verdict = merged.setdefault(key, Verdict(blame.line, blame.slug, _severity(blame, runs)))
            verdict.saved = tuple(dict.fromkeys(verdict.saved + blame.saved))
            for name, value in (("fails", blame.fails), ("freed", blame.freed)):
                if value is not None:
                    setattr(verdict, name, tuple(dict.fromkeys((*getattr(verdict, name), value))))
    return list(merged.values())


def _severity(blame: Blame, runs: Sequence[_Run]) -> str:
    """error: every run that executes this write after this save, and reaches that backward, raises."""
    at_operation = blame.slug not in ("saved-tensor-modified", "graph-freed", WRONG) and not blame.in_backward
    if blame.slug == WRONG or (blame.fails is None and not at_operation):
        return "warning"
    needed = {line for line in (blame.written, blame.fails) if line is not None}
    for run in runs:
        same = any(b.line == blame.line and b.slug == blame.slug for b in run.blames)
        if not same and not run.blames and needed <= run.outcome.recorder.lines and _saves(run, blame):
            return "warning"
    return "error"


def _saves(run: _Run, blame: Blame) -> bool:
    """Whether the run made the node that saved the tensor in the run to blame."""
    if not blame.saved or blame.node is None:
        return True
    nodes = run.outcome.recorder.nodes.values()
    return any(n.site.line == blame.saved[0] and type(n.object).__name__ == blame.node for n in nodes)
