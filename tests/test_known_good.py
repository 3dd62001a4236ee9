"""Torch's own code is known to work: no crash and no error in it. ``make known-good`` does this for released packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from tools.known_good.judge import judge_slice
from tools.known_good.packages import Package
from tools.known_good.run import python_files

PACKAGES = ("nn", "optim", "distributions")
FILES = 12
"""Of each package so many files, evenly spread: about ten seconds."""


def _torch() -> Path:
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        pytest.skip("torch is not installed")
    return Path(spec.origin).parent


@pytest.mark.torch
@pytest.mark.parametrize("package", PACKAGES)
def test_no_crash_and_no_error(package: str, tmp_path: Path) -> None:
    # `site-packages` is a folder that `check` never enters; what is judged is a copy of the sources.
    root = _torch().parent
    copy = tmp_path / "torch" / package
    for file in (_torch() / package).rglob("*.py"):
        target = copy / file.relative_to(root / "torch" / package)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    files = python_files(Package("any", "1"), tmp_path)
    assert len(files) >= FILES
    chosen = files[:: max(1, len(files) // FILES)]
    result = judge_slice(str(tmp_path), chosen)
    assert [(each["file"], each["crashes"]) for each in result["files"] if each["crashes"]] == []
    assert [each for each in result["findings"] if each["severity"] == "error"] == []
