"""``python -m gradsafe_tracer``: the program finds what it finds under ``python``; every way to fail says what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from gradsafe_tracer.running import command

TELLS = """
import json, sys
main = sys.modules["__main__"]
print(json.dumps([
    sys.argv, sys.path[0], __name__, __package__, __spec__ and __spec__.name, __file__, type(__loader__).__name__,
    sorted(name for name in vars(main) if name.startswith("__")), type(__builtins__).__name__, main.__dict__ is globals(),
]))
"""
LOUD = "import torch\ny = torch.ones(3, requires_grad=True).exp()\ny.add_(1)\ny.sum().backward()\n"


def run(folder: Path, *arguments: str, tracer: bool = True, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *(["-m", "gradsafe_tracer"] if tracer else []), *arguments]
    environment = {**os.environ, **more}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ("tells.py", "--html", "-m", "x", "--", "y"),
        ("inner/../tells.py",),
        ("-m", "package.tells", "--events", "e"),
        ("-m", "package", "1"),
    ],
)
def test_as_python_runs_it(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    for folder in ("package", "inner"):
        (tmp_path / folder).mkdir()
    for name in ("tells.py", "package/tells.py", "package/__main__.py"):
        (tmp_path / name).write_text(TELLS)
    (tmp_path / "package/__init__.py").write_text("")
    plain, traced = run(tmp_path, *arguments, tracer=False), run(tmp_path, *arguments)
    assert json.loads(traced.stdout) == json.loads(plain.stdout)
    assert traced.returncode == 0, traced.stderr
    assert "completed, no finding" in traced.stderr


def test_safe_path_stays_safe(tmp_path: Path) -> None:
    if sys.version_info < (3, 11):
        pytest.skip("PYTHONSAFEPATH came with Python 3.11")
    (tmp_path / "tells.py").write_text(TELLS)
    plain = run(tmp_path, "tells.py", tracer=False, PYTHONSAFEPATH="1")
    assert json.loads(run(tmp_path, "tells.py", PYTHONSAFEPATH="1").stdout) == json.loads(plain.stdout)


def test_story_page_and_status(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(LOUD)
    ran = run(tmp_path, "--html", "report.html", "loud.py")
    assert ran.returncode == 1
    assert "raised RuntimeError at line 4, 1 finding" in ran.stderr
    assert "modified  loud.py:3: y.add_(1)   <- change this line" in ran.stderr
    assert "saved-tensor-modified" in (tmp_path / "report.html").read_text("utf-8")


def test_dry_run(tmp_path: Path) -> None:
    (tmp_path / "loud.py").write_text(LOUD.replace("y.sum()", "print(y.sum().item())\ny.sum()") + "never()\n")
    ran = run(tmp_path, "--dry-run", "loud.py")
    assert (ran.returncode, ran.stdout) == (1, "nan\n")
    assert "modified  loud.py:3: y.add_(1)" in ran.stderr
    (tmp_path / "asks.py").write_text("import torch\nif torch.ones(1).sum() > 0:\n    pass\n")
    ran = run(tmp_path, "--dry-run", "asks.py")
    assert ran.returncode == 0
    assert "the dry run ends at asks.py:2: a decision by a tensor's value needs values" in ran.stderr
    assert "run it without --dry-run" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said", "status"),
    [
        (("none.py",), "none.py: no such file. Check the spelling", 2),
        (("-m", "no.such"), "No module named 'no'). Check the spelling", 2),
        (("-m", "no_such"), "No module named no_such. Check the spelling", 2),
        (("folder",), "folder is a folder. Name a file in it", 2),
        (("syntax.py",), "syntax.py:1: '(' was never closed. Mend the syntax first", 2),
        (("--cell", "7", "fine.py"), "there is no cell 7. Cells start with", 2),
        (("--html", "no/page.html", "fine.py"), "does not exist. Make it", 2),
        (("--html", "/dev/full", "fine.py"), "No space left on device. The findings stand above", 2),
        ((), "name the program to run", 2),
        (("--bogus", "fine.py"), "unrecognized arguments: --bogus", 2),
        (("exits.py",), "completed, no finding", 0),
        (("cuda.py",), "the program needs CUDA, and torch finds none here", 1),
    ],
)
def test_every_fault_says_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...], said: str, status: int
) -> None:
    if "/dev/full" in arguments and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (tmp_path / "folder").mkdir()
    (tmp_path / "fine.py").write_text("x = 1\n")
    (tmp_path / "exits.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "syntax.py").write_text("x = (\n")
    (tmp_path / "cuda.py").write_text("raise AssertionError('Torch not compiled with CUDA enabled')\n")
    ran = run(tmp_path, *arguments)
    assert (said in ran.stderr, ran.returncode) == (True, status), ran.stderr
    assert "gradsafe_tracer/__main__" not in ran.stderr


def test_broken_and_old_torch(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("x = 1\n")
    for text, said in (
        ("raise ModuleNotFoundError('none', name='torch')", "has no torch. Run it with the interpreter"),
        (
            "raise ModuleNotFoundError('none', name='sympy')",
            "importing torch fails: none. Repair that installation",
        ),
        (
            "raise OSError('libtorch.so: cannot open')",
            "importing torch fails: libtorch.so: cannot open. Repair",
        ),
        ("__version__ = '2.0.1+cpu'", "torch 2.0.1+cpu is older than 2.1. Upgrade it"),
    ):
        (tmp_path / "lib").mkdir(exist_ok=True)
        (tmp_path / "lib/torch.py").write_text(text)
        ran = run(tmp_path, "x.py", PYTHONPATH=str(tmp_path / "lib"))
        assert said in ran.stderr and ran.returncode == 2, ran.stderr


def test_what_follows_the_program_is_its_own() -> None:
    options = command.parse(["--cell", "2", "a.py", "--cell", "3", "--dry-run"])
    assert (options.cell, options.file, options.dry_run) == (2, "a.py", False)
    assert options.arguments == ["--cell", "3", "--dry-run"]
    options = command.parse(["--dry-run", "-m", "pkg", "--", "-m"])
    assert (options.module, options.file, options.arguments, options.dry_run) == (
        "pkg",
        None,
        ["--", "-m"],
        True,
    )
