"""Run and trace: lenses, the command, its results, and every way to end it."""

from __future__ import annotations

import asyncio
import time

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from session import Session, connected

RUN = "gradsafe.runAndTraceCell"
CELLS = "import torch\n# %% one\ny = x.exp()\n# %% [markdown]\n# text\n#%% two\ny.add_(1)\n"


async def lenses(session: Session, uri: str) -> list[types.CodeLens]:
    found = await session.client.text_document_code_lens_async(
        types.CodeLensParams(types.TextDocumentIdentifier(uri=uri))
    )
    return list(found or ())


def titles(found: list[types.CodeLens]) -> list[tuple[int, str]]:
    return [(lens.range.start.line, lens.command.title) for lens in found if lens.command]


def sources(session: Session) -> list[str | None]:
    """Who made the diagnostics that are shown now."""
    return [diagnostic.source for diagnostic in session.published[-1].diagnostics]


async def test_lenses_above_each_code_cell(session: Session, uri: str) -> None:
    session.open(uri, CELLS)
    found = await lenses(session, uri)
    assert titles(found) == [(line, title) for line in (1, 5) for title in ("Run and trace", "Dry run")]
    assert [lens.command.arguments for lens in found if lens.command and lens.command.command == RUN] == [
        (uri, 1),
        (uri, 2),
    ]


async def test_lenses_of_a_script_and_of_tests(session: Session) -> None:
    uri = "file:///project/test_model.py"
    text = "def test_one():\n    pass\n\n\nclass TestAll:\n    def test_two(self):\n        pass\n\n\nif __name__ == '__main__':\n    pass\n"
    session.open(uri, text)
    found = await lenses(session, uri)
    assert titles(found) == [(0, "Trace this test"), (5, "Trace this test"), (9, "Run and trace file")]
    assert [lens.command.arguments[1] for lens in found[:2] if lens.command and lens.command.arguments] == [
        "test_one",
        "TestAll::test_two",
    ]


@pytest.mark.parametrize("options", [{"codeLens": False}, {"trusted": False}])
async def test_no_lens_where_it_could_only_refuse(options: dict[str, bool], uri: str) -> None:
    async with connected(options=options) as session:
        session.open(uri, CELLS)
        assert not await lenses(session, uri)


async def test_a_run_publishes_what_happened(uri: str) -> None:
    async with connected(options={"trace": {"notification": True}}) as session:
        session.open(uri, CELLS)
        await session.diagnostics(uri, 1)
        result = await session.command(RUN, uri, 2)
        assert session.asked == [
            "Run cell 2 after the cell before it, which has not run in this session as it stands?"
        ]
        [told] = session.traced
        assert (told.outcome, told.kind, told.findings) == ("raised", "cells", 1)
        assert told.summary == "model.py, cell 2: raised, 1 findings"
        assert result is not None
        found = await session.until(
            lambda: [d for d in session.published[-1].diagnostics if d.source == "gradsafe trace"]
        )
        assert found[0].range.start.line == 6
        assert session.refreshed == {"lenses", "hints"}
        [reports] = session.client.progress_reports.values()
        assert [type(report) for report in reports] == [
            types.WorkDoneProgressBegin,
            types.WorkDoneProgressEnd,
        ]


async def test_clear_takes_the_results_back(session: Session, uri: str) -> None:
    session.open(uri, CELLS)
    await session.diagnostics(uri, 1)
    await session.command(RUN, uri, 2)
    await session.until(lambda: sources(session) == ["gradsafe trace"])
    assert "completed" not in str(titles(await lenses(session, uri))[-1])
    await session.command("gradsafe.clearTrace", uri)
    await session.until(lambda: sources(session) == ["gradsafe"])
    assert len(await lenses(session, uri)) == 4
    assert len(session.asked) == len(session.shown) == 1


async def test_a_client_without_a_place_for_results_gets_a_message(session: Session, uri: str) -> None:
    session.open(uri, "x = 1\nprint(one)\nprint(two)\n")
    await session.command(RUN, uri, {"line": 0, "character": 0})
    await session.until(lambda: session.shown)
    assert session.shown == ["model.py: completed, 0 findings"]
    assert session.logged[-2:] == [
        "one\ntwo",
        "== model.py: completed, 0 findings\nfile: ran cells (0,) with ()",
    ]


async def test_a_position_means_the_cell_around_it(session: Session, uri: str) -> None:
    session.open(uri, CELLS)
    for line in (2, 0, 1):
        await session.command(RUN, uri, {"line": line, "character": 0})
    await session.until(lambda: len(session.shown) == 3)
    assert [message.split(":")[0] for message in session.shown] == [
        "model.py, cell 1",
        "model.py, cell 0",
        "model.py, cell 1",
    ]


async def test_the_question_can_be_declined_and_is_asked_once_if_so_wished(
    session: Session, uri: str
) -> None:
    text = CELLS.replace("y = x.exp()", "y.mul_(2)")  # raises, so it never counts as having run
    session.open(uri, text)
    session.answer = "Cancel"
    assert await session.command(RUN, uri, 2) is None
    assert not session.shown
    session.answer = "Run, and do not ask again"
    assert await session.command(RUN, uri, 2) is not None
    assert await session.command(RUN, uri, 2) is not None
    assert len(session.asked) == 2
    assert len(session.shown) == 2


