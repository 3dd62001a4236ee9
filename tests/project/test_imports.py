"""Which file an import means, found or not; what it depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.project.closure import imports_of
from gradsafe.project.imports import find_module
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

FILES = {
    "main.py", "layers.py", "src/lib/__init__.py", "src/lib/core.py", "src/lib/sub/__init__.py", "src/lib/sub/x.py",
    "src/lib/random.py", "scripts/run.py", "scripts/tools.py", "torch/__init__.py", "space/y.py",
}  # fmt: skip


@pytest.mark.parametrize(
    ("importer", "name", "level", "file"),
    [
        ("main.py", "layers", 0, "layers.py"),
        ("main.py", "lib", 0, "src/lib/__init__.py"),
        ("main.py", "lib.core", 0, "src/lib/core.py"),
        ("main.py", "lib.sub", 0, "src/lib/sub/__init__.py"),
        ("main.py", "space.y", 0, "space/y.py"),
        ("main.py", "space", 0, None),
        ("main.py", "os", 0, None),
        ("main.py", "torch", 0, None),
        ("scripts/run.py", "tools", 0, "scripts/tools.py"),
        ("scripts/run.py", "layers", 0, "layers.py"),
        ("src/lib/core.py", "random", 0, None),
        ("src/lib/core.py", "random", 1, "src/lib/random.py"),
        ("src/lib/core.py", "", 1, "src/lib/__init__.py"),
        ("src/lib/core.py", "sub.x", 1, "src/lib/sub/x.py"),
        ("src/lib/sub/x.py", "core", 2, "src/lib/core.py"),
        ("src/lib/sub/x.py", "lib.core", 0, "src/lib/core.py"),
        ("src/lib/sub/__init__.py", "x", 1, "src/lib/sub/x.py"),
        ("src/lib/core.py", "a", 40, None),
    ],
)
def test_modules_are_found(importer: str, name: str, level: int, file: str | None) -> None:
    root = Path("root")

    def exists(path: str) -> bool:
        return Path(path).is_relative_to(root) and Path(path).relative_to(root).as_posix() in FILES

    found = find_module(str(root), str(root / importer), name, level, exists)
    assert (Path(found).relative_to(root).as_posix() if found else None) == file


def test_imports_are_read_off_the_text() -> None:
    text = "import a.b as c, d  # e\nfrom .f import (g,\n    h as i)\nif x:\n    from . import j\nfrom k import *\n"
    assert set(imports_of(text)) == {
        ("a.b", 0), ("d", 0), ("f", 1), ("f.g", 1), ("f.h", 1), ("", 1), ("j", 1), ("k", 0),
    }  # fmt: skip


def test_a_name_reexported_through_a_package(tmp_path: Path) -> None:
    session = Session(Settings(), str(tmp_path))
    texts = {
        "pkg/__init__.py": "from .impl import *\nfrom .other import late as make\n",
        "pkg/impl.py": "def spoil(x):\n    x.add_(1)\n",
        "pkg/other.py": "def late(x):\n    return x.exp()\n",
        "main.py": "import torch\nfrom pkg import make, spoil\nx = torch.ones(2, requires_grad=True)\n"
        "y = make(x)\nspoil(y)\ny.sum().backward()\n",
    }
    for name, text in texts.items():
        session.set_text(str(tmp_path / name), text)
    main = str(tmp_path / "main.py")
    shown = session.check(str(tmp_path / "pkg/impl.py"))
    assert [finding.code for finding in shown.findings] == ["saved-tensor-modified"]
    assert session.check(main).findings == ()
    session.set_text(str(tmp_path / "pkg/other.py"), "def late(x):\n    return x + 1\n")
    assert session.check(str(tmp_path / "pkg/impl.py")).findings == ()
    session.set_text(str(tmp_path / "pkg/other.py"), texts["pkg/other.py"] + "import os\n")
    assert session.check(str(tmp_path / "pkg/impl.py")).findings
    again = session.check(main).work
    assert (again.roots_run, again.chunks_parsed) == (0, 0)
