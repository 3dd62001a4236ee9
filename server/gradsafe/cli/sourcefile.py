"""A source file that is edited in place: bytes outside the edits come back as they were."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

from gradsafe.cli.failure import Failure
from gradsafe.syntax import source
from gradsafe.syntax.source import Source

WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
"""Replacing a file needs no right to write to it, but whoever took it away from everybody meant it."""


def read(file: str) -> Source:
    """Read a file by its declared encoding (PEP 263), a byte order mark included; line endings are not translated."""
    found = source.read(file)
    if not isinstance(found, Source):
        raise Failure(f"{file}: {found.why}. {found.remedy}")
    return found


def write(before: Source, text: str) -> None:
    """Replace the file's text at once or not at all; refuses if the file has changed since it was read."""
    path = Path(before.file).resolve()
    try:
        data = text.encode(before.encoding)
    except UnicodeEncodeError as error:
        raise Failure(
            f"{before.file}: a fix does not fit its encoding {before.encoding}. Nothing was written."
        ) from error
    try:
        if path.read_bytes() != before.text.encode(before.encoding):
            raise Failure(f"{before.file}: has changed meanwhile and was left alone. Run the command again.")
        if not path.stat().st_mode & WRITABLE or not os.access(path, os.W_OK):
            raise Failure(
                f"{before.file}: is read-only and was left alone. Make it writable, then run again."
            )
        _replace(path, data)
    except OSError as error:
        raise Failure(
            f"{before.file}: cannot be written ({error.strerror}). Nothing of it has changed."
        ) from error


def _replace(path: Path, data: bytes) -> None:
    """Write beside the file, then rename: whoever reads meanwhile sees the old text or the new."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".gradsafe")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        shutil.copymode(path, temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
