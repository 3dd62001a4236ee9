"""``--changed-since``: files that differ from a revision, new ones included; who calls them is judged."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from sample_programs import BROKEN, CLEAN

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is missing")

CALLEE = "def change(t):\n    return t + 1\n"
CALLER = (
    "import torch\nfrom callee import change\n\nx = torch.randn(3, requires_grad=True)\ny = x.exp()\nchange(y)\n"
    "y.sum().backward()\n"
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "old.py").write_text(BROKEN, "utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "older.py").write_text(BROKEN, "utf-8")
    (tmp_path / "callee.py").write_text(CALLEE, "utf-8")
    (tmp_path / "caller.py").write_text(CALLER, "utf-8")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    return tmp_path


def _files(ran) -> set[str]:  # type: ignore[no-untyped-def]
    return {Path(found["filename"]).name for found in json.loads(ran.out)}


def test_only_what_is_changed_or_new(gradsafe, repository: Path) -> None:  # type: ignore[no-untyped-def]
    assert gradsafe("check", "--changed-since", "HEAD", ".").status == 0
    (repository / "sub" / "older.py").write_text("# one line more\n" + BROKEN, "utf-8")
    (repository / "new.py").write_text(BROKEN, "utf-8")
    ran = gradsafe("check", "--changed-since", "main", "--output-format", "json", ".")
    assert ran.status == 1 and _files(ran) == {"older.py", "new.py"}


def test_a_changed_function_is_judged_by_its_callers(gradsafe, repository: Path) -> None:  # type: ignore[no-untyped-def]
    (repository / "callee.py").write_text("def change(t):\n    t.add_(1)\n", "utf-8")
    ran = gradsafe("check", "--changed-since", "HEAD", "--output-format", "json", ".")
    assert _files(ran) == {"callee.py"}


def test_a_file_that_is_gone_is_no_trouble(gradsafe, repository: Path) -> None:  # type: ignore[no-untyped-def]
    (repository / "old.py").unlink()
    assert gradsafe("check", "--changed-since", "HEAD", ".").status == 0


def test_what_is_no_revision_says_so(gradsafe, repository: Path) -> None:  # type: ignore[no-untyped-def]
    for revision in ("nowhere", "--output=stolen"):
        ran = gradsafe("check", f"--changed-since={revision}", ".")
        assert ran.status == 2 and f"--changed-since {revision}" in ran.err
    assert not (repository / "stolen").exists()


def test_outside_of_a_repository_it_says_so(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "clean.py").write_text(CLEAN, "utf-8")
    ran = gradsafe("check", "--changed-since", "HEAD", "clean.py")
    assert ran.status == 2 and "not a git repository" in ran.err
