"""Diagnostics on request: result ids, what is unchanged, when the client is asked to pull anew, the whole workspace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from session import REAL, Session, capabilities, connected, replace, spread
from test_notebooks import FORMS, open_notebook
from test_trace import RUN

BAD = "y = x.exp()\ny.add_(1)\n"
HEAD = "import torch\n\nx = torch.randn(3, requires_grad=True)\n"


@pytest_asyncio.fixture
async def puller() -> AsyncIterator[Session]:
    """A client that pulls and can be asked to pull anew."""
    async with connected(client_capabilities=capabilities(pulls=True)) as session:
        yield session


async def test_only_a_client_that_pulls_is_told_that_it_can(session: Session, puller: Session) -> None:
    assert session.agreed is not None
    assert session.agreed.capabilities.diagnostic_provider is None
    assert puller.agreed is not None
    provider = puller.agreed.capabilities.diagnostic_provider
    assert provider is not None
    assert (provider.identifier, provider.inter_file_dependencies, provider.workspace_diagnostics) == (
        "gradsafe",
        True,
        False,
    )


async def test_a_report_is_for_the_text_as_it_is(puller: Session, uri: str) -> None:
    puller.open(uri, BAD)
    report = await puller.pull(uri)
    assert report.kind == "full"
    [found] = report.items
    assert (found.range, found.source, found.code) == (
        spread((1, 0), (1, 9)),
        "gradsafe",
        "saved-tensor-modified",
    )
    puller.change(uri, 2, replace((0, 0), (0, 0), "\n"))
    moved = await puller.pull(uri, report.result_id)
    assert (moved.kind, moved.items[0].range) == ("full", spread((2, 0), (2, 9)))
    assert moved.result_id != report.result_id
    assert not puller.published, "what is pulled is not pushed, too"


async def test_what_says_the_same_is_unchanged(puller: Session, uri: str) -> None:
    puller.open(uri, BAD)
    report = await puller.pull(uri)
    puller.change(uri, 2, f"{BAD}# a comment\n")
    again = await puller.pull(uri, report.result_id)
    assert (again.kind, again.result_id) == ("unchanged", report.result_id)
    assert (await puller.pull(uri)).kind == "full", "who has no earlier result gets all"
    assert (await puller.pull(uri, "of another server")).kind == "full"
    puller.change(uri, 3, "pass\n")
    mended = await puller.pull(uri, report.result_id)
    assert (mended.kind, list(mended.items)) == ("full", [])


async def test_a_pull_that_was_overtaken_is_cancelled_by_the_server(puller: Session, uri: str) -> None:
    puller.open(uri, f"# slow\n{BAD}")
    pending = asyncio.ensure_future(puller.pull(uri))
    await asyncio.sleep(0.05)
    puller.change(uri, 2, "pass\n")
    with pytest.raises(JsonRpcException, match="changed meanwhile") as raised:
        await pending
    assert raised.value.code == types.LSPErrorCodes.ServerCancelled
    assert not (await puller.pull(uri)).items


async def test_an_analysis_that_fails_keeps_nobody_waiting(puller: Session, uri: str) -> None:
    puller.open(uri, "boom")
    assert not (await puller.pull(uri)).items
    assert "internal error" in puller.shown[0]
    puller.change(uri, 2, BAD)
    assert len((await puller.pull(uri)).items) == 1


async def test_of_what_is_not_open_there_is_nothing_to_say(puller: Session, uri: str) -> None:
    assert not (await puller.pull(uri)).items
    puller.open(uri, BAD)
    assert (await puller.pull(uri)).items
    puller.close(uri)
    assert not (await puller.pull(uri)).items


async def test_notebooks_are_pushed_to_whoever_pulls(puller: Session) -> None:
    first = FORMS[0].format(0)
    open_notebook(puller, {first: BAD})
    assert len(await puller.diagnostics(first, 1)) == 1
    assert not (await puller.pull(first)).items


async def test_what_a_run_has_shown_is_pulled(puller: Session, uri: str) -> None:
    puller.open(uri, f"# %%\n{BAD}")
    report = await puller.pull(uri)
    assert [each.source for each in report.items] == ["gradsafe"]
    await puller.command(RUN, uri, 1)
    await puller.until(lambda: "diagnostics" in puller.refreshed)
    report = await puller.pull(uri, report.result_id)
    assert [each.source for each in report.items] == ["gradsafe trace"]
    assert not puller.published
    assert puller.shown


async def test_a_client_that_cannot_be_asked_anew_is_pushed_what_runs_have_shown(uri: str) -> None:
    async with connected(client_capabilities=capabilities(pulls=True, refreshes=False)) as session:
        session.open(uri, f"# %%\n{BAD}")
        assert [each.source for each in (await session.pull(uri)).items] == ["gradsafe"]
        await session.command(RUN, uri, 1)
        [found] = await session.diagnostics(uri, 1)
        assert found.source == "gradsafe trace"
        assert not (await session.pull(uri)).items
        assert session.shown
        session.close(uri)
        assert not await session.diagnostics(uri, None)


LAYER = "def layer(x):\n    return x + 1\n"
CALLER = f"from layer import layer\n{HEAD}y = layer(x)\ny.add_(1)\ny.sum().backward()\n"


async def test_a_change_of_another_file_asks_for_a_new_pull(tmp_path: Path) -> None:
    layer, caller = (tmp_path / "layer.py").as_uri(), (tmp_path / "caller.py").as_uri()
    async with connected(REAL, capabilities(pulls=True), root=tmp_path) as session:
        session.open(layer, LAYER)
        session.open(caller, CALLER)
        report = await session.pull(caller)
        assert not report.items
        session.refreshed.clear()
        session.change(layer, 2, LAYER.replace("x + 1", "x.exp()"))
        await session.until(lambda: "diagnostics" in session.refreshed)
        [found] = (await session.pull(caller, report.result_id)).items
        assert found.code == "saved-tensor-modified"
        assert not session.published


def whole(session: Session, previous: dict[str, str], token: str | None = None) -> Any:
    return session.client.workspace_diagnostic_async(
        types.WorkspaceDiagnosticParams(
            previous_result_ids=[types.PreviousResultId(uri, value) for uri, value in previous.items()],
            partial_result_token=token,
        )
    )


def told(items: Sequence[Any]) -> dict[str, tuple[str, int]]:
    return {
        item.uri.rpartition("/")[2]: (item.kind, len(item.items) if item.kind == "full" else -1)
        for item in items
    }


def ids(items: Sequence[Any]) -> dict[str, str]:
    return {item.uri: item.result_id for item in items}


@pytest_asyncio.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[tuple[Session, Path]]:
    """Three files, a client that pulls all of them."""
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "good.py").write_text("pass\n")
    (tmp_path / "open.py").write_text("pass\n")
    options = {"diagnosticMode": "workspace"}
    async with connected(
        client_capabilities=capabilities(pulls=True), options=options, root=tmp_path
    ) as session:
        yield session, tmp_path


async def test_the_workspace_is_judged_open_or_not(workspace: tuple[Session, Path]) -> None:
    session, folder = workspace
    assert session.agreed is not None
    assert session.agreed.capabilities.diagnostic_provider is not None
    assert session.agreed.capabilities.diagnostic_provider.workspace_diagnostics
    session.open((folder / "open.py").as_uri(), BAD, version=4)
    report = await whole(session, {})
    assert told(report.items) == {"bad.py": ("full", 1), "good.py": ("full", 0), "open.py": ("full", 1)}
    assert [item.version for item in report.items if item.uri.endswith("open.py")] == [4]


async def test_only_news_are_told_and_no_news_are_waited_for(workspace: tuple[Session, Path]) -> None:
    session, folder = workspace
    uri = (folder / "open.py").as_uri()
    session.open(uri, "pass\n")
    first = await whole(session, {})
    pending = asyncio.ensure_future(whole(session, ids(first.items)))
    await asyncio.sleep(0.3)
    assert not pending.done()
    session.change(uri, 2, BAD)
    report = await pending
    assert told(report.items) == {
        "bad.py": ("unchanged", -1),
        "good.py": ("unchanged", -1),
        "open.py": ("full", 1),
    }
    # Closed, it is what the disk says; a file that is gone has no findings.
    pending = asyncio.ensure_future(whole(session, {**ids(report.items)}))
    session.close(uri)
    report = await pending
    assert told(report.items)["open.py"] == ("full", 0)
    (folder / "bad.py").unlink()
    report = await whole(session, {**ids(report.items), (folder / "gone.py").as_uri(): "x"})
    assert told(report.items)["bad.py"] == ("full", 0)
    assert told(report.items)["gone.py"] == ("full", 0)


async def test_reports_are_streamed_to_who_asks_for_it(workspace: tuple[Session, Path]) -> None:
    session, _ = workspace
    streamed = session.streams["stream"] = []
    report = await whole(session, {}, "stream")
    assert list(report.items) == []
    await session.until(lambda: streamed)
    items = [
        item for value in streamed for item in (value["items"] if isinstance(value, dict) else value.items)
    ]
    names = sorted((item["uri"] if isinstance(item, dict) else item.uri).rpartition("/")[2] for item in items)
    assert names == ["bad.py", "good.py", "open.py"]


async def test_a_request_that_waits_does_not_hold_up_the_end(workspace: tuple[Session, Path]) -> None:
    session, _ = workspace
    first = await whole(session, {})
    pending = asyncio.ensure_future(whole(session, ids(first.items)))
    await asyncio.sleep(0.1)
    assert not pending.done()
    pending.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
