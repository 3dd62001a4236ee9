"""A source file as Python reads it: byte order mark, encoding declaration, line ends left as they are."""

from __future__ import annotations

import hashlib
import io
import tokenize
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """What a file holds. ``text.encode(encoding)`` gives its bytes back (a byte order mark is in the encoding's name)."""

    file: str
    text: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file has no text, and what to do about it."""

    file: str
    why: str
    remedy: str


def read(file: str) -> Source | Unreadable:
    """The text of a file. Never raises: whatever is wrong with the file is the answer."""
    path = Path(file)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return Unreadable(
                file,
                f"has {size // (1 << 20)} MB; more than {MAX_BYTES >> 20} MB are not read",
                "Exclude it: it is not a program that a person wrote.",
            )
        data = path.read_bytes()
    except FileNotFoundError:
        return Unreadable(file, "there is no such file", "Check the path.")
    except IsADirectoryError:
        return _folder(file)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        if path.is_dir():  # Windows calls it a denied permission
            return _folder(file)
        why = getattr(error, "strerror", None) or str(error)
        return Unreadable(file, f"cannot be read ({why})", "Check its permissions.")
    return decode(file, data)


def digest_of(data: bytes) -> str:
    """A short name for some bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _folder(file: str) -> Unreadable:
    return Unreadable(file, "is a folder", "Name a file in it.")


def decode(file: str, data: bytes) -> Source | Unreadable:
    """The text of a file's bytes by PEP 263; UTF-8 where nothing is declared."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return Source(file, data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        byte, row = data[error.start], data.count(b"\n", 0, error.start) + 1
        why = f"is not {error.encoding.upper()}: byte 0x{byte:02x} in line {row}"
        remedy = "Save it as UTF-8, or declare its encoding in the first line (# -*- coding: latin-1 -*-)."
        return Unreadable(file, why, remedy)
    except (SyntaxError, LookupError) as error:
        # detect_encoding says "invalid or missing encoding declaration" also where the first lines are not UTF-8.
        return Unreadable(
            file, f"its encoding cannot be told ({error})", "Save it as UTF-8, or correct the declaration."
        )
