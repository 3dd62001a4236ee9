"""Python text to try the scanner on: this project's own files, and torch's where torch is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_TORCH = [
    "optim/adam.py",
    "nn/modules/rnn.py",
    "_tensor_str.py",
    "nn/modules/container.py",
    "autograd/function.py",
]


def texts(limit: int = 12) -> list[str]:
    """At most ``limit`` texts, line ends as they are in the file."""
    paths = sorted((ROOT / "server").rglob("*.py"))[:limit]
    spec = find_spec("torch")
    if spec is not None and spec.origin is not None:
        paths = [*(Path(spec.origin).parent / name for name in _TORCH), *paths]
    found = []
    for path in paths[:limit]:
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                found.append(file.read())
    return found
