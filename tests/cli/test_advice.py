"""Advice on the command line: to whom it is told, and what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path

from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

SPARE = """\
import torch


def step():
    w = torch.randn(64, 64, requires_grad=True)
    h = w * 2
    h = h + 1
    h = torch.dropout(h, 0.5, True)
    return h.sum()
"""
MENDED = SPARE.replace("h = h + 1", "h += 1")
CODE = "needless-copy"


def test_nobody_is_told_who_has_not_asked(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "model.py").write_text(SPARE, "utf-8")
    assert "No findings" in gradsafe("check", "model.py").out
    assert gradsafe("fix", "model.py").err.startswith("0 fixes were applied")
    assert (tmp_path / "model.py").read_text("utf-8") == SPARE


def test_three_ways_to_ask(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "model.py").write_text(SPARE, "utf-8")
    for asked in (["--advice"], ["--select", CODE]):
        ran = gradsafe("check", *asked, "--output-format", "json", "model.py")
        found = json.loads(ran.out)
        assert ran.status == 0, "a hint fails nothing"
        assert [(each["code"], each["location"]["row"]) for each in found] == [(CODE, 7), (CODE, 8)]
    (tmp_path / "pyproject.toml").write_text("[tool.gradsafe]\nadvice = true\n", "utf-8")
    ran = gradsafe("check", "model.py")
    assert ran.out.count(f"hint[{CODE}]") == 2 and "16.4 kB (64x64 of float32)" in ran.out
    assert "torch says" not in ran.out
    assert gradsafe("check", "--no-cache", "model.py").out == ran.out
    assert gradsafe("check", "--ignore", CODE, "model.py").out.startswith("No findings")


def test_a_severity_of_ones_own(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "model.py").write_text(SPARE, "utf-8")
    table = f'[tool.gradsafe]\nadvice = true\n[tool.gradsafe.severity]\n{CODE} = "warning"\n'
    (tmp_path / "pyproject.toml").write_text(table, "utf-8")
    ran = gradsafe("check", "model.py")
    assert ran.status == 1 and ran.out.count(f"warning[{CODE}]") == 2 and "(safe, checked)" in ran.out


def test_fix_writes_in_place_what_changes_no_number(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "model.py"
    file.write_bytes(SPARE.replace("\n", "\r\n").encode())
    ran = gradsafe("fix", "--advice", "model.py")
    assert file.read_bytes() == MENDED.replace("\n", "\r\n").encode()
    assert "1 fix was applied" in ran.err and "--unsafe-fixes" in ran.err, "CUDA draws other numbers in place"
    gradsafe("fix", "--advice", "--unsafe-fixes", "model.py")
    assert "h = torch.dropout_(h, 0.5, True)" in file.read_text("utf-8")
    assert gradsafe("fix", "--advice", "--unsafe-fixes", "--diff", "model.py").status == 0


def test_comments_and_a_baseline_know_it(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "model.py"
    file.write_text(SPARE, "utf-8")
    gradsafe("check", "--advice", "--write-baseline", "known.json", "model.py")
    assert "No findings" in gradsafe("check", "--advice", "--baseline", "known.json", "model.py").out
    assert "2 findings ignored" in gradsafe("check", "--advice", "--add-ignores", "model.py").err
    assert f"h = h + 1  # gradsafe: ignore[{CODE}]" in file.read_text("utf-8")
    assert "No findings" in gradsafe("check", "--advice", "model.py").out


def test_a_comment_is_not_called_unused_by_who_did_not_ask() -> None:
    ignored = SPARE.replace("h = h + 1", f"h = h + 1  # gradsafe: ignore[{CODE}]")
    for text, asked, unused in (
        (ignored, False, 0),
        (ignored, True, 0),
        (ignored.replace("h + 1", "h + w * w"), True, 0),
        (ignored.replace("h + 1", "torch.exp(h)"), True, 1),
    ):
        session = Session(Settings(advice=asked), ".")
        session.set_text("model.py", text)
        assert len(session.check("model.py").unused) == unused


def test_a_caller_in_another_file_counts(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    model = (
        "import torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.fc = nn.Linear(4, 4)\n\n    def forward(self, given):\n"
        "        h = self.fc(given)\n        h = h + 1\n        return h.sum()\n"
    )
    run = (
        "import torch\nfrom model import Net\n\nkept = []\nnet = Net()\n"
        "net.fc.register_forward_hook(lambda module, given, result: kept.append(result))\n"
        "net(torch.randn(2, 4)).backward()\n"
    )
    (tmp_path / "model.py").write_text(model, "utf-8")
    assert "1 hint" in gradsafe("check", "--advice", ".").out
    (tmp_path / "run.py").write_text(run, "utf-8")
    assert "No findings" in gradsafe("check", "--advice", ".").out
    without = "\n".join(line for line in run.splitlines() if "hook" not in line)
    (tmp_path / "run.py").write_text(without, "utf-8")
    assert "1 hint" in gradsafe("check", "--advice", ".").out


def test_cells_can_be_run_again(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = "import torch\nw = torch.randn(3, requires_grad=True)\nh = w * 2\nh = h + 1\nh.sum().backward()\n"
    (tmp_path / "script.py").write_text(text, "utf-8")
    assert "1 hint" in gradsafe("check", "--advice", "script.py").out
    (tmp_path / "script.py").write_text("# %%\n" + text, "utf-8")
    assert "No findings" in gradsafe("check", "--advice", "script.py").out


def test_known_advice_is_not_gone_where_nobody_asks_for_it(gradsafe, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "model.py").write_text(SPARE, "utf-8")
    gradsafe("check", "--advice", "--write-baseline", "known.json", "model.py")
    assert (tmp_path / "known.json").read_text("utf-8").count(CODE) == 2
    assert "gone" not in gradsafe("check", "--baseline", "known.json", "model.py").err
    (tmp_path / "model.py").write_text(MENDED, "utf-8")
    assert "gone" not in gradsafe("check", "--baseline", "known.json", "model.py").err
    asked = gradsafe("check", "--advice", "--baseline", "known.json", "model.py")
    assert "1 finding of known.json is gone" in asked.err
