"""The least client that can time a server: bytes in, bytes out, and a thread that notes when each message came."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

WAIT_S = 60.0
"""Past this a server is said not to answer."""

Message = dict[str, Any]


class NoAnswer(Exception):
    """A server has not said what was waited for."""


class Client:
    """One server, in a folder. ``pulls``: it is asked for diagnostics, and answers once nothing is left to be found."""

    def __init__(self, command: Sequence[str], folder: Path, pulls: bool = False) -> None:
        self.pulls = pulls
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._came: queue.SimpleQueue[tuple[float, Message]] = queue.SimpleQueue()
        self._number = 0
        self._version = 0
        threading.Thread(target=self._read, daemon=True).start()
        answer = self.request("initialize", _initialize(folder, pulls))
        self.greeted_ms = (time.perf_counter() - self.started) * 1000
        sync = (answer.get("result") or {}).get("capabilities", {}).get("textDocumentSync", 1)
        self._is_incremental = (sync.get("change", 1) if isinstance(sync, dict) else sync) == 2
        self.notify("initialized", {})

    def open(self, uri: str, text: str) -> float:
        """Milliseconds from opening a document to its first diagnostics."""
        self._version = 1
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        return self._timed(uri, lambda: self.notify("textDocument/didOpen", {"textDocument": document}))

    def change(self, uri: str, start: dict[str, int], end: dict[str, int], new: str, text: str) -> float:
        """Milliseconds from an edit (``text`` is what it comes to) to the diagnostics of it."""
        self._version += 1
        change: Message = {"range": {"start": start, "end": end}, "text": new} if self._is_incremental else {"text": text}  # fmt: skip
        about = {"uri": uri, "version": self._version}
        return self._timed(
            uri, lambda: self.notify("textDocument/didChange", {"textDocument": about, "contentChanges": [change]})
        )  # fmt: skip

    def reset(self, uri: str, text: str) -> None:
        """The document holds ``text`` again, and the server has said what it thinks of it."""
        self._version += 1
        about = {"uri": uri, "version": self._version}
        self._timed(uri, lambda: self.notify("textDocument/didChange", {"textDocument": about, "contentChanges": [{"text": text}]}))  # fmt: skip

    def quit(self) -> None:
        """As the protocol wants it, else at once."""
        try:
            self.request("shutdown", None)
            self.notify("exit", None)
            self.process.wait(5)
        except (NoAnswer, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()

    def request(self, method: str, params: Any) -> Message:
        """The answer to a request."""
        self._number += 1
        number = self._number
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return self._until(lambda message: message.get("id") == number and "method" not in message)[1]

    def notify(self, method: str, params: Any) -> None:
        """A notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def _timed(self, uri: str, act: Callable[[], None]) -> float:
        while not self._came.empty():  # what is still told of the text before
            self._came.get()
        before = time.perf_counter()
        act()
        if self.pulls:
            self.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
            return (time.perf_counter() - before) * 1000
        return (self._until(lambda message: self._is_of(message, uri))[0] - before) * 1000

    def _is_of(self, message: Message, uri: str) -> bool:
        params = message.get("params") or {}
        is_published = message.get("method") == "textDocument/publishDiagnostics" and params.get("uri") == uri
        return is_published and params.get("version") in (None, self._version)

    def _until(self, is_it: Callable[[Message], bool]) -> tuple[float, Message]:
        until = time.perf_counter() + WAIT_S
        while (left := until - time.perf_counter()) > 0:
            try:
                at, message = self._came.get(timeout=left)
            except queue.Empty:
                break
            if is_it(message):
                return at, message
        raise NoAnswer(f"nothing came in {WAIT_S:.0f} s")

    def _send(self, message: Message) -> None:
        data = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def _read(self) -> None:
        out = self.process.stdout
        assert out is not None
        while line := out.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = out.readline()
            data = out.read(length)
            at = time.perf_counter()
            message = json.loads(data)
            if "method" in message and "id" in message:
                self._answer(message)
            else:
                self._came.put((at, message))

    def _answer(self, asked: Message) -> None:
        """What servers ask is answered with nothing: defaults hold."""
        items = (
            (asked.get("params") or {}).get("items") if asked["method"] == "workspace/configuration" else None
        )
        self._send({"jsonrpc": "2.0", "id": asked["id"], "result": [None] * len(items) if items else None})


def _initialize(folder: Path, pulls: bool) -> Message:
    document: Message = {"publishDiagnostics": {"versionSupport": True}, "synchronization": {}}
    if pulls:
        document["diagnostic"] = {}
    return {
        "processId": None,
        "rootUri": folder.as_uri(),
        "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
        "capabilities": {
            "textDocument": document,
            "workspace": {"configuration": True, "workspaceFolders": True},
            "general": {"positionEncodings": ["utf-16"]},
        },
    }
