"""Programs to trace, written to a folder of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gradsafe.trace import TraceRequest

Write = Callable[..., TraceRequest]

LOUD = """\
import torch
x = torch.ones(3, requires_grad=True)
y = x.exp()
y.add_(1)
y.sum().backward()
"""


@pytest.fixture
def program(tmp_path: Path) -> Write:
    """``program(held, **fields)``: a request to trace a file that holds that text."""

    def write(held: str, **fields: object) -> TraceRequest:
        path = tmp_path / "program.py"
        path.write_text(held, encoding="utf-8")
        return TraceRequest(**{"file": str(path), "python": sys.executable, **fields})  # type: ignore[arg-type]

    return write


@pytest.fixture
def no_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children find no torch: also a fast way to start one."""
    folder = tmp_path / "without"
    folder.mkdir()
    (folder / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
