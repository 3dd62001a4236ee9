"""``python -m gradsafe.lsp``: the server on stdin and stdout, without the command line's imports."""

from gradsafe.lsp import start

start()
