"""What a running program prints, sent on as it comes: in pieces of a moment, so that no flood reaches the client."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

OUTPUT = "gradsafe/output"
EVERY_S = 0.05


class Output:
    """The output of one run. :meth:`write` is called from the threads that read the child, the rest on the loop."""

    def __init__(self, server: GradsafeServer, uri: str) -> None:
        self._server = server
        self._uri = uri
        self._lock = threading.Lock()
        self._pieces: list[tuple[str, str]] = []
        self._line: dict[str, str] = {}

    def write(self, stream: str, text: str) -> None:
        """Remembers ``text``; the first piece of a moment asks the loop to send it with what follows."""
        with self._lock:
            self._pieces.append((stream, text))
            first = len(self._pieces) == 1
        if first:
            self._server.on_loop(self._later)

    def _later(self) -> None:
        self._server.loop.call_later(EVERY_S, self.flush)

    def flush(self) -> None:
        """Sends what has come, neighbours of one stream in one message."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
        joined: list[tuple[str, list[str]]] = []
        for stream, text in pieces:
            if not joined or joined[-1][0] != stream:
                joined.append((stream, []))
            joined[-1][1].append(text)
        for stream, texts in joined:
            self._send(stream, "".join(texts))

    def close(self) -> None:
        """The run is over: what is left, a last line without an end included."""
        self.flush()
        for rest in self._line.values():
            if rest:
                self._log(rest)
        self._line = {}

    def _send(self, stream: str, text: str) -> None:
        if self._server.options.shows_traces:
            self._server.protocol.notify(OUTPUT, {"uri": self._uri, "stream": stream, "text": text})
            return
        # A log shows a message as a line of its own: so whole lines only.
        lines, _, self._line[stream] = (self._line.get(stream, "") + text).rpartition("\n")
        if lines:
            self._log(lines)

    def _log(self, text: str) -> None:
        self._server.window_log_message(types.LogMessageParams(type=types.MessageType.Log, message=text))
