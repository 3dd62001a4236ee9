"""Starts the server that the extension carries: ``python -I server.py``. With ``--check`` it says whether this Python can.

Every Python must be able to read this file, the oldest included: only then can it say what it lacks. Under ``-I`` nothing
of the open folder, of PYTHONPATH or of the user's packages is imported: the server is the same on every machine.
"""

import os
import sys

LIBS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libs")


def refusal():
    """Why this Python cannot run the server; None if it can."""
    version = "%d.%d" % sys.version_info[:2]
    if sys.version_info < (3, 10):
        return "it is Python %s; gradsafe needs 3.10 or newer" % version
    from importlib.machinery import EXTENSION_SUFFIXES

    # Each compiled module carries the name of the Python that it is for.
    names = os.listdir(os.path.join(LIBS, "libcst"))
    if not any("native" + suffix in names for suffix in EXTENSION_SUFFIXES):
        return "the extension carries no parser for Python %s of this kind" % version
    return None


def main():
    reason = refusal()
    if "--check" in sys.argv[1:]:
        print("no: " + reason if reason else "yes")
        return 0
    if reason:
        sys.stderr.write("gradsafe: %s: %s\n" % (sys.executable, reason))
        return 1
    sys.path.insert(0, LIBS)
    from gradsafe.lsp import start

    return start()


if __name__ == "__main__":
    sys.exit(main())
