"""The output of a child: emptied all the time, passed on up to a limit, cut into runs where the child marks their ends."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import threading
from collections.abc import Callable
from typing import IO, Any

OUTPUT_LIMIT = 1 << 20
"""How many characters of each stream of a run are passed on; a program may print for ever."""
PIECE = 1 << 16

OnOutput = Callable[[str, str], None]
"""Called with the stream's name (``stdout``, ``stderr``) and a piece of text; from a thread of its own."""
OnMark = Callable[[str, dict[str, Any]], None]
"""Called with the stream's name and what the child has written into the mark."""


class Pump:
    """Empties one pipe, so that the child never blocks on it, and passes on the beginning of each run's output.

    With a ``token``, ``\\x1eTOKEN{json}\\x1e\\n`` in the stream is a mark and not output.
    """

    def __init__(
        self,
        stream: str,
        pipe: IO[bytes],
        on_output: OnOutput | None,
        token: str | None = None,
        on_mark: OnMark | None = None,
    ) -> None:
        self.stream = stream
        self.on_output = on_output
        self._pipe = pipe
        self._opening = None if token is None else b"\x1e" + token.encode("ascii")
        self._on_mark = on_mark
        self._held = b""
        self.begin()
        self._thread = threading.Thread(target=self._run, name=f"gradsafe-{stream}", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        """Another run begins: what was printed so far is not of it."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pieces: list[str] = []
        self._room = OUTPUT_LIMIT

    def join(self, timeout: float) -> None:
        """Waits for the end of the stream."""
        self._thread.join(timeout)

    def text(self) -> str:
        """The beginning of what was printed since :meth:`begin`."""
        return "".join(self._pieces)

    def _run(self) -> None:
        with self._pipe as pipe:
            while piece := os.read(pipe.fileno(), PIECE):
                self._take(piece)
        self._pass(self._held)

    def _take(self, piece: bytes) -> None:
        if self._opening is None:
            self._pass(piece)
            return
        piece = self._held + piece
        self._held = b""
        while (at := piece.find(self._opening)) >= 0:
            end = piece.find(b"\x1e\n", at + 1)
            if end < 0:
                break
            self._pass(piece[:at])
            self._mark(piece[at + len(self._opening) : end])
            piece = piece[end + 2 :]
        keep = at if at >= 0 else _possible_start(piece, self._opening)
        self._pass(piece[:keep])
        self._held = piece[keep:]

    def _mark(self, written: bytes) -> None:
        if self._on_mark is not None:
            with contextlib.suppress(ValueError):  # another process wrote over it
                self._on_mark(self.stream, json.loads(written))

    def _pass(self, piece: bytes) -> None:
        if not piece or self._room <= 0:
            return
        text = self._decoder.decode(piece)[: self._room]
        self._room -= len(text)
        if self._room <= 0:
            text += f"\n[gradsafe: the program prints more than {OUTPUT_LIMIT:,} characters; the rest is left out]\n"
        self._pieces.append(text)
        if self.on_output is not None:
            with contextlib.suppress(Exception):  # a listener that fails must not stop the child
                self.on_output(self.stream, text)


def _possible_start(piece: bytes, opening: bytes) -> int:
    """Where the end of ``piece`` may be the beginning of a mark; its length where it is not."""
    at = piece.rfind(b"\x1e", max(0, len(piece) - len(opening)))
    return at if at >= 0 and opening.startswith(piece[at:]) else len(piece)