async def test_the_question_can_be_answered_with_a_dry_run(session: Session, uri: str) -> None:
    session.open(uri, CELLS)
    session.answer = "Dry run"
    result = await session.command(RUN, uri, 2)
    assert result["kind"] == "dry-run"
    assert "dry-run: ran cells (0, 1, 2)" in result["report"]
    assert len(session.asked) == len(session.shown) == 1


async def test_a_cell_is_run_dry_by_its_command(session: Session, uri: str) -> None:
    session.open(uri, CELLS)
    result = await session.command("gradsafe.dryRunCell", uri, 1)
    assert result["kind"] == "dry-run"
    assert "dry-run: ran cells (0, 1)" in result["report"]
    assert session.shown == ["model.py, dry run to cell 1: completed, 0 findings"]
    assert not session.asked  # nothing that is run dry does anything twice


async def test_an_untrusted_workspace_runs_nothing(uri: str) -> None:
    async with connected(options={"trusted": False}) as session:
        session.open(uri, CELLS)
        assert await session.command(RUN, uri, 1) is None
        await session.until(lambda: session.shown)
        assert "not trusted" in session.shown[0]


async def test_what_is_not_open_cannot_be_run(session: Session) -> None:
    assert await session.command(RUN, "file:///project/nowhere.py", 1) is None
    await session.until(lambda: "is not open" in session.shown[0])
    with pytest.raises(JsonRpcException):
        await session.command(RUN, "file:///project/nowhere.py", "three")


async def test_a_crash_of_the_tracer_is_an_answer(session: Session, uri: str) -> None:
    session.open(uri, "crash\n")
    with pytest.raises(JsonRpcException, match="the tracer crashed"):
        await session.command(RUN, uri, 0)
    await session.until(lambda: session.shown)
    assert "internal error (RuntimeError: the tracer crashed)" in session.shown[0]
    session.change(uri, 2, "y.add_(1)\n")
    assert len(await session.diagnostics(uri, 2)) == 1
    assert await session.command(RUN, uri, 0) is not None
    assert len(session.shown) == 2


async def test_everything_else_goes_on_during_a_run_and_cancel_ends_it(session: Session, uri: str) -> None:
    session.open(uri, "# takes 60\ny.add_(1)\n")
    running = asyncio.ensure_future(session.command(RUN, uri, 0))
    await session.until(lambda: session.client.progress_reports)
    answered = 0
    for version in range(2, 22):
        session.change(uri, version, f"# takes 60\ny.add_({version})\n")
        assert len(await session.diagnostics(uri, version)) == 1
        assert await session.hover(uri, 1, 2) is not None
        answered += not running.done()
    assert answered == 20
    assert titles(await lenses(session, uri)) == [(0, "Running: cancel")]
    assert await session.command(RUN, uri, 0) is None
    await session.until(lambda: session.shown)
    assert "going on already" in session.shown[0]
    await session.command("gradsafe.cancelTrace")
    assert (await asyncio.wait_for(running, 5))["outcome"] == "cancelled"
    await session.until(lambda: len(session.shown) == 2)


async def test_the_cancel_of_the_progress_bar_ends_the_run(session: Session, uri: str) -> None:
    session.open(uri, "# takes 60\n")
    running = asyncio.ensure_future(session.command(RUN, uri, 0))
    [token] = await session.until(lambda: list(session.client.progress_reports))
    await session.until(lambda: session.client.progress_reports[token])
    session.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token=token))
    assert (await asyncio.wait_for(running, 5))["outcome"] == "cancelled"
    await session.until(lambda: session.shown)


async def test_the_cancel_of_the_request_ends_the_run(session: Session, uri: str) -> None:
    session.open(uri, "# takes 60\n")
    request = session.client.protocol.send_request(
        types.WORKSPACE_EXECUTE_COMMAND,
        types.ExecuteCommandParams(command=RUN, arguments=[uri, 0]),
        msg_id="run-1",
    )
    await session.until(lambda: session.client.progress_reports)
    session.client.cancel_request(types.CancelParams(id="run-1"))
    with pytest.raises(JsonRpcException):
        await asyncio.wait_for(asyncio.wrap_future(request), 5)
    await session.until(lambda: session.shown)
    assert session.shown == ["model.py: cancelled"]
    session.change(uri, 2, "x = 1\n")
    assert await session.command(RUN, uri, 0) is not None
    await session.until(lambda: len(session.shown) == 2)


async def test_shutdown_during_a_run_is_clean(uri: str) -> None:
    started = time.monotonic()
    async with connected() as session:
        session.open(uri, "# takes 60\n")
        running = asyncio.ensure_future(session.command(RUN, uri, 0))
        await session.until(lambda: session.client.progress_reports)
    running.cancel()
    assert time.monotonic() - started < 10
