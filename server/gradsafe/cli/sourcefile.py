"""A source file that is edited in place: bytes outside the edits come back as they were."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import tokenize
from dataclasses import dataclass
from pathlib import Path

from gradsafe.cli.failure import Failure


@dataclass(frozen=True)
class SourceFile:
    """What was read: the bytes, and how they are text. Line endings are not translated."""

    name: str
    data: bytes
    encoding: str
    text: str


def read(name: str) -> SourceFile:
    """Read a Python source by its declared encoding (PEP 263), a byte order mark included."""
    try:
        data = Path(name).read_bytes()
    except OSError as error:
        raise Failure(f"{name}: cannot be read ({error.strerror}).") from error
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise Failure(f"{name}: {undecodable(error)}") from error
    if text.encode(encoding) != data:
        raise Failure(f"{name}: its encoding {encoding} does not give back the same bytes. Save it as UTF-8.")
    return SourceFile(name, data, encoding, text)


def undecodable(error: Exception) -> str:
    """What is wrong with the bytes of a file, and what to do."""
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        return (
            f"not {error.encoding.upper()}: byte 0x{byte:02x} at offset {error.start}. Save the file as UTF-8, "
            "or declare its encoding in the first line (# -*- coding: latin-1 -*-)."
        )
    return f"declares an encoding that Python does not know ({error}). Save the file as UTF-8."


def write(source: SourceFile, text: str) -> None:
    """Replace the file's text at once or not at all; refuses if the file has changed since it was read."""
    path = Path(source.name).resolve()
    try:
        data = text.encode(source.encoding)
    except UnicodeEncodeError as error:
        raise Failure(
            f"{source.name}: a fix does not fit its encoding {source.encoding}. Nothing was written."
        ) from error
    try:
        if path.read_bytes() != source.data:
            raise Failure(f"{source.name}: has changed meanwhile and was left alone. Run the command again.")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".gradsafe")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            shutil.copymode(path, temporary)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Failure(
            f"{source.name}: cannot be written ({error.strerror}). Nothing of it has changed."
        ) from error
