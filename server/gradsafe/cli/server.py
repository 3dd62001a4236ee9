"""``gradsafe server``: the language server."""

from __future__ import annotations

import argparse

from gradsafe.cli.failure import Failure


def run(arguments: argparse.Namespace) -> int:
    """Serve one client to its end."""
    address = _address(arguments.tcp) if arguments.tcp else None
    from gradsafe.lsp import start

    try:
        start(address)
    except OSError as error:
        if address is None:
            raise
        raise Failure(f"cannot listen on {arguments.tcp}: {error.strerror}. Choose another port.") from error
    return 0


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise Failure(f"--tcp {text!r} is not a port or HOST:PORT, with a port up to 65535")
    return host or "127.0.0.1", int(port)
