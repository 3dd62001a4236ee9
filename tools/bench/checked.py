"""Measurements of whole runs: ``gradsafe check`` with and without what it has kept, compiled and not, in one process and in two, and TorchFix."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tools.bench.memory import run_watched
from tools.bench.peers import Installed

ALONE, COLD = "gradsafe check -j 1, nothing kept", "gradsafe check -j 2, nothing kept"
PURE = "gradsafe check -j 2, nothing kept, pure Python"
KEPT, OTHER = "gradsafe check, results kept", "TorchFix"
"""The names of the runs."""


@dataclass(frozen=True)
class Run:
    """One run. ``status``: that of the command."""

    name: str
    seconds: float
    peak_mb: float
    status: int


def sample(folder: Path, every: int) -> list[str]:
    """Every Nth file of transformers, in order, as named from the folder of its sources."""
    files = sorted(path for path in (folder / "transformers").rglob("*.py"))
    return [str(path.relative_to(folder)) for path in files[::every]]


def measure(
    folder: Path,
    files: list[str],
    gradsafe: Installed,
    torchfix: Installed | None,
    tell: Callable[[str], None],
    slow: bool = True,
) -> list[Run]:
    """The runs, one after the other; ``slow``: one process by itself and pure Python, too."""
    options = ["check", "--output-format", "concise", "--exit-zero"]
    check, pure = [gradsafe.command[0], *options], [sys.executable, "-m", "gradsafe", *options]
    with ExitStack() as stack:
        one, two, three = (stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(3))
        commands = {
            ALONE: [*check, "-j", "1", "--cache-dir", one, *files],
            COLD: [*check, "-j", "2", "--cache-dir", two, *files],
            PURE: [*pure, "-j", "2", "--cache-dir", three, *files],
            KEPT: [*check, "--cache-dir", two, *files],
        }
        if not slow:
            del commands[ALONE], commands[PURE]
        if torchfix is not None:
            commands[OTHER] = [*torchfix.command, *files]
        runs = []
        for name, command in commands.items():
            tell(f"{name}: {len(files)} files")
            seconds, peak, status, _ = run_watched(command, folder)
            runs.append(Run(name, seconds, peak, status))
    return runs
