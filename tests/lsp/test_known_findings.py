"""The setting ``baseline``: what it knows no front end tells; what it does not know all of them do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from lsprotocol import types
from session import REAL, connected
from test_configuration import BAD, CODE, last, severity
from test_notebooks import FORMS, item

Severity = types.DiagnosticSeverity
MORE = BAD + "z = x.tanh()\nz.mul_(2)\nz.sum().backward()\n"
SETTING = '[tool.gradsafe]\nbaseline = "gradsafe-baseline.json"\n'


def gradsafe(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gradsafe", "check", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8")


def told(folder: Path, *arguments: str) -> list[int]:
    """The rows that the command line tells."""
    found = json.loads(gradsafe(folder, "--output-format", "json", *arguments).stdout)
    return [each["location"]["row"] for each in found]


async def test_command_line_and_editor_tell_only_what_is_new(tmp_path: Path) -> None:
    file, baseline = tmp_path / "model.py", tmp_path / "gradsafe-baseline.json"
    file.write_text(BAD)
    assert told(tmp_path, ".") == [5]
    assert gradsafe(tmp_path, "--write-baseline", baseline.name, ".").returncode == 0
    (tmp_path / "pyproject.toml").write_text(SETTING)
    assert told(tmp_path, ".") == []
    file.write_text(MORE)
    assert told(tmp_path, ".") == [8]
    (tmp_path / "other.json").write_text('{"version": 1, "findings": []}')
    assert told(tmp_path, "--baseline", "other.json", ".") == [5, 8]

    async with connected(REAL, root=tmp_path) as session:
        session.open(file.as_uri(), BAD)
        await severity(session, file.as_uri(), None)
        session.change(file.as_uri(), 2, MORE)
        [fresh] = await last(session, file.as_uri(), 1)
        assert fresh.range.start.line == 7
        edited = MORE.replace("y.add_(1)", "y.add_(2)")
        session.change(file.as_uri(), 3, edited)
        await last(session, file.as_uri(), 2)
        baseline.unlink()
        change = types.FileEvent(baseline.as_uri(), types.FileChangeType.Deleted)
        session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        [problem] = await last(session, (tmp_path / "pyproject.toml").as_uri(), 1)
        assert (problem.range.start.line, problem.range.start.character) == (1, 0)
        assert "No such file" in problem.message and "--write-baseline" in problem.message


async def test_a_file_that_is_renamed_and_a_notebook_keep_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SETTING)
    head, tail = BAD.partition("y.add_")[0], "y.add_" + BAD.partition("y.add_")[2]
    cells = [
        {"cell_type": "code", "metadata": {}, "source": each, "outputs": [], "execution_count": None}
        for each in (head, tail)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "before.py").write_text(BAD)
    gradsafe(tmp_path, "--write-baseline", "gradsafe-baseline.json", ".")
    os.rename(tmp_path / "before.py", tmp_path / "after.py")  # noqa: PTH104
    async with connected(REAL, root=tmp_path) as session:
        session.open((tmp_path / "after.py").as_uri(), BAD)
        await severity(session, (tmp_path / "after.py").as_uri(), None)
        uris = [FORMS[0].format(number) for number in range(2)]
        session.client.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(
                notebook_document=types.NotebookDocument(
                    uri=(tmp_path / "n.ipynb").as_uri(),
                    notebook_type="jupyter-notebook",
                    version=1,
                    cells=[types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in uris],
                ),
                cell_text_documents=[item(uri, text) for uri, text in zip(uris, (head, tail), strict=True)],
            )
        )
        await severity(session, uris[1], None)
    assert told(tmp_path, ".") == []


async def test_what_is_no_baseline_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SETTING)
    (tmp_path / "gradsafe-baseline.json").write_text("[]")
    (tmp_path / "model.py").write_text(BAD)
    ran = gradsafe(tmp_path, ".")
    assert ran.returncode == 2 and "gradsafe-baseline.json: not a baseline" in ran.stderr
    async with connected(REAL, root=tmp_path) as session:
        session.open((tmp_path / "model.py").as_uri(), BAD)
        await severity(session, (tmp_path / "model.py").as_uri(), Severity.Error)
        [problem] = await last(session, (tmp_path / "pyproject.toml").as_uri(), 1)
        assert "not a baseline" in problem.message
        (tmp_path / "gradsafe-baseline.json").write_text(
            json.dumps(
                {
                    "version": 1,
                    "findings": [{"file": "model.py", "code": CODE, "function": "", "line": "y.add_(1)"}],
                }
            )
        )
        session.change((tmp_path / "model.py").as_uri(), 2, "\n" + BAD)
        await severity(session, (tmp_path / "model.py").as_uri(), None)


HELPER = "def halve_(t):\n    t.div_(2)\n"
USES = "import torch\nfrom helper import halve_\n\nw = torch.ones(3, requires_grad=True)\ny = w.exp()\nhalve_(y)\ny.sum().backward()\n"


async def test_what_is_known_of_a_helper_is_known_at_the_call(tmp_path: Path) -> None:
    """Written for the whole project, asked for one file: the finding is told at the call then, and still the same."""
    train = tmp_path / "train.py"
    (tmp_path / "helper.py").write_text(HELPER)
    train.write_text(USES)
    assert gradsafe(tmp_path, "--write-baseline", "gradsafe-baseline.json", ".").returncode == 0
    assert told(tmp_path, "train.py") == [6]
    (tmp_path / "pyproject.toml").write_text(SETTING)
    assert told(tmp_path, "train.py") == []
    more = USES + "z = w.tanh()\nz.mul_(2)\nz.sum().backward()\n"
    async with connected(REAL, root=tmp_path) as session:
        session.open(train.as_uri(), more)
        [fresh] = await last(session, train.as_uri(), 1)
        assert fresh.range.start.line == 8
