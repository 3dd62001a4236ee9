"""Who is measured: the floor, gradsafe, and releases from PyPI, each in an environment of its own (TorchFix pins an old libcst).

gradsafe is measured as it is installed, compiled (``make wheel``), and once more as pure Python.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
DIST = HERE.parents[1] / "dist"
WHEEL = "the wheel in dist"
"""Among packages: what ``make wheel`` has made."""


@dataclass(frozen=True)
class Peer:
    """A server. ``packages``: what pip installs for it; none: it runs in this environment. ``slow``: it gets the
    first keystrokes only, and those in one place or in all of them."""

    name: str
    command: tuple[str, ...]
    packages: tuple[str, ...] = ()
    pulls: bool = False
    slow: Literal["", "one", "all"] = ""


FLOOR = Peer("an empty pygls server", (sys.executable, str(HERE / "floor.py")))
GRADSAFE = Peer("gradsafe", ("gradsafe", "server"), (WHEEL,))
SETTLED = Peer("gradsafe, settled", GRADSAFE.command, (WHEEL,), pulls=True, slow="all")
PURE = Peer("gradsafe, pure Python", (sys.executable, "-m", "gradsafe", "server"))
SERVERS = (
    FLOOR,
    GRADSAFE,
    SETTLED,
    PURE,
    Peer("ruff server", ("ruff", "server"), ("ruff",)),
    Peer("basedpyright", ("basedpyright-langserver", "--stdio"), ("basedpyright",), slow="one"),
    Peer("pylsp", ("pylsp",), ("python-lsp-server[all]",), slow="one"),
)
TORCHFIX = Peer("TorchFix", ("torchfix",), ("TorchFix",))


class Missing(Exception):
    """A peer that cannot be installed here; the message is pip's last word."""


@dataclass(frozen=True)
class Installed:
    """A peer that can be run, and the version that it is."""

    peer: Peer
    command: tuple[str, ...]
    version: str


def install(peer: Peer, cache: Path) -> Installed:
    """Make sure that the peer is there."""
    if not peer.packages:
        name = "pygls" if peer is FLOOR else "gradsafe"
        return Installed(peer, peer.command, _version(sys.executable, name))
    folder = cache / "envs" / peer.command[0]
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = str(scripts / "python")
    packages = [str(_wheel()) if each == WHEEL else each for each in peer.packages]
    wanted = "\n".join(_told(each) for each in packages)
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
        stamp.write_text(wanted, "utf-8")
    program, *rest = peer.command
    name = "gradsafe" if WHEEL in peer.packages else packages[0].partition("[")[0]
    return Installed(peer, (str(scripts / program), *rest), _version(python, name))


def _wheel() -> Path:
    """The compiled wheel for this interpreter. Raises Missing where there is none."""
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    found = sorted(DIST.glob(f"gradsafe-*-{tag}-{tag}-*.whl"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise Missing("there is no compiled wheel in dist; `make wheel` makes it")
    return found[-1]


def _told(package: str) -> str:
    """What is installed: of a wheel its contents, too."""
    digest = hashlib.sha256(Path(package).read_bytes()).hexdigest() if package.endswith(".whl") else ""
    return f"{Path(package).name if digest else package} {digest}".strip()


def _version(python: str, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return _run([python, "-c", code]).strip()


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    return done.stdout
