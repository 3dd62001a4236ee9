"""Which project judges a document: several folders, projects within projects, documents without a path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from session import REAL, Session, capabilities, connected, folder_of
from test_configuration import BAD, CODE, last, severity
from test_pull import whole

Severity = types.DiagnosticSeverity


def project(folder: Path, table: str | None) -> Path:
    """A folder with a ``pyproject.toml``; None: one that says nothing of gradsafe."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "[project]\nname = 'x'\n" if table is None else f"[tool.gradsafe]\n{table}\n"
    (folder / "pyproject.toml").write_text(text)
    return folder


def severe(word: str) -> str:
    return f"severity = {{ {CODE} = '{word}' }}"


async def test_the_nearest_project_governs(tmp_path: Path) -> None:
    root = project(tmp_path, severe("hint"))
    inner = project(root / "inner", severe("information"))
    silent = project(root / "silent", None)
    async with connected(REAL, root=root) as session:
        for folder, expected in (
            (root, Severity.Hint),
            (inner, Severity.Information),
            (inner / "deeper", Severity.Information),
            (silent, Severity.Hint),
        ):
            uri = (folder / "model.py").as_uri()
            session.open(uri, BAD)
            await severity(session, uri, expected)
        await moved_into_a_project_of_its_own(session, inner / "deeper")


async def moved_into_a_project_of_its_own(session: Session, folder: Path) -> None:
    file = project(folder, severe("warning")) / "pyproject.toml"
    session.client.workspace_did_change_watched_files(
        types.DidChangeWatchedFilesParams([types.FileEvent(file.as_uri(), types.FileChangeType.Created)])
    )
    await severity(session, (folder / "model.py").as_uri(), Severity.Warning)


async def test_folders_come_and_go(tmp_path: Path) -> None:
    first, second, third = (
        project(tmp_path / name, severe(word))
        for name, word in (("first", "hint"), ("second", "information"), ("third", "warning"))
    )
    untitled = "untitled:Untitled-1"
    async with connected(REAL, root=first, others=[second]) as session:
        for folder, expected in ((first, Severity.Hint), (second, Severity.Information)):
            session.open((folder / "model.py").as_uri(), BAD)
            await severity(session, (folder / "model.py").as_uri(), expected)
        session.open(untitled, BAD)
        await severity(session, untitled, Severity.Hint)
        event = types.WorkspaceFoldersChangeEvent(added=[folder_of(third)], removed=[folder_of(first)])
        session.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        await severity(session, untitled, Severity.Information)
        page = (await session.command("gradsafe.printDebugInformation"))["markdown"]
        assert f"- folders: {second}, {third}" in page
        assert str(third / "pyproject.toml") in page


@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "vscode-vfs://github/a/b/model.py", "zip:///x.zip/model.py"]
)
async def test_what_has_no_path_belongs_to_the_first_folder(tmp_path: Path, uri: str) -> None:
    async with connected(REAL, root=project(tmp_path, severe("hint"))) as session:
        session.open(uri, BAD)
        await severity(session, uri, Severity.Hint)


async def test_a_file_outside_of_all_folders_has_its_own_project(tmp_path: Path) -> None:
    inside, outside = project(tmp_path / "in", severe("hint")), project(tmp_path / "out", severe("warning"))
    async with connected(REAL, root=inside) as session:
        uri = (outside / "model.py").as_uri()
        session.open(uri, BAD)
        await severity(session, uri, Severity.Warning)


async def test_a_folder_that_is_a_link(tmp_path: Path) -> None:
    real = project(tmp_path / "real", f"{severe('hint')}\nexclude = ['old/']")
    link = tmp_path / "link"
    link.symlink_to(real, target_is_directory=True)
    (real / "layer.py").write_text("def layer(x):\n    return x.exp()\n")
    caller = BAD.replace("import torch\n", "import torch\nfrom layer import layer\n").replace(
        "x.exp()", "layer(x)"
    )
    async with connected(REAL, root=link) as session:
        session.open((link / "model.py").as_uri(), caller)
        await severity(session, (link / "model.py").as_uri(), Severity.Hint)
        session.open((link / "old" / "model.py").as_uri(), BAD)
        await severity(session, (link / "old" / "model.py").as_uri(), None)


