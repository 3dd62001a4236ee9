"""``gradsafe fix``: to a fixed point, byte for byte outside the edits, all or nothing."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest
from sample_programs import BROKEN, CLEAN, FIXED, SILENT

from gradsafe.cli.failure import Failure
from gradsafe.cli.sourcefile import read, write


def test_fixes_and_is_done(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "broken.py"
    file.write_text(BROKEN, "utf-8")
    ran = gradsafe("fix", "broken.py")
    assert ran.status == 0 and file.read_text("utf-8") == FIXED
    assert "1 fix was applied in 1 file." in ran.err
    before = file.stat().st_mtime_ns
    assert gradsafe("fix", "broken.py").status == 0
    assert file.stat().st_mtime_ns == before, "a second run writes nothing"
    assert gradsafe("check", "broken.py").status == 0


def test_several_findings_in_several_files(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    two = BROKEN + "\nz = x.tanh()\nz[z < 0] = 0\nz *= 2\nz.sum().backward()\n"
    (tmp_path / "two.py").write_text(two, "utf-8")
    (tmp_path / "one.py").write_text(BROKEN, "utf-8")
    assert gradsafe("fix", ".").status == 0
    assert gradsafe("check", ".").status == 0
    assert (tmp_path / "one.py").read_text("utf-8") == FIXED


def test_diff_changes_nothing_and_can_be_applied(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "broken.py"
    file.write_text(BROKEN.rstrip("\n"), "utf-8")
    ran = gradsafe("fix", "--diff", "broken.py")
    assert ran.status == 1 and file.read_text("utf-8") == BROKEN.rstrip("\n")
    assert "\n-y.add_(1)\n+y = y.add(1)\n" in ran.out and "\\ No newline at end of file" in ran.out
    subprocess.run(["git", "apply", "-p0", "-"], input=ran.out.encode(), check=True, cwd=tmp_path)
    assert file.read_text("utf-8") == FIXED.rstrip("\n")
    assert gradsafe("fix", "--diff", "broken.py").status == 0


def test_unsafe_fixes_only_when_asked(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "silent.py"
    file.write_text(SILENT, "utf-8")
    ran = gradsafe("fix", "silent.py")
    assert ran.status == 0 and file.read_text("utf-8") == SILENT and "--unsafe-fixes" in ran.err
    assert gradsafe("fix", "--unsafe-fixes", "silent.py").status == 0
    assert "y = y.mul(2)" in file.read_text("utf-8")


def test_never_suppresses_and_never_retains(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "freed.py"
    text = CLEAN.replace("x + 2", "x.exp()").replace("y.add_(1)\n", "")
    text += "print(x.grad)\n(y * 2).sum().backward()\n"
    file.write_text(text, "utf-8")
    assert gradsafe("check", "freed.py").status == 1
    gradsafe("fix", "--unsafe-fixes", "freed.py")
    assert file.read_text("utf-8") == text


def test_two_losses_that_nobody_looks_at_in_between_are_one(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "freed.py"
    file.write_text(
        CLEAN.replace("x + 2", "x.exp()").replace("y.add_(1)\n", "") + "(y * 2).sum().backward()\n", "utf-8"
    )
    assert gradsafe("fix", "freed.py").status == 0
    assert file.read_text("utf-8").endswith("(y.sum() + (y * 2).sum()).backward()\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BROKEN.replace("\n", "\r\n").encode(), FIXED.replace("\n", "\r\n").encode()),
        (b"\xef\xbb\xbf" + BROKEN.encode(), b"\xef\xbb\xbf" + FIXED.encode()),
        (
            b"# -*- coding: latin-1 -*-\n# \xe9\n" + BROKEN.encode(),
            b"# -*- coding: latin-1 -*-\n# \xe9\n" + FIXED.encode(),
        ),
        (b"# a\r\n# b\r\x0c\n" + BROKEN.encode(), b"# a\r\n# b\r\x0c\n" + FIXED.encode()),
        (b"s = '\xe2\x80\xa8'\n" + BROKEN.encode(), b"s = '\xe2\x80\xa8'\n" + FIXED.encode()),
    ],
    ids=["CRLF", "byte order mark", "latin-1", "mixed line ends", "U+2028"],
)
def test_bytes_outside_the_edits_stay(gradsafe, tmp_path: Path, before: bytes, after: bytes) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "odd.py"
    file.write_bytes(before)
    assert gradsafe("fix", "odd.py").status == 0
    assert file.read_bytes() == after


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(BROKEN, "utf-8")
    source = read(str(file))
    file.write_text(CLEAN, "utf-8")
    with pytest.raises(Failure, match="has changed meanwhile"):
        write(source, FIXED)
    assert file.read_text("utf-8") == CLEAN


def test_written_at_once_with_its_mode_and_through_links(tmp_path: Path) -> None:
    file, link = tmp_path / "a.py", tmp_path / "link.py"
    file.write_text(BROKEN, "utf-8")
    file.chmod(0o750)
    link.symlink_to(file)
    write(read(str(link)), FIXED)
    assert link.is_symlink() and file.read_text("utf-8") == FIXED
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.py", "link.py"], (
        "no temporary file is left"
    )


def test_a_read_only_file_is_left_alone(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "a.py"
    file.write_text(BROKEN, "utf-8")
    file.chmod(0o444)
    ran = gradsafe("fix", "a.py")
    assert ran.status == 2 and "a.py: is read-only and was left alone" in ran.err
    assert file.read_text("utf-8") == BROKEN and stat.S_IMODE(file.stat().st_mode) == 0o444


def test_a_file_that_does_not_parse_is_left_alone(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = f"{BROKEN}\ndef broken(:\n    pass\n"
    (tmp_path / "a.py").write_text(text, "utf-8")
    ran = gradsafe("fix", "a.py")
    assert "syntax error" in ran.err and "Mend the syntax error first" in ran.err
    assert (tmp_path / "a.py").read_text("utf-8") == text
    assert gradsafe("fix", "--diff", "a.py").out == ""


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_mended(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.py").write_bytes(b"import os\nimport sys\n# caf\xe9\n")
    (tmp_path / "b.py").write_text(BROKEN, "utf-8")
    ran = gradsafe("fix", "a.py", "b.py")
    assert ran.status == 2 and ran.err.count("a.py: is not UTF-8") == 1
    assert (tmp_path / "b.py").read_text("utf-8") == FIXED


def test_a_notebook_is_left_alone_and_said_so(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": BROKEN,
    }
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
    (tmp_path / "a.ipynb").write_text(text, "utf-8")
    assert "notebooks are not rewritten" in gradsafe("fix", "a.ipynb").err
    assert (tmp_path / "a.ipynb").read_text("utf-8") == text


def test_a_fix_that_does_not_fit_the_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"# -*- coding: latin-1 -*-\n")
    with pytest.raises(Failure, match="does not fit its encoding"):
        write(read(str(file)), "名 = 1\n")
    assert file.read_bytes() == b"# -*- coding: latin-1 -*-\n"


def test_fix_reaches_a_module_built_in_the_same_file(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = (
        "import torch\nfrom torch import nn\n\n"
        "net = nn.Sequential(nn.Linear(3, 3), nn.Sigmoid(), nn.ReLU(inplace=True))\n"
        "net(torch.randn(2, 3)).sum().backward()\n"
    )
    file = tmp_path / "net.py"
    file.write_text(text, "utf-8")
    assert gradsafe("fix", "net.py").status == 0
    assert file.read_text("utf-8") == text.replace("nn.ReLU(inplace=True)", "nn.ReLU()")


def test_without_a_path_it_is_this_folder(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a.py").write_text(BROKEN, "utf-8")
    assert gradsafe("check").status == 1
    assert gradsafe("fix").status == 0
    assert (tmp_path / "a.py").read_text("utf-8") == FIXED


def test_a_module_built_in_another_file_is_fixed_there_where_that_is_named(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    built = "from torch import nn\n\n\ndef block():\n    return nn.Sequential(nn.Sigmoid(), nn.ReLU(inplace=True))\n"
    used = "import torch\nfrom parts import block\n\nx = torch.ones(3, requires_grad=True)\nblock()(x).sum().backward()\n"
    (tmp_path / "parts.py").write_text(built, "utf-8")
    (tmp_path / "use.py").write_text(used, "utf-8")
    assert "the in-place module is built here" in gradsafe("check", "use.py").out
    alone = gradsafe("fix", "use.py")
    assert (
        "0 fixes were applied in 0 files." in alone.err
        and "mended in parts.py: name that as well" in alone.err
    )
    assert "1 fix was applied in 1 file." in gradsafe("fix", "use.py", "parts.py").err
    assert (tmp_path / "parts.py").read_text("utf-8") == built.replace("inplace=True", "")
    assert (tmp_path / "use.py").read_text("utf-8") == used
    assert gradsafe("check", ".").status == 0
