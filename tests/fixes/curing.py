"""A program, and what a named remedy makes of it where it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gradsafe.cli.check import with_proved_fixes
from gradsafe.cli.opening import open_paths
from gradsafe.report.texts import edited_files
from gradsafe.rules.finding import Severity

HEAD = "import operator\nfrom functools import partial, reduce\n\nimport torch\nfrom torch import nn\n\n"


def mended(text: str, remedy: str, folder: Path) -> list[str]:
    """The program, which has one error, after each of the remedy's fixes that hold."""
    file = folder / "program.py"
    file.write_text(text, "utf-8")
    judge = open_paths([str(file)]).judge
    (entry,) = (each for each in judge.check(str(file)).entries if each.severity is Severity.ERROR)
    held = [fix for fix in with_proved_fixes(judge, entry).fixes if fix.remedy == remedy]
    return [edited_files({str(file): text}, fix.edits)[str(file)] for fix in held]


def run(program: str) -> None:
    """Under torch, as a script."""
    torch.manual_seed(0)
    exec(compile(program, "program.py", "exec"), {"__name__": "__main__"})


def assert_cures(remedy: str, body: str, expected: str, folder: Path) -> None:
    """Torch raises before, and not after any fix of this remedy, one of which reads as expected."""
    with pytest.raises(RuntimeError):
        run(HEAD + body)
    programs = mended(HEAD + body, remedy, folder)
    for program in programs:
        run(program)
    assert any(expected in program for program in programs)
