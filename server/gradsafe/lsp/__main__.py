"""``python -m gradsafe.lsp``: the server on stdin and stdout, without the command line's imports."""

import os
import sys

# ``-m`` puts the working directory first on the path, and editors start servers in the folder that is open: a ``libcst.py``
# in it must not be imported.
if sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109  (pathlib would be imported before the cut)
    del sys.path[0]

from gradsafe.lsp import start

start()
