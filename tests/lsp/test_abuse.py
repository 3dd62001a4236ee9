"""Clients that do not keep to the protocol: each request gets an answer, and who comes after them is served as if nothing had been."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from raw import Raw, raw
from session import REAL

BAD = "y = x.exp()\ny.add_(1)\n"
URI = "file:///project/abused.py"
REQUESTS = (
    "textDocument/hover", "textDocument/codeAction", "codeAction/resolve", "textDocument/codeLens", "textDocument/inlayHint",
    "textDocument/documentSymbol", "workspace/executeCommand", "textDocument/diagnostic", "workspace/diagnostic", "no/such", "$/odd",
)  # fmt: skip
NOTIFICATIONS = (
    "textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didSave", "workspace/didChangeConfiguration",
    "workspace/didChangeWatchedFiles", "notebookDocument/didOpen", "notebookDocument/didChange", "notebookDocument/didClose", "$/cancelRequest",
    "$/setTrace", "no/such",
)  # fmt: skip


def opening(text: str, uri: str = URI, version: Any = 1) -> dict[str, Any]:
    return {"textDocument": {"uri": uri, "languageId": "python", "version": version, "text": text}}


def changing(version: Any, *changes: Any, uri: str = URI) -> dict[str, Any]:
    return {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)}


def between(row: int, column: int, end_row: int, end_column: int, text: str) -> dict[str, Any]:
    start, end = {"line": row, "character": column}, {"line": end_row, "character": end_column}
    return {"range": {"start": start, "end": end}, "text": text}


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Raw]:
    """A server that has been greeted; afterwards it must still serve, and end as it should."""
    found = await raw()
    await found.initialize()
    yield found
    await is_well(found)


async def is_well(client: Raw) -> None:
    uri = "file:///project/after.py"
    client.send(method="textDocument/didOpen", params=opening(BAD, uri))
    assert len(await client.published(uri, 1)) == 1
    client.send(id="last", method="shutdown")
    assert (await client.answer("last"))["result"] is None  # type: ignore[arg-type]
    client.send(method="exit")
    assert await asyncio.wait_for(client.process.wait(), 30) == 0


async def test_before_it_is_greeted() -> None:
    client = await raw()
    client.send(method="textDocument/didOpen", params=opening(BAD))
    client.send(
        id=7,
        method="textDocument/hover",
        params={"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}},
    )
    assert "error" in await client.answer(7)
    await client.initialize()
    await is_well(client)


async def test_exit_before_it_is_greeted() -> None:
    client = await raw()
    client.send(method="exit")
    assert await asyncio.wait_for(client.process.wait(), 30) == 1


@pytest.mark.parametrize(
    "params",
    [
        None,
        [],
        {},
        7,
        "text",
        {"textDocument": None},
        {"textDocument": {"uri": 7}},
        {"textDocument": {"uri": URI}},
    ],
)
async def test_every_method_with_anything(client: Raw, params: Any) -> None:
    for number, method in enumerate(REQUESTS, 10):
        client.send(id=number, method=method, params=params)
        answer = await client.answer(number)
        assert "result" in answer or answer["error"]["code"] in (
            types.ErrorCodes.InvalidParams, types.ErrorCodes.MethodNotFound, types.ErrorCodes.InvalidRequest, types.ErrorCodes.InternalError,
        ), answer  # fmt: skip
    for method in NOTIFICATIONS:
        client.send(method=method, params=params)


async def test_versions_out_of_order(client: Raw) -> None:
    client.send(method="textDocument/didOpen", params=opening("z = 1\n", version=9))
    assert await client.published(URI, 9) == []
    client.send(method="textDocument/didChange", params=changing(3, {"text": BAD}))
    assert len(await client.published(URI, 3)) == 1
    client.send(method="textDocument/didChange", params=changing(3, {"text": "z = 1\n"}))
    client.send(method="textDocument/didChange", params=changing(-1, {"text": BAD}))
    assert len(await client.published(URI, -1)) == 1


async def test_edits_outside_the_text(client: Raw) -> None:
    """Positions past the end mean the end; a range that ends before it starts harms nobody."""
    client.send(method="textDocument/didOpen", params=opening("y = x.exp()\n"))
    assert await client.published(URI, 1) == []
    client.send(method="textDocument/didChange", params=changing(2, between(900, 5, 901, 7, "y.add_(1)\n")))
    assert len(await client.published(URI, 2)) == 1
    client.send(method="textDocument/didChange", params=changing(3, between(1, 2, 0, 9_999, "")))
    client.send(method="textDocument/didChange", params=changing(4, between(2**31 - 1, 2**31 - 1, 0, 0, "a")))
    client.send(method="textDocument/didChange", params=changing(5, between(0, 0, 0, 0, ""), {"text": BAD}))
    assert len(await client.published(URI, 5)) == 1


async def test_opened_twice_closed_twice(client: Raw) -> None:
    client.send(method="textDocument/didOpen", params=opening("z = 1\n"))
    client.send(method="textDocument/didOpen", params=opening(BAD, version=2))
    assert len(await client.published(URI, 2)) == 1
    client.send(method="textDocument/didClose", params={"textDocument": {"uri": URI}})
    client.send(method="textDocument/didClose", params={"textDocument": {"uri": URI}})
    client.send(method="textDocument/didChange", params=changing(5, {"text": BAD}))


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "no uri",
        "untitled:Untitled-1",
        "file://",
        "file:///a%00b.py",
        "http://x/a.py",
        "file:///" + "a" * 5_000,
    ],
)
async def test_odd_names_of_documents(client: Raw, uri: str) -> None:
    client.send(method="textDocument/didOpen", params=opening(BAD, uri))
    client.send(method="textDocument/didChange", params=changing(2, {"text": BAD + "\n"}, uri=uri))
    client.send(
        id=5,
        method="textDocument/hover",
        params={"textDocument": {"uri": uri}, "position": {"line": 1, "character": 3}},
    )
    await client.answer(5)
    client.send(method="textDocument/didClose", params={"textDocument": {"uri": uri}})


async def test_a_thousand_documents(client: Raw) -> None:
    uris = [f"file:///project/part_{number}.py" for number in range(1_000)]
    for uri in uris:
        client.send(method="textDocument/didOpen", params=opening(BAD, uri))
    waiting = set(uris)
    while waiting:
        message = await client.message()
        if message.get("method") == "textDocument/publishDiagnostics":
            assert len(message["params"]["diagnostics"]) == 1
            waiting.discard(message["params"]["uri"])
    for uri in uris:
        client.send(method="textDocument/didClose", params={"textDocument": {"uri": uri}})


async def test_gone_in_the_middle_of_a_message() -> None:
    client = await raw()
    await client.initialize()
    client.input.write(b'Content-Length: 5000\r\n\r\n{"jsonrpc": ')
    client.input.close()
    await asyncio.wait_for(client.process.wait(), 30)


async def test_half_a_character_is_a_text_like_any_other() -> None:
    """JSON can say it, and no file can hold it: with the real analysis."""
    client = await raw(REAL)
    await client.initialize()
    text = "import torch\nx = torch.randn(3, requires_grad=True)\nx.add_(1)\nz = '\ud800'\n# \udfff\n"
    client.send(method="textDocument/didOpen", params=opening(text))
    assert "leaf-modified" in [each.get("code") for each in await client.published(URI, 1)]
    client.send(
        method="textDocument/didChange", params=changing(2, {"text": text.replace("x.add_", "z\ud800.add_")})
    )
    await client.published(URI, 2)
    client.send(id=5, method="shutdown")
    assert (await client.answer(5))["result"] is None
    client.send(method="exit")
    assert await asyncio.wait_for(client.process.wait(), 30) == 0
