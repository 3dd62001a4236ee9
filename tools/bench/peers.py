"""Who is measured: gradsafe, the floor, and releases from PyPI, each in an environment of its own (TorchFix pins an old libcst)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent


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
GRADSAFE = Peer("gradsafe", (sys.executable, "-m", "gradsafe", "server"))
SETTLED = Peer("gradsafe, settled", GRADSAFE.command, pulls=True, slow="all")
SERVERS = (
    FLOOR,
    GRADSAFE,
    SETTLED,
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
    if not (folder / "installed").exists():
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *peer.packages])
        (folder / "installed").touch()
    program, *rest = peer.command
    return Installed(
        peer, (str(scripts / program), *rest), _version(python, peer.packages[0].partition("[")[0])
    )


def _version(python: str, package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return _run([python, "-c", code]).strip()


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    return done.stdout
