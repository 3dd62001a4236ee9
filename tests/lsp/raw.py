"""A client without manners: it may say anything, in any order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from session import SCRIPTED, WAIT_S


class Raw:
    """A client that may say anything: writes bytes, reads messages."""

    def __init__(
        self, process: asyncio.subprocess.Process, input: asyncio.StreamWriter, output: asyncio.StreamReader
    ) -> None:
        self.process, self.input, self.output = process, input, output

    def send(self, **message: Any) -> None:
        self.send_body(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def send_body(self, body: bytes) -> None:
        self.input.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def message(self) -> dict[str, Any]:
        """Whatever comes next."""
        length = 0
        while (line := await asyncio.wait_for(self.output.readline(), WAIT_S)).strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has gone"
        message: dict[str, Any] = json.loads(await self.output.readexactly(length))
        return message

    async def answer(self, id: int) -> dict[str, Any]:
        """The answer to a request."""
        while True:
            message = await self.message()
            if message.get("id") == id and "method" not in message:
                return message

    async def published(self, uri: str, version: int | None) -> list[Any]:
        """The next diagnostics of this version of a document."""
        while True:
            message = await self.message()
            params = message.get("params")
            if (
                message.get("method") == "textDocument/publishDiagnostics"
                and params["uri"] == uri
                and params.get("version") == version
            ):
                diagnostics: list[Any] = params["diagnostics"]
                return diagnostics

    async def initialize(self) -> None:
        self.send(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})
        assert "result" in await self.answer(1)
        self.send(method="initialized", params={})


async def raw(command: Sequence[str] = tuple(SCRIPTED)) -> Raw:
    """A server that has been started, and nothing more."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    return Raw(process, process.stdin, process.stdout)
