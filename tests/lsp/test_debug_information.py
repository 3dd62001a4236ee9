"""``gradsafe.printDebugInformation``: all that a report of a defect needs."""

from __future__ import annotations

from pathlib import Path

from session import REAL, Session, connected

from gradsafe.lsp.statistics import Durations

PROGRAM = "import torch\n\nx = torch.randn(3, requires_grad=True)\ny = x.exp()\n"


async def test_what_the_real_server_says_of_itself(tmp_path: Path) -> None:
    uri = (tmp_path / "model.py").as_uri()
    file = tmp_path / "pyproject.toml"
    file.write_text(
        "[tool.gradsafe]\nignore = ['graph-freed']\n[tool.gradsafe.severity]\ngraph-freed = 'hint'\n"
    )
    options = {"severity": {"leaf-modified": "hint"}, "codeLens": False}
    async with connected(REAL, options=options, root=tmp_path) as session:
        session.open(uri, PROGRAM)
        await session.diagnostics(uri, 1)
        page = (await session.command("gradsafe.printDebugInformation"))["markdown"]
        assert session.logged[-1] == page
    for line in (
        f"- folders: {tmp_path}",
        "- open documents: 1",
        "- code_lens: False",
        "- tensor_hover: True (default)",
        f"- file: {file}",
        f"- ignore: ['graph-freed'] (from {file})",
        "- select: all (from the defaults)",
        f"- severity: {{'graph-freed': 'hint', 'leaf-modified': 'hint'}} (from the editor, {file})",
        "- diagnostics: pushed",
        "- files in scope: 1",
    ):
        assert line in page.splitlines(), page
    assert "- pygls: 2" in page
    assert "- the interpreter of programs: " in page
    assert "## Judging a new text\n\n```text\n" in page
    assert "longest: " in page


async def test_it_works_without_a_document(session: Session) -> None:
    page = (await session.command("gradsafe.printDebugInformation"))["markdown"]
    assert "none yet" in page
    assert "paths: 2" in page
    assert session.logged


def test_a_histogram() -> None:
    durations = Durations()
    for milliseconds in (1, 4, 5, 6, 30, 20_000):
        durations.note(milliseconds / 1000)
    assert [line.split()[:4] for line in durations.lines()] == [
        ["<=", "5", "ms", "3"],
        ["<=", "10", "ms", "1"],
        ["<=", "50", "ms", "1"],
        [">", "10000", "ms", "1"],
        ["longest:", "20000", "ms"],
    ]
