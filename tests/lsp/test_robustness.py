"""What clients should not send, what may crash, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Generator
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from raw import Raw, raw
from session import SCRIPTED, WAIT_S, Session, connected

from gradsafe.lsp.protocol import Protocol

BAD = "y = x.exp()\ny.add_(1)\n"


async def test_a_crash_of_the_analysis_is_told_once_and_the_server_lives(session: Session, uri: str) -> None:
    session.open(uri, "boom\n")
    await session.until(lambda: session.shown)
    session.change(uri, 2, "boom again\n")
    session.change(uri, 3, BAD)
    assert len(await session.diagnostics(uri, 3)) == 1
    assert len(session.shown) == 1
    assert "internal error (RuntimeError: the analysis crashed)" in session.shown[0]
    assert any("Traceback" in text for text in session.logged)


async def test_a_crash_in_a_request_is_logged_told_once_and_harms_no_other(
    session: Session, uri: str
) -> None:
    session.open(uri, f"crash\ntensor\n{BAD}")
    assert len(await session.diagnostics(uri, 1)) == 1
    for _ in range(2):
        with pytest.raises(JsonRpcException, match="the look crashed"):
            await session.hover(uri, 0, 2)
    assert "at version 0" in (await session.hover(uri, 1, 2) or "")
    assert len(session.shown) == 1
    assert "internal error (RuntimeError: the look crashed)" in session.shown[0]
    assert any("Traceback" in text for text in session.logged)


async def test_a_cancelled_request_is_answered_and_its_result_dropped(session: Session, uri: str) -> None:
    session.open(uri, f"# slow\ntensor\n{BAD}")
    request = session.client.protocol.send_request(
        types.TEXT_DOCUMENT_HOVER,
        types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(1, 2)),
        msg_id="hover-1",
    )
    session.client.cancel_request(types.CancelParams(id="hover-1"))
    with pytest.raises(JsonRpcException) as raised:
        await asyncio.wait_for(asyncio.wrap_future(request), WAIT_S)
    assert raised.value.code == types.LSPErrorCodes.RequestCancelled
    assert len(await session.diagnostics(uri, 1)) == 1
    assert "at version 0" in (await session.hover(uri, 1, 2) or "")


async def test_no_message_that_is_done_with_is_kept() -> None:
    """pygls keeps a future for each notification."""
    protocol = LanguageServer("test", "1", protocol_cls=Protocol).protocol
    ran: list[str] = []

    def plain(text: str) -> None:
        ran.append(text)

    def generator(text: str) -> Generator[Any, Any, None]:
        yield plain, (text,), None

    async def coroutine(text: str) -> None:
        await asyncio.sleep(0)
        ran.append(text)

    for number, handler in enumerate((plain, generator, coroutine)):
        protocol._execute_handler(f"m{number}", handler, args=(handler.__name__,), callback=lambda _: None)
    assert set(protocol._request_futures) == {"m2"}
    while protocol._request_futures:
        await asyncio.sleep(0)
    assert ran == ["plain", "generator", "coroutine"]


async def test_a_change_of_a_document_that_is_not_open_harms_nobody(session: Session, uri: str) -> None:
    session.change("file:///project/never_opened.py", 2, "x")
    session.close("file:///project/never_opened.py")
    session.open(uri, BAD)
    assert len(await session.diagnostics(uri, 1)) == 1
    assert await session.hover("file:///project/never_opened.py", 0, 0) is None
    assert not session.shown


async def test_malformed_messages_get_an_answer_and_do_no_harm() -> None:
    client = await raw()
    await client.initialize()
    client.send_body(b"{ this is not JSON")
    client.send_body(b"[]")
    client.send(id=2, method="textDocument/hover", params={"nonsense": True})
    assert "error" in await client.answer(2)
    client.send(id=3, method="no/suchMethod", params={})
    assert (await client.answer(3))["error"]["code"] == types.ErrorCodes.MethodNotFound
    client.send(method="textDocument/didOpen", params={"textDocument": {"uri": 7}})
    client.send(id=4, method="workspace/executeCommand", params={"command": "no.such"})
    assert "error" in await client.answer(4)
    client.send(id=5, method="workspace/executeCommand", params={"command": "gradsafe.runAndTraceCell"})
    assert "error" in await client.answer(5)
    client.send(id=6, method="shutdown")
    assert (await client.answer(6))["result"] is None
    client.send(method="exit")
    assert await asyncio.wait_for(client.process.wait(), 5) == 0


async def test_it_ends_when_the_client_vanishes() -> None:
    client = await raw()
    await client.initialize()
    client.input.close()
    await asyncio.wait_for(client.process.wait(), 5)


async def test_exit_without_shutdown_is_an_error_code() -> None:
    client = await raw()
    await client.initialize()
    client.send(method="exit")
    assert await asyncio.wait_for(client.process.wait(), 5) == 1


async def test_shutdown_does_not_wait_for_an_analysis(uri: str) -> None:
    async with connected() as session:
        session.open(uri, "# slow\n" + BAD)
        started = time.monotonic()
    assert time.monotonic() - started < 3


async def test_nothing_heavy_is_imported_before_the_reply() -> None:
    """Modules of the analysis load in the worker, when the first text has come."""
    script = (
        "import sys, gradsafe.lsp.server as s; s.create_server(); "
        "print([m for m in sys.modules if m.split('.')[0] in ('libcst', 'rich', 'typer', 'torch')])"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output.decode().strip() == "[]"


@pytest.mark.parametrize("options", [None, {"trusted": "perhaps", "trace": 7}, {"trace": {"timeout": -1}}])
async def test_odd_options_are_ignored(options: dict[str, Any] | None, uri: str) -> None:
    async with connected(options=options) as session:
        session.open(uri, BAD)
        assert len(await session.diagnostics(uri, 1)) == 1


async def test_over_tcp() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(*SCRIPTED, str(port), stderr=asyncio.subprocess.DEVNULL)
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            output, input = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            assert time.monotonic() < deadline, "the server does not listen"
            await asyncio.sleep(0.05)
    client = Raw(process, input, output)
    await client.initialize()
    client.send(id=2, method="shutdown")
    assert (await client.answer(2))["result"] is None
    client.send(method="exit")
    assert await asyncio.wait_for(process.wait(), 5) == 0
