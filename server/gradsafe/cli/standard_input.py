"""``gradsafe check -``: the text comes from standard input, as an editor or a hook has it before it is on the disk."""

from __future__ import annotations

import argparse
import sys

from gradsafe.cli.failure import Failure
from gradsafe.cli.opening import Opened, open_text
from gradsafe.project.cache.folder import Folder
from gradsafe.syntax.source import Source, decode

HERE = "-"
UNNAMED = "stdin.py"
"""What the text is called that nobody has named; its imports are looked up from the folder that the command runs in."""

_NEED_FILES = ("watch", "changed_since", "add_ignores")


def is_meant(arguments: argparse.Namespace) -> bool:
    """Whether the text is to be read from standard input; ``--stdin-filename`` alone says so, too.

    Raises Failure where other paths are named besides, or an option that needs files.
    """
    if HERE not in arguments.paths and arguments.stdin_filename is None:
        return False
    if arguments.paths not in ([HERE], ["."]):
        raise Failure("standard input (-, --stdin-filename) is judged alone. Name no other path.")
    for option in _NEED_FILES:
        if getattr(arguments, option):
            raise Failure(f"--{option.replace('_', '-')} needs files. Name them instead of -.")
    return True


def open_standard_input(arguments: argparse.Namespace, folder: Folder, advice: bool) -> Opened:
    """The text by its declared encoding, judged as if it stood in the file that it is named after, whether or not there is one.

    Raises Failure where it is none that can be judged.
    """
    name = arguments.stdin_filename or UNNAMED
    if name.endswith(".ipynb"):
        raise Failure(f"{name}: a notebook is not read from standard input. Name the file itself.")
    found = decode(name, sys.stdin.buffer.read())
    if not isinstance(found, Source):
        raise Failure(f"{found.file}: {found.why}. {found.remedy}")
    return open_text(found.file, found.text, folder, advice)
