"""Which rules, how severe: mistakes in ``pyproject.toml`` are told there, what the editor says wins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest_asyncio
from lsprotocol import types
from session import REAL, Session, capabilities, connected, spread

BAD = "import torch\n\nx = torch.randn(3, requires_grad=True)\ny = x.exp()\ny.add_(1)\ny.sum().backward()\n"
WRONG = '[tool.gradsafe]\nignore = ["leaf-modifed"]\nselct = []\n'
CODE = "saved-tensor-modified"
Severity = types.DiagnosticSeverity


def asked_for_settings(client: types.ClientCapabilities) -> types.ClientCapabilities:
    workspace = attrs.evolve(client.workspace or types.WorkspaceClientCapabilities(), configuration=True)
    return attrs.evolve(client, workspace=workspace)


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[Session]:
    (tmp_path / "pyproject.toml").write_text(WRONG)
    async with connected(REAL, root=tmp_path) as session:
        yield session


async def last(session: Session, uri: str, count: int) -> list[types.Diagnostic]:
    """The diagnostics of a document, once there are so many."""

    def found() -> Any:
        of = [params.diagnostics for params in session.published if params.uri == uri]
        return of and len(of[-1]) == count and [list(of[-1])]

    return (await session.until(found))[0]  # type: ignore[no-any-return]


async def severity(session: Session, uri: str, expected: types.DiagnosticSeverity | None) -> None:
    """The one finding gets this severity; None: it is not told any more."""

    def found() -> bool:
        of = [params.diagnostics for params in session.published if params.uri == uri]
        return bool(of) and [each.severity for each in of[-1]] == ([expected] if expected else [])

    await session.until(found)


async def test_a_mistake_is_told_in_the_file_and_goes_when_it_is_mended(
    real: Session, tmp_path: Path
) -> None:
    file = tmp_path / "pyproject.toml"
    rule, key = sorted(await last(real, file.as_uri(), 2), key=lambda each: each.range.start.line)
    assert (rule.range, rule.source, rule.severity) == (
        spread((1, 11), (1, 23)),
        "gradsafe",
        Severity.Warning,
    )
    assert "unknown rule 'leaf-modifed'. Did you mean leaf-modified" in rule.message
    assert (key.range, key.message) == (
        spread((2, 0), (2, 5)),
        "unknown setting 'selct'. Did you mean \"select\"?",
    )
    file.write_text(WRONG.replace("selct", "select"))
    change = types.FileEvent(file.as_uri(), types.FileChangeType.Changed)
    real.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
    assert len(await last(real, file.as_uri(), 1)) == 1
    file.write_text("[tool.gradsafe]\n")
    real.client.text_document_did_save(
        types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(file.as_uri()))
    )
    assert await last(real, file.as_uri(), 0) == []


async def test_what_is_no_toml_is_told_and_the_defaults_hold(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gradsafe\n")
    async with connected(REAL, root=tmp_path) as session:
        [found] = await last(session, (tmp_path / "pyproject.toml").as_uri(), 1)
        assert found.message.startswith("not TOML")
        uri = (tmp_path / "model.py").as_uri()
        session.open(uri, BAD)
        await severity(session, uri, Severity.Error)


async def test_the_editor_wins_over_the_file(tmp_path: Path) -> None:
    uri = (tmp_path / "model.py").as_uri()
    (tmp_path / "pyproject.toml").write_text(f"[tool.gradsafe.severity]\n{CODE} = 'warning'\n")
    async with connected(REAL, options={"severity": {CODE: "hint"}}, root=tmp_path) as session:
        session.open(uri, BAD)
        await severity(session, uri, Severity.Hint)

        def change(settings: Any) -> None:
            session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))

        change({"gradsafe": {"severity": {CODE: "information"}}})
        await severity(session, uri, Severity.Information)
        change({"gradsafe": {"ignore": [CODE]}})
        await severity(session, uri, None)
        change({"gradsafe": {"select": [CODE], "ignore": []}})
        await severity(session, uri, Severity.Hint)
        change({"gradsafe": {"select": []}})
        await severity(session, uri, None)


async def test_a_client_that_can_be_asked_is_asked(tmp_path: Path) -> None:
    uri = (tmp_path / "model.py").as_uri()
    client = asked_for_settings(capabilities())
    async with connected(REAL, client, root=tmp_path) as session:
        session.client.set_configuration({"gradsafe": {"severity": {CODE: "hint"}}})
        session.open(uri, BAD)
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await severity(session, uri, Severity.Hint)
        session.client.set_configuration({"gradsafe": None})
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await severity(session, uri, Severity.Error)


async def test_a_mistake_in_the_editors_settings_is_said_once(session: Session, uri: str) -> None:
    for settings in ({"severity": {"wrong": 1}}, {"severity": {"wrong": 2}}):
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    await session.until(lambda: session.shown)
    session.open(uri, "pass\n")
    await session.diagnostics(uri, 1)
    assert session.shown == ["gradsafe: in the editor's settings: unknown severity"]


LOSS = "def loss_of(logits, weight):\n    p = logits * weight\n    q = p * logits\n    p += 1\n    return q.sum()\n"
SCALE = "def scale(x):\n    x.mul_(2)\n"
START = "import torch\nfrom model import scale\n\n\ndef main():\n    y = torch.randn(3, requires_grad=True).exp()\n    scale(y)\n    y.sum().backward()\n"


async def test_known_tensor_names_from_the_file_and_the_editor(tmp_path: Path) -> None:
    uri, file = (tmp_path / "loss.py").as_uri(), tmp_path / "pyproject.toml"
    file.write_text('[tool.gradsafe]\ntensor-names = ["x"]\n')
    async with connected(REAL, root=tmp_path) as session:
        session.open(uri, LOSS)
        await severity(session, uri, None)

        def change(names: list[str]) -> None:
            settings = {"gradsafe": {"tensorNames": names}}
            session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))

        change(["log*"])
        await severity(session, uri, Severity.Information)
        change([])
        await severity(session, uri, None)
        file.write_text('[tool.gradsafe]\ntensor-names = ["logits", "weight"]\n')
        saved = types.TextDocumentIdentifier(file.as_uri())
        session.client.text_document_did_save(types.DidSaveTextDocumentParams(saved))
        await severity(session, uri, Severity.Information)


async def test_an_entry_point_is_judged_though_nobody_opened_it(tmp_path: Path) -> None:
    uri, file = (tmp_path / "model.py").as_uri(), tmp_path / "pyproject.toml"
    (tmp_path / "train.py").write_text(START)
    (tmp_path / "model.py").write_text(SCALE)
    file.write_text('[tool.gradsafe]\nentry-points = ["train.py:man"]\n')
    async with connected(REAL, root=tmp_path) as session:
        [problem] = await last(session, file.as_uri(), 1)
        assert problem.range == spread((1, 17), (1, 29))
        assert problem.message == "there is no function 'man' in 'train.py'. Did you mean main?"
        session.open(uri, SCALE)
        await severity(session, uri, None)
        file.write_text('[tool.gradsafe]\nentry-points = ["train.py:main"]\n')
        saved = types.TextDocumentIdentifier(file.as_uri())
        session.client.text_document_did_save(types.DidSaveTextDocumentParams(saved))
        await severity(session, uri, Severity.Error)
        assert await last(session, file.as_uri(), 0) == []
        shown = await session.client.workspace_execute_command_async(
            types.ExecuteCommandParams("gradsafe.printDebugInformation")
        )
        assert f"- entry-points: ['{tmp_path / 'train.py'}:main'] (from {file})" in shown["markdown"]
