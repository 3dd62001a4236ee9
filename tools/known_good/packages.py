"""Which releases are looked at, and how their sources get onto this disk.

Nothing of a package is ever built, imported or run: only wheels are downloaded, and only their Python files unpacked.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

PINS = Path(__file__).with_name("packages.txt")
_ONLY = "only="


class Unavailable(Exception):
    """A release that pip could not bring; the message is pip's last word."""


@dataclass(frozen=True, slots=True)
class Package:
    """One pinned release. ``options`` are pip's, where the only wheels are for another Python."""

    name: str
    version: str
    options: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """The folders that are judged; none: all. The others are there to be imported from."""
    every: int = 1
    """Every Nth file is judged: a sample, where all of them take hours."""

    @property
    def release(self) -> str:
        return f"{self.name}-{self.version}"

    @property
    def label(self) -> str:
        return self.release if self.every == 1 else f"{self.release}, 1 file of {self.every}"


def pinned(wanted: Iterable[str] = (), every: int = 1) -> list[Package]:
    """The packages of ``packages.txt``, or those of them that are wanted, of each every Nth file."""
    found: dict[str, Package] = {}
    for line in PINS.read_text("utf-8").splitlines():
        requirement, *options = line.partition("#")[0].split() or [""]
        name, _, version = requirement.partition("==")
        if name:
            only = [each.removeprefix(_ONLY).split(",") for each in options if each.startswith(_ONLY)]
            given = tuple(each for each in options if not each.startswith(_ONLY))
            found[name] = Package(name, version, given, tuple(chain.from_iterable(only)), every)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise SystemExit(f"not in {PINS.name}: {', '.join(missing)}")
    return [found[name] for name in wanted] or list(found.values())


def sources(package: Package, cache: Path) -> Path:
    """The folder with the package's Python files, downloaded and unpacked if need be."""
    folder = cache / "sources" / package.release
    if folder.is_dir():
        return folder
    making = folder.with_name(folder.name + ".part")
    making.mkdir(parents=True, exist_ok=True)
    if not _copy_installed(package, making):
        with tempfile.TemporaryDirectory() as downloads:
            _unpack(_download(package, Path(downloads)), making)
    return making.rename(folder)


def _copy_installed(package: Package, folder: Path) -> bool:
    """Torch is large, and installed where this runs: then it is not downloaded once more."""
    try:
        distribution = importlib.metadata.distribution(package.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    if distribution.version.partition("+")[0] != package.version:
        return False
    for file in distribution.files or ():
        if file.suffix == ".py" and ".." not in file.parts:
            _write(folder / file, Path(str(distribution.locate_file(file))).read_bytes())
    return True


def _download(package: Package, folder: Path) -> Path:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder),
        *package.options, f"{package.name}=={package.version}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        lines = done.stderr.strip().splitlines() or ["pip brought no wheel"]
        raise Unavailable(lines[-1])
    return wheels[0]


def _unpack(wheel: Path, folder: Path) -> None:
    for name, content in _python_files(wheel):
        _write(folder / name, content)


def _python_files(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            parts = Path(member.filename).parts
            if member.filename.endswith(".py") and ".." not in parts and not member.filename.startswith("/"):
                yield member.filename, archive.read(member)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
