"""Findings that are to stay: comments that ignore them, a baseline that knows them whatever moves."""

from __future__ import annotations

import json
from pathlib import Path

from sample_programs import BROKEN, CLEAN

IN_FUNCTIONS = """\
import torch


def first(x):
    y = x.exp()
    y.add_(1)
    y.sum().backward()


def second():
    x = torch.randn(3, requires_grad=True)
    y = x.exp()
    y.add_(1)
    y.sum().backward()
    z = x.tanh()
    z.mul_(2)
    z.sum().backward()
"""


def test_ignores_are_added_beside_a_file_that_cannot_be_read(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.py").write_bytes(b"import os\nimport sys\n# caf\xe9\n")
    (tmp_path / "b.py").write_text(BROKEN, "utf-8")
    ran = gradsafe("check", "--add-ignores", ".")
    assert ran.status == 2 and "a.py: is not UTF-8" in ran.err
    assert "y.add_(1)  # gradsafe: ignore[saved-tensor-modified]" in (tmp_path / "b.py").read_text("utf-8")


def test_ignores_are_added_and_hold(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "broken.py"
    file.write_bytes(BROKEN.replace("\n", "\r\n").encode())
    ran = gradsafe("check", "--add-ignores", "broken.py")
    assert ran.status == 0 and "1 finding ignored in 1 file." in ran.err
    assert b"y.add_(1)  # gradsafe: ignore[saved-tensor-modified]\r\n" in file.read_bytes()
    assert gradsafe("check", "broken.py").status == 0
    again = gradsafe("check", "--add-ignores", "broken.py")
    assert again.status == 0 and "0 findings ignored in 0 files." in again.err


def test_two_findings_of_one_line_share_a_comment(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "two.py"
    file.write_text(
        "import torch\n\nx = torch.randn(3, requires_grad=True)\ny = x.exp()\n"
        "y.add_(1); x.add_(1)\ny.sum().backward()\n",
        "utf-8",
    )
    assert "2 findings" in gradsafe("check", "--add-ignores", "two.py").err
    assert file.read_text("utf-8").count("# gradsafe: ignore[") == 1
    assert gradsafe("check", "two.py").status == 0


def test_only_the_rules_that_are_asked_for_are_ignored(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "broken.py"
    file.write_text(BROKEN, "utf-8")
    gradsafe("check", "--add-ignores", "--select", "leaf-modified", "broken.py")
    assert file.read_text("utf-8") == BROKEN


def _known(gradsafe, tmp_path: Path) -> Path:  # type: ignore[no-untyped-def]
    file = tmp_path / "old.py"
    file.write_text(IN_FUNCTIONS, "utf-8")
    assert gradsafe("check", ".").status == 1
    ran = gradsafe("check", "--write-baseline", "known.json", ".")
    assert ran.status == 0 and "written to known.json" in ran.err
    return file


def test_what_is_known_is_not_told_and_what_is_new_is(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = _known(gradsafe, tmp_path)
    assert gradsafe("check", "--baseline", "known.json", ".").status == 0
    added = "    w = x.sigmoid()\n    w.zero_()\n    w.sum().backward()\n"
    file.write_text(IN_FUNCTIONS + added, "utf-8")
    ran = gradsafe("check", "--baseline", "known.json", "--output-format", "json", ".")
    assert ran.status == 1
    assert [found["location"]["row"] for found in json.loads(ran.out)] == [19]


def test_a_second_one_like_a_known_one_is_new(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = _known(gradsafe, tmp_path)
    again = "    y = x.exp()\n    y.add_(1)\n    y.sum().backward()\n"
    file.write_text(IN_FUNCTIONS + again, "utf-8")
    assert (
        len(json.loads(gradsafe("check", "--baseline", "known.json", "--output-format", "json", ".").out))
        == 1
    )


def test_it_survives_moves_renames_and_another_folder(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = _known(gradsafe, tmp_path)
    moved = IN_FUNCTIONS.replace("def second", "\nprint('a line above')\n\n\ndef renamed")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "new.py").write_text(moved, "utf-8")
    file.write_text(IN_FUNCTIONS.replace("def second", "def renamed"), "utf-8")
    assert gradsafe("check", "--baseline", "known.json", "old.py").status == 0, "a function with another name"
    file.unlink()
    (tmp_path / "package" / "new.py").write_text(moved.replace("renamed", "second"), "utf-8")
    assert gradsafe("check", "--baseline", "known.json", ".").status == 0, "a file with another name"


def test_a_copy_of_a_known_file_is_new(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    _known(gradsafe, tmp_path)
    (tmp_path / "copy.py").write_text(IN_FUNCTIONS, "utf-8")
    assert gradsafe("check", "--baseline", "known.json", ".").status == 1


def test_what_is_gone_is_told(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = _known(gradsafe, tmp_path)
    file.write_text(IN_FUNCTIONS.replace("    z.mul_(2)\n", ""), "utf-8")
    ran = gradsafe("check", "--baseline", "known.json", ".")
    assert ran.status == 0 and "1 finding of known.json is gone; --write-baseline takes them out." in ran.err


def test_a_baseline_that_is_none_names_the_file_and_the_remedy(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "clean.py").write_text(CLEAN, "utf-8")
    ran = gradsafe("check", "--baseline", "nowhere.json", "clean.py")
    assert ran.status == 2 and "nowhere.json: No such file" in ran.err and "--write-baseline" in ran.err
    for text in (
        "{",
        "[]",
        '{"version": 1, "findings": [{}]}',
        '{"version": 9, "findings": []}',
        "[" * 100_000,
    ):
        (tmp_path / "bad.json").write_text(text, "utf-8")
        ran = gradsafe("check", "--baseline", "bad.json", "clean.py")
        assert ran.status == 2 and ran.err.startswith("gradsafe: bad.json: "), text[:40]


def test_the_same_findings_are_the_same_bytes(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    _known(gradsafe, tmp_path)
    first = (tmp_path / "known.json").read_bytes()
    gradsafe("check", "--write-baseline", "known.json", ".")
    assert (tmp_path / "known.json").read_bytes() == first
    assert str(tmp_path).encode() not in first


def test_a_rule_that_nobody_asked_for_has_nothing_gone(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "broken.py").write_text(BROKEN, "utf-8")
    gradsafe("check", "--write-baseline", "known.json", "broken.py")
    for asked in (["--select", "leaf-modified"], ["--ignore", "saved-tensor-modified"]):
        assert "gone" not in gradsafe("check", "--baseline", "known.json", *asked, "broken.py").err
    (tmp_path / "pyproject.toml").write_text(
        '[tool.gradsafe]\nper-file-ignores = { "broken.py" = ["saved-tensor-modified"] }\n', "utf-8"
    )
    assert "gone" not in gradsafe("check", "--baseline", "known.json", "broken.py").err
