"""A folder that holds the tracer and nothing else: all that the user's interpreter gets to see of gradsafe."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

PACKAGE = "gradsafe_tracer"


def tracer_folder() -> Path:
    """Copied once for each version of the tracer, so that its byte code is reused; never the source tree itself."""
    source = _source()
    files = _files(source)
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(source).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    name = f"tracer-{digest.hexdigest()[:16]}"
    for parent in (Path(platformdirs.user_cache_dir("gradsafe")), Path(tempfile.gettempdir()) / _private()):
        with contextlib.suppress(OSError):
            return _filled(parent / name, source, files)
    raise OSError("no folder can be written for the tracer")


def _files(folder: Path) -> list[Path]:
    """The modules, and what they read: the view of the timeline."""
    return sorted(file for file in folder.rglob("*") if file.suffix in (".py", ".html", ".css", ".js"))


def _source() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None and spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def _private() -> str:
    return f"gradsafe-{os.getuid()}" if hasattr(os, "getuid") else "gradsafe"


def _filled(folder: Path, source: Path, files: list[Path]) -> Path:
    target = folder / PACKAGE
    if len(_files(target)) == len(files):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        made = Path(work) / PACKAGE
        made.mkdir()
        for file in files:
            copy = made / file.relative_to(source)
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(file, copy)
        folder.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):  # another run was faster: it put the same files there
            made.rename(target)
    if not target.is_dir():
        raise OSError(f"{target} cannot be made")
    return folder
