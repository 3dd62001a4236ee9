"""The tracer imports nothing of gradsafe, so what both must know stands in both: it has to be the same."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from gradsafe.interp import unseen_writes
from gradsafe.syntax.cells import cells
from gradsafe_tracer.running import program
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
