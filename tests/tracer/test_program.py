"""Files, cells and notebooks: what runs, in which rows, and what is said of the rest."""

from __future__ import annotations

import json
import linecache
from pathlib import Path

import pytest

from gradsafe_tracer.running import program
from gradsafe_tracer.running.magics import without_magics
from gradsafe_tracer.running.program import ProgramError

CELLS = "a = 1\n# %% first\nb = 2\n# %%\nc = 3\n"


def _texts(path: Path, cell: int | None) -> list[str]:
    return [one.text for one in program.load(str(path), cell).cells]


def test_cells_keep_their_rows_and_cell_zero_always_runs(tmp_path: Path) -> None:
    path = tmp_path / "cells.py"
    path.write_text(CELLS)
    assert _texts(path, 1) == ["a = 1\n", "\n# %% first\nb = 2\n"]
    assert _texts(path, 2)[-1] == "\n\n\n# %%\nc = 3\n"
    assert _texts(path, None) == [CELLS]


def test_no_such_cell(tmp_path: Path) -> None:
    path = tmp_path / "cells.py"
    path.write_text(CELLS)
    with pytest.raises(ProgramError) as caught:
        program.load(str(path), 3)
    assert caught.value.problem == "no-cell"
    assert "has 2 cells; there is no cell 3" in str(caught.value)


def test_notebook_counts_code_cells_and_skips_magics(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# title"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "a = 5 % 3\n", "!ls\n"]},
        {"cell_type": "code", "source": "%%bash\nls\n"},
        {"cell_type": "code", "source": "b = a"},
    ]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    loaded = program.load(str(path), None)
    assert [one.text for one in loaded.cells] == ["pass\na = 5 % 3\npass\n", "\n\n", "b = a\n"]
    assert len(loaded.notes) == 3
    assert loaded.cells[2].filename.endswith("book.ipynb#3")
    assert len(_texts(path, 1)) == 1


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%matplotlib inline\nx", "pass\nx\n"),
        ("!pip install a \\\n  b\nx", "pass\n\nx\n"),
        ("%%bash\nls '", "\n\n"),
        ("%%time\nx = 1", "\nx = 1\n"),
        ("files = !ls\nx", "files = []\nx\n"),
        ("lines = %sql select", "lines = None\n"),
        ("%time x = f()", "if 1: x = f()\n"),
        ("x?", "pass\n"),
        ("if a:\n    %cd b", "if a:\n    pass\n"),
        ("x = (a\n% b)", "x = (a\n% b)\n"),
        ('s = """\n!ls\n"""', 's = """\n!ls\n"""\n'),
        ('%cd x\ns = """\n!ls\n"""', 'pass\ns = """\n!ls\n"""\n'),
        ("await f()\nx != 3", "await f()\nx != 3\n"),
        ("", "\n"),
    ],
)
def test_magics_keep_rows_and_what_they_run_is_run(source: str, plain: str) -> None:
    assert without_magics(1, source)[0] == plain


@pytest.mark.parametrize(
    ("name", "raw", "problem"),
    [
        ("bad.py", b"x = (\n", "syntax"),
        ("latin.py", b"x = '\xff'\n", "not-text"),
        ("nul.py", b"x = 1\0\n", "syntax"),
        ("book.ipynb", b"{}", "not-a-notebook"),
        ("deep.py", b"(" * 5000, "syntax"),
    ],
)
def test_what_cannot_run_says_why(tmp_path: Path, name: str, raw: bytes, problem: str) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(ProgramError) as caught:
        program.compile_cells(program.load(str(path), None))
    assert caught.value.problem == problem


def test_text_in_place_of_the_file(tmp_path: Path) -> None:
    path, other = tmp_path / "a.py", tmp_path / "source"
    path.write_text("old\n")
    other.write_text("new = 1\n")
    loaded = program.load(str(path), None, str(other))
    assert (loaded.cells[0].text, loaded.cells[0].filename) == ("new = 1\n", str(path))


def test_source_is_known_whatever_the_program_does_to_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "moving.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    program.compile_cells(program.load("moving.py", None))
    monkeypatch.chdir("/")
    assert linecache.getline("moving.py", 1) == "x = 1\n"
