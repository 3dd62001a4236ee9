"""The language server: the only place that knows pygls, lsprotocol and position encodings.

One feature per file, each with a ``register(server)``. Nothing here analyses: texts go to one
worker thread (``worker.py``) that owns the session, results come back to the event loop and are published
if nobody has typed since. The reply to ``initialize`` waits for no import of the analysis.
"""

from __future__ import annotations

import gc


def start(tcp: tuple[str, int] | None = None) -> None:
    """Serve until the client says exit: over stdin and stdout, or for one client on a TCP host and port."""
    # What is made here stays: the classes of the protocol alone are tens of thousands of objects, and to look at them again
    # and again for something to collect took an eighth of the time until the reply to ``initialize``.
    gc.disable()
    # Imported here: whoever imports this package to look at it should not pay for pygls.
    from gradsafe.lsp.server import create_server, serve

    server = create_server()
    gc.freeze()
    gc.enable()
    serve(server, tcp)
