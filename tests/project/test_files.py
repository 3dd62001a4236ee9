"""Which files are analysed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsafe.project.files import discover
from gradsafe.project.settings import Settings

TREE = [
    "a.py", "b.ipynb", "c.txt", "pkg/__init__.py", "pkg/d.py", "pkg/gen_pb2.py", "pkg/deep/e.py", ".venv/x.py",
    "node_modules/y.py", "build/z.py", "dist/z.py", "pkg/__pycache__/w.py", "out/o.py", "env2/pyvenv.cfg", "env2/v.py",
    "skip/s.py", "skip/kept.py", "pkg/nested/n.py", "pkg/nested/m.py",
]  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in TREE:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("out/\nskip/*\n!skip/kept.py\n")
    (tmp_path / "pkg" / "nested" / ".gitignore").write_text("/n.py\n")
    return tmp_path


def found(tree: Path, *paths: Path, exclude: tuple[str, ...] = ()) -> list[str]:
    settings = Settings(str(tree), exclude=exclude)
    return [
        Path(file).relative_to(tree).as_posix()
        for file in discover(map(str, paths or (tree,)), settings).files
    ]


def test_a_folder_is_walked_past_what_nobody_writes(tree: Path) -> None:
    assert found(tree) == [
        "a.py", "b.ipynb", "pkg/__init__.py", "pkg/d.py", "pkg/deep/e.py", "pkg/gen_pb2.py", "pkg/nested/m.py",
        "skip/kept.py",
    ]  # fmt: skip


def test_exclude_is_added(tree: Path) -> None:
    assert found(tree, exclude=("*_pb2.py", "/pkg/deep", "nested/")) == [
        "a.py", "b.ipynb", "pkg/__init__.py", "pkg/d.py", "skip/kept.py",
    ]  # fmt: skip


def test_what_is_named_is_taken(tree: Path) -> None:
    assert found(tree, tree / "out" / "o.py", tree / "c.txt") == ["out/o.py", "c.txt"]
    assert found(tree, tree / "out") == ["out/o.py"]
    assert found(tree, tree / "build") == ["build/z.py"]
    assert found(tree, tree / "pkg" / "nested") == ["pkg/nested/m.py"]


def test_each_file_once_and_names_as_given(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    given = discover(["a.py", "pkg/deep", "a.py", "none.py", "a\0b"], Settings("."))
    assert [Path(file).as_posix() for file in given.files] == ["a.py", "pkg/deep/e.py"]
    assert [each.file for each in given.unreadable] == ["none.py", "a\0b"]
