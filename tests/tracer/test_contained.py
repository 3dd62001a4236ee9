"""The tracer runs in the user's interpreter: standard library and torch only, Python 3.9 syntax, no gradsafe."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gradsafe_tracer

FILES = sorted(Path(gradsafe_tracer.__file__).parent.rglob("*.py"))


HOSTS = {"notebook.py": ("IPython",), "pytest_plugin.py": ("pytest",)}
"""Each is loaded by its host, which is there then."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_imports_and_syntax(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    assert any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] in {*sys.stdlib_module_names, "torch", *HOSTS.get(path.name, ())}, name


def test_nothing_that_python_3_9_lacks() -> None:
    """Names and parameters of the standard library, which no parser knows."""
    pytest.importorskip("vermin")
    folder = str(Path(gradsafe_tracer.__file__).parent)
    command = [sys.executable, "-c", "from vermin.main import main; main()", "-t=3.9-", "--no-tips", folder]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_the_map_of_the_rooms_is_complete() -> None:
    """``docs/architecture.md`` says of every file in which room it is, and of nothing else."""
    text = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("### Inside the tracer")[2].partition("\n## ")[0]
    told = set()
    for line in table.splitlines()[4:]:
        room, _, files = (cell.strip() for cell in line.strip("|").split(" | "))
        folder = "" if room == "(top)" else room.strip("`")
        told |= {folder + name for name in re.findall(r"`([\w/]+)`", files)}
    package = Path(gradsafe_tracer.__file__).parent
    there = {
        path.relative_to(package).with_suffix("").as_posix() for path in FILES if path.name != "__init__.py"
    }
    assert {name for name in told if not name.endswith("/")} == {
        one for one in there if not one.startswith("timeline/")
    }