async def test_imports_begin_at_the_project_and_see_what_is_typed_in_another(tmp_path: Path) -> None:
    root = project(tmp_path, "")
    inner = project(root / "inner", "")
    (inner / "src").mkdir()
    (inner / "src" / "layer.py").write_text("def layer(x):\n    return x + 1\n")
    own = BAD.replace("import torch\n", "import torch\nfrom layer import layer\n").replace(
        "x.exp()", "layer(x)"
    )
    outer = own.replace("from layer", "from inner.src.layer")
    scripts, layer = inner / "scripts" / "model.py", (inner / "src" / "layer.py").as_uri()
    async with connected(REAL, root=root) as session:
        session.open(scripts.as_uri(), own)
        session.open((root / "train.py").as_uri(), outer)
        await severity(session, scripts.as_uri(), None)
        await severity(session, (root / "train.py").as_uri(), None)
        session.open(layer, "def layer(x):\n    return x.exp()\n")
        await severity(session, scripts.as_uri(), Severity.Error)
        await severity(session, (root / "train.py").as_uri(), Severity.Error)
        session.close(layer)
        await severity(session, (root / "train.py").as_uri(), None)


async def test_a_mistake_of_a_project_within_is_told_once_one_of_its_files_is_open(tmp_path: Path) -> None:
    root, inner = project(tmp_path, "selct = []"), project(tmp_path / "inner", "ignor = []")
    async with connected(REAL, root=root) as session:
        assert "selct" in (await last(session, (root / "pyproject.toml").as_uri(), 1))[0].message
        session.open((inner / "model.py").as_uri(), "pass\n")
        assert "ignor" in (await last(session, (inner / "pyproject.toml").as_uri(), 1))[0].message
        published = [params.uri for params in session.published]
        assert published.count((root / "pyproject.toml").as_uri()) == 1


async def test_the_whole_workspace_is_all_folders_and_their_notebooks(tmp_path: Path) -> None:
    first = project(tmp_path / "first", "exclude = ['old/']")
    second = project(tmp_path / "second", "")
    inner = project(first / "inner", "exclude = ['left.py']")
    (first / "old").mkdir()
    for file in (first / "a.py", second / "b.py", inner / "c.py", inner / "left.py", first / "old" / "d.py"):
        file.write_text(BAD)
    head, tail = BAD.partition("y.add_")[0], "y.add_" + BAD.partition("y.add_")[2]
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "metadata": {}, "source": "# y.add_(1)"},
        {"cell_type": "code", "metadata": {}, "source": head.splitlines(keepends=True), "outputs": []},
        {
            "cell_type": "code",
            "metadata": {},
            "source": ["# ü\n", *tail.splitlines(keepends=True)],
            "outputs": [],
        },
    ]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
    (second / "n.ipynb").write_text(text)
    options, client = {"diagnosticMode": "workspace"}, capabilities(pulls=True)
    async with connected(REAL, client, options, root=first, others=[second, inner]) as session:
        report = await whole(session, {})
        found = {item.uri: item.items for item in report.items}
        names = {uri.rpartition("/")[2]: len(items) for uri, items in found.items()}
        assert names == {"a.py": 1, "b.py": 1, "c.py": 1, "n.ipynb": 1}
        [bad] = found[(second / "n.ipynb").as_uri()]
        assert bad.message.startswith("cell 2, line 2: `add_()` changes `y`")
        assert "y.add_(1)" in text.split("\n")[bad.range.start.line]
        [saved, backward] = bad.related_information
        assert saved.message.startswith("cell 1, line 4: ")
        assert "y = x.exp()" in text.split("\n")[saved.location.range.start.line]
        assert backward.message.startswith("cell 2, line 3: ")
