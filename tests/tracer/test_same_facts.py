"""The tracer imports nothing of gradsafe, so what both must know stands in both: it has to be the same."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from gradsafe.interp import unseen_writes
from gradsafe.syntax.cells import cells
from gradsafe.syntax.cells import without_magics as judged
from gradsafe_tracer.running import program
from gradsafe_tracer.running.magics import without_magics as run
from gradsafe_tracer.seen import lineage


def test_operations_that_are_constant_almost_everywhere() -> None:
    assert lineage.STEPS == unseen_writes.STEPS


@pytest.mark.parametrize(
    "text",
    [
        "a = 0\n# %% One\nb = 1\n#%%\nc = 2\n# %% [markdown] Text\n# words\n# %% Two [code]\nd = 3\n",
        "a = 0\n# In[1]:\n\nb = 1\n# In[ ]:\nc = 2\n# <codecell>\nd = 3\n",
        (
            "# Databricks notebook source\n# DBTITLE 1,Load\nb = 1\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC words\n\n"
            "# COMMAND ----------\n\nc = 2\n# %% not here\n# COMMAND ----------\nd = 3\n"
        ),
    ],
    ids=["percent", "nbconvert", "databricks"],
)
def test_where_cells_begin(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cells.py"
    path.write_text(text)

    def statements(parts: list[str]) -> list[list[str]]:
        return [[row for row in part.splitlines() if row[:1] not in ("", "#")] for part in parts]

    ours = {cell.index: text[cell.start : cell.end] for cell in cells(text)}
    theirs = {cell.number: cell.text for cell in program.load(str(path), max(ours)).cells}
    assert max(ours) == max(theirs) == 3
    assert statements([ours.get(number, "") for number in range(4)]) == statements(list(theirs.values()))


@pytest.mark.parametrize(
    "source",
    [
        "x = 5\n%matplotlib inline\n!ls\nx = x % 3\n",
        "%%time\nx = 5\n",
        "%%bash\nls\n",
        "files = !ls\nhere = %pwd\nprint(files)\n",
        "x = 5\n%time x += 1\nx?\n",
        "y = (5\n% 3)\n",
    ],
    ids=["lines", "timed cell", "another language", "assigned", "timed line", "an operator"],
)
def test_which_lines_of_a_cell_are_python(source: str) -> None:
    def changed(plain: str) -> list[bool]:
        rows = plain.splitlines() + [""] * source.count("\n")
        return [row != now for row, now in zip(source.splitlines(), rows, strict=False)]

    assert changed(judged(source)) == changed(run(1, source)[0])
