"""The one exception that a command may raise for a person to read."""

from __future__ import annotations

CANCELLED = 130
"""The exit status after Ctrl+C, as shells have it."""


class Failure(Exception):
    """Something that the user can mend. The message names the file and the remedy."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status
