"""Where entries lie: one small compressed file each, written beside its place and renamed, with a checksum in front.

Nothing here raises for what is wrong with the disk: an entry that cannot be read is not there, and one that cannot be
written is forgotten. Runs may share a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import platformdirs

VARIABLE = "GRADSAFE_CACHE_DIR"
LIMIT = 256 << 20
"""Bytes; past it the entries that were used longest ago go, until three quarters of it are left."""
LONGEST = 30 * 24 * 3600
"""Seconds after which an entry that nobody used goes."""

_PREFIX = "results-"
_TAG = "CACHEDIR.TAG"
_DAY = 24 * 3600
_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55\n# Results of gradsafe check; `gradsafe clean` removes them.\n"
"""What backup programs look for (bford.info/cachedir)."""


class Folder(Protocol):
    """Keeps texts by name."""

    @property
    def trouble(self) -> str:
        """Why nothing is kept; empty where all is well."""

    def read(self, name: str) -> str | None:
        """The text under ``name``, if it is there and whole."""

    def write(self, name: str, text: str) -> None:
        """Keep a text under ``name``."""

    def close(self) -> None:
        """No more is written."""


class InMemory:
    """A folder for one run: for ``--no-cache``."""

    trouble = ""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}

    def read(self, name: str) -> str | None:
        """See :class:`Folder`."""
        data = self._texts.get(name)
        return zlib.decompress(data).decode() if data is not None else None

    def write(self, name: str, text: str) -> None:
        """See :class:`Folder`."""
        self._texts[name] = zlib.compress(text.encode(), 1)

    def close(self) -> None:
        """See :class:`Folder`."""


class OnDisk:
    """A folder below ``place``; ``stamp`` names the gradsafe whose results these are."""

    def __init__(self, place: Path, stamp: str, limit: int = LIMIT) -> None:
        self._place, self._own, self._limit = place, place / f"{_PREFIX}{stamp}", limit
        self._now = time.time()
        self._written = False
        self._is_read = _is_ours(place)
        self._trouble = "" if self._is_read else f"others can write to {place}"

    @property
    def trouble(self) -> str:
        """See :class:`Folder`."""
        return self._trouble

    def read(self, name: str) -> str | None:
        """See :class:`Folder`. A broken entry is taken for none, and replaced by whoever writes it next."""
        if not self._is_read:
            return None
        path = f"{self._own}{os.sep}{name[:2]}{os.sep}{name[2:]}"
        try:
            with open(path, "rb") as file:  # noqa: PTH123  (thousands are read, and a Path takes as long as that)
                used = os.fstat(file.fileno()).st_mtime
                check, _, data = file.read().partition(b"\n")
            if check != _check(name, data):
                return None
            text = zlib.decompress(data).decode()
        except (OSError, zlib.error, UnicodeDecodeError):
            return None
        if used < self._now - _DAY:
            with contextlib.suppress(OSError):
                os.utime(path)
        return text

    def write(self, name: str, text: str) -> None:
        """See :class:`Folder`. Whoever reads meanwhile sees the old entry or the new; the first failure is the last attempt."""
        if self._trouble:
            return
        data = zlib.compress(text.encode(), 1)
        path = self._own / name[:2] / name[2:]
        try:
            self._make(path.parent)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_check(name, data) + b"\n" + data)
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            self._trouble = f"{path.parent} cannot be written ({error.strerror or error})"
        self._written = True

    def close(self) -> None:
        """See :class:`Folder`. Old entries go."""
        if self._written and not self._trouble:
            _prune(self._place, self._now, self._limit)

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._place.mkdir(parents=True, exist_ok=True, mode=0o700)
        tag = self._place / _TAG
        if not tag.exists():
            tag.write_text(_SIGNATURE, "utf-8")
        folder.mkdir(parents=True, exist_ok=True)


def place_of(given: str | None) -> Path:
    """Where entries lie: as the command line says, else the environment, else the user's folder for such things.

    A project's configuration has no say in it: what is checked may come from anybody.
    """
    named = given or os.environ.get(VARIABLE)
    return Path(named) if named else Path(platformdirs.user_cache_dir("gradsafe", appauthor=False)) / "check"


def clean(place: Path) -> tuple[int, int]:
    """Remove all entries; how many there were, and how many bytes. Raises OSError where they cannot be removed."""
    entries = list(_entries(place))
    for folder in _folders(place):
        shutil.rmtree(folder)
    (place / _TAG).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # there may be something else in it
        place.rmdir()
    return len(entries), sum(size for _, size, _ in entries)


def _check(name: str, data: bytes) -> bytes:
    return hashlib.blake2b(name.encode() + b"\0" + data, digest_size=16).hexdigest().encode()


def _is_ours(place: Path) -> bool:
    """Whether nobody else can have written there: results that another user made up are not to be told."""
    try:
        found = place.stat()
    except OSError:
        return True  # there is none yet
    return not hasattr(os, "getuid") or (found.st_uid in (os.getuid(), 0) and not found.st_mode & 0o002)


def _folders(place: Path) -> list[Path]:
    try:
        return [each for each in place.iterdir() if each.name.startswith(_PREFIX) and not each.is_symlink()]
    except OSError:
        return []


def _entries(place: Path) -> Iterator[tuple[float, int, Path]]:
    """When each was used last, how large it is, and where it lies. Others may remove some meanwhile."""
    for folder in _folders(place):
        for at, _, names in os.walk(folder):
            for name in names:
                with contextlib.suppress(OSError):
                    path = Path(at, name)
                    found = path.stat()
                    yield found.st_mtime, found.st_size, path


def _prune(place: Path, now: float, limit: int) -> None:
    entries = sorted(_entries(place))
    size = sum(each for _, each, _ in entries)
    aim = limit * 3 // 4 if size > limit else size
    for used, bytes_, path in entries:
        if size <= aim and used >= now - LONGEST:
            break
        with contextlib.suppress(OSError):
            path.unlink()
            size -= bytes_
    for folder in _folders(place):
        for at, _, _ in os.walk(folder, topdown=False):
            with contextlib.suppress(OSError):  # not empty
                Path(at).rmdir()
