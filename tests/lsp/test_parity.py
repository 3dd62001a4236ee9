"""Every front end says the same: the command line in each of its formats, and the server however it is asked."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from lsprotocol import types
from session import REAL, capabilities, connected
from test_notebooks import FORMS, open_notebook

from gradsafe.judging.session_judge import SessionJudge
from gradsafe.lsp.analysis import GiveWay, Judgement
from gradsafe.lsp.cells import join_cells
from gradsafe.lsp.composing import compose
from gradsafe.lsp.documents import Cell, OpenTexts, Snapshot
from gradsafe.lsp.options import read_abilities
from gradsafe.lsp.server import GradsafeServer, create_server
from gradsafe.lsp.session_analysis import SessionAnalysis
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings
from gradsafe.report.entry import Entry
from gradsafe.report.json_format import render_json
from gradsafe.report.sarif import render_sarif

FIXTURES = Path(__file__).parents[1] / "fixtures"
NEVER = GiveWay(lambda: False, lambda: False)
SAMPLE = 6
"""Fixture files that are judged by all front ends; with ``GRADSAFE_EXPLORE=1`` (``make prove``) every one of them is."""


class Told(NamedTuple):
    """One finding, in rows and columns from 1."""

    code: str
    severity: str
    row: int
    column: int
    end_row: int
    end_column: int
    message: str


def of_json(text: str) -> set[Told]:
    return {
        Told(
            each["code"],
            each["severity"],
            *each["location"].values(),
            *each["end_location"].values(),
            each["message"],
        )
        for each in json.loads(text)
    }


LEVELS = {"error": ("error",), "warning": ("warning",), "note": ("information", "hint")}


def of_sarif(text: str, known: Iterable[Told]) -> set[Told]:
    """SARIF has one level for information and hints: which of them it was is taken from ``known``."""
    severities = {each[2:6]: each.severity for each in known}
    found = set()
    for result in json.loads(text)["runs"][0]["results"]:
        region = result["locations"][0]["physicalLocation"]["region"]
        place = (region["startLine"], region["startColumn"], region["endLine"], region["endColumn"])
        severity = severities.get(place, "")
        assert severity in LEVELS[result["level"]]
        found.add(Told(result["ruleId"], severity, *place, result["message"]["text"]))
    return found


def of_diagnostics(diagnostics: Iterable[types.Diagnostic], shift: int = 0) -> set[Told]:
    """Of texts in ASCII, where a column is a unit. Remarks without a page are the editor's own."""
    return {
        Told(
            str(each.code),
            types.DiagnosticSeverity(each.severity or 0).name.lower(),
            each.range.start.line + 1 + shift,
            each.range.start.character + 1,
            each.range.end.line + 1 + shift,
            each.range.end.character + 1,
            each.message,
        )
        for each in diagnostics
        if each.code_description is not None
    }


def a_server() -> GradsafeServer:
    """One that nobody talks to."""
    server = create_server()
    server.protocol._workspace = OpenTexts(None, [], "utf-32")
    server.abilities = read_abilities(capabilities())
    return server


def plain(entries: Iterable[Entry]) -> set[tuple[object, ...]]:
    """Entries without their fixes, which an editor asks for one by one."""
    return {
        (each.code, each.severity, each.message, each.place, each.related, each.runtime_message)
        for each in entries
    }


def as_a_cell(server: GradsafeServer, path: Path, text: str) -> set[Told]:
    """What is told of the text as the only cell of a notebook."""
    cell, file = FORMS[0].format(0), str(path.with_suffix(".ipynb"))
    joined = join_cells([text])
    judgement = SessionAnalysis(str(path.parent)).judge(file, joined, True, NEVER)
    assert judgement is not None
    snapshot = Snapshot(Path(file).as_uri(), file, 1, 1, joined, (Cell(cell, 1, text, 2),))
    return of_diagnostics(compose(server, snapshot, judgement)[cell])


def test_both_judge_alike_and_every_format_carries_all() -> None:
    server = a_server()
    every = sorted(FIXTURES.rglob("*.py"))
    files = every if os.environ.get("GRADSAFE_EXPLORE") == "1" else random.Random(7).sample(every, SAMPLE)
    told = 0
    for path in files:
        file, text = str(path), path.read_text("utf-8")
        entries = SessionJudge(Session(Settings(), str(path.parent))).check(file).entries
        judgement = SessionAnalysis(str(path.parent)).judge(file, text, True, NEVER)
        assert judgement is not None
        assert plain(judgement.entries) == plain(entries), path
        listed = of_json(render_json(entries))
        snapshot = Snapshot(path.as_uri(), file, 1, 1, text)
        composed = compose(server, snapshot, Judgement(entries))[snapshot.uri]
        assert of_diagnostics(composed) == listed, path
        assert of_sarif(render_sarif(entries), listed) == listed, path
        assert as_a_cell(server, path, text) == listed, path
        told += len(listed)
    assert told > SAMPLE


PROGRAM = """\
import torch
x = torch.randn(3, requires_grad=True)
y = x.exp()
y.add_(1)
y.sum().backward()
def f(h):
    h.data.zero_()
    with torch.no_grad():
        k = h.sigmoid()  # gradsafe: ignore[graph-freed, sigmoid]
    return torch.sigmoid(h).mul_(2)
x += 1
"""


def checked(path: Path, output_format: str) -> str:
    command = [sys.executable, "-m", "gradsafe", "check", "--output-format", output_format, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8").stdout


async def test_command_line_push_pull_and_notebook_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(PROGRAM)
    uri = path.as_uri()
    expected = of_json(checked(path, "json"))
    assert len(expected) >= 3
    assert "unused-suppression" in {told.code for told in expected}
    assert of_sarif(checked(path, "sarif"), expected) == expected

    async with connected(REAL, root=tmp_path) as session:
        session.open(uri, PROGRAM)
        await session.until(
            lambda: session.published and of_diagnostics(session.published[-1].diagnostics) == expected
        )
        assert {params.uri for params in session.published} == {uri}
        head, tail = PROGRAM.partition("y.add_")[0], "y.add_" + PROGRAM.partition("y.add_")[2]
        first, second = (FORMS[0].format(number) for number in range(2))
        open_notebook(session, {first: head, second: tail})

        def of_cells() -> set[Told]:
            latest = {params.uri: params.diagnostics for params in session.published}
            shifts = {first: 0, second: head.count("\n")}
            return {
                told for cell, shift in shifts.items() for told in of_diagnostics(latest.get(cell, ()), shift)
            }

        await session.until(lambda: of_cells() == expected)

    client = capabilities(pulls=True, refreshes=False)
    async with connected(REAL, client, root=tmp_path) as session:
        session.open(uri, PROGRAM)
        report: Any = await session.pull(uri)
        assert of_diagnostics(report.items) == expected
