"""``gradsafe check -``: the text on standard input is judged as if it stood in the file that it is named after."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from sample_programs import BROKEN, CLEAN

IMPORTING = "import torch\nfrom helper import grow\n\nw = torch.ones(3, requires_grad=True)\ny = grow(w)\ny.div_(2)\ny.sum().backward()\n"
HELPER = "def grow(t):\n    return t.exp()\n"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def test_it_is_judged_like_a_file(gradsafe, given, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "broken.py").write_text(BROKEN, "utf-8")
    wanted = gradsafe("check", "--output-format", "json", "broken.py")
    given(BROKEN.encode())
    found = gradsafe("check", "--output-format", "json", "-")
    assert found.status == wanted.status == 1
    assert found.out == wanted.out.replace("broken.py", "stdin.py")
    given(CLEAN.encode())
    assert gradsafe("check", "-").status == 0
    assert not (tmp_path / "stdin.py").exists()


def test_the_name_decides_where_it_stands(gradsafe, given, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "helper.py").write_text(HELPER, "utf-8")
    (tmp_path / "sub" / "train.py").write_text(CLEAN, "utf-8")  # what is on the disk is not asked
    given(IMPORTING.encode())
    ran = gradsafe("check", "--output-format", "json", "--stdin-filename", "sub/train.py", "-")
    assert ran.status == 1
    assert [(each["filename"], each["location"]["row"]) for each in json.loads(ran.out)] == [
        ("sub/train.py", 6)
    ]
    (tmp_path / "pyproject.toml").write_text(
        "[tool.gradsafe.per-file-ignores]\n'sub/*' = ['saved-tensor-modified']\n", "utf-8"
    )
    given(BROKEN.encode())
    assert gradsafe("check", "--stdin-filename", "sub/train.py").status == 0
    given(BROKEN.encode())
    assert gradsafe("check", "--stdin-filename", "train.py").status == 1


def test_what_it_cannot_do(gradsafe, given, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "clean.py").write_text(CLEAN, "utf-8")
    refused = (
        ("-", "clean.py"),
        ("--stdin-filename", "a.py", "clean.py"),
        ("-", "--add-ignores"),
        ("-", "--watch"),
        ("-", "--changed-since", "HEAD"),
        ("--stdin-filename", "a.ipynb", "-"),
    )
    for arguments in refused:
        given(CLEAN.encode())
        assert gradsafe("check", *arguments).status == 2, arguments
    given("# -*- coding: utf-8 -*-\nx = 'ä'\n".encode("latin-1"))
    ran = gradsafe("check", "-")
    assert ran.status == 2 and "is not UTF-8" in ran.err
    given("# -*- coding: latin-1 -*-\nx = 'ä'\n".encode("latin-1"))
    assert gradsafe("check", "-").status == 0


def test_nothing_is_kept(gradsafe, given, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "train.py").write_text(CLEAN, "utf-8")
    given(BROKEN.encode())
    assert gradsafe("check", "--stdin-filename", "train.py").status == 1
    assert gradsafe("check", "train.py").status == 0
    given(BROKEN.encode())
    assert gradsafe("check", "--stdin-filename", "train.py").status == 1
