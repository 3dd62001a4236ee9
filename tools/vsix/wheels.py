"""Wheels: downloaded for other machines than this one, and laid out side by side in one folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from .requirements import Requirement
from .targets import PYTHONS, Target

_UNUSED = ("tests", "codemod", "codegen")
"""Folders of libcst that the server does not import; ``codemod`` would want a YAML parser."""


class Unavailable(Exception):
    """What pip could not bring; the message says what and why."""


def download(requirement: Requirement, target: Target, cache: Path) -> list[Path]:
    """The wheels of one release for ``target``: one, or one for each Python. Raises :class:`Unavailable`."""
    if not requirement.native:
        options = [
            "--platform",
            "any",
            "--implementation",
            "py",
            "--abi",
            "none",
            "--python-version",
            PYTHONS[0],
        ]
        return [_download(requirement, options, cache / "any")]
    tags = [part for tag in target.tags for part in ("--platform", tag)]
    return [
        _download(requirement, [*tags, "--python-version", python], cache / target.name / python)
        for python in PYTHONS
    ]


def _download(requirement: Requirement, options: list[str], folder: Path) -> Path:
    name = requirement.name.replace("-", "_")
    pattern = f"{name}-{requirement.version}-*.whl"
    if not list(folder.glob(pattern)):
        command = [
            sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps",
            "--only-binary", ":all:", "--dest", str(folder), *options, f"{requirement.name}=={requirement.version}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Unavailable(
                f"{requirement.name} {requirement.version} ({' '.join(options)}): pip says: {why}"
            )
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise Unavailable(
            f"{folder} should hold one {pattern} and holds {len(found)}: delete it and try again"
        )
    return found[0]


def build_own(root: Path, folder: Path) -> Path:
    """Our own wheel, built from ``root``. Raises :class:`Unavailable`."""
    # setuptools puts into a wheel what lies in "build", whether its source is still there or not.
    shutil.rmtree(root / "build", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("gradsafe-*.whl"):
        old.unlink()
    command = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps",
        "--wheel-dir", str(folder), str(root),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    shutil.rmtree(root / "build", ignore_errors=True)
    if done.returncode:
        raise Unavailable(f"gradsafe's own wheel could not be built:\n{done.stderr.strip()}")
    return next(folder.glob("gradsafe-*.whl"))


def unpack(wheels: Iterable[Path], folder: Path) -> None:
    """Lay the wheels' files into ``folder``. Raises ValueError where two wheels differ in a file."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                path = PurePosixPath(member.filename)
                if not member.is_dir() and _is_wanted(path):
                    _lay(folder / path, archive.read(member), wheel)


def _is_wanted(path: PurePosixPath) -> bool:
    if ".." in path.parts or path.is_absolute() or path.parts[0].endswith(".data"):
        return False
    if path.parts[0].endswith(".dist-info"):
        # Licences go with what they license; the record tells versions.
        return path.name == "METADATA" or "licen" in str(path).lower()
    return path.suffix != ".pyi" and not (path.parts[0] == "libcst" and set(path.parts) & set(_UNUSED))


def _lay(path: Path, content: bytes, wheel: Path) -> None:
    if path.exists() and path.read_bytes() != content and ".dist-info" not in str(path):
        raise ValueError(f"{wheel.name} has another {path.name} than the wheels before it")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
