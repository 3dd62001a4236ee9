"""Cells of marked files and of notebooks; IPython's own syntax keeps its length."""

from __future__ import annotations

import json

import pytest

from gradsafe.syntax.cells import NotANotebook, cells, join, notebook, without_magics


def code(text: str) -> list[tuple[int, str, str]]:
    return [(cell.index, cell.title, text[cell.start : cell.end]) for cell in cells(text)]


def test_cells_count_from_one_after_what_comes_first() -> None:
    text = "a\n# %% One\nb\n#%%\nc\n# %% [markdown] Text\n# words\n# %% Two [code]\nd\n"
    assert code(text) == [(0, "", "a\n"), (1, "One", "b\n"), (2, "", "c\n"), (3, "Two", "d\n")]
    assert code("# %%\nx") == [(1, "", "x")]
    assert code("x\n") == [(0, "", "x\n")]
    assert code("") == [(0, "", "")]
    assert code("# %%") == [(1, "", "")]


def test_scripts_that_nbconvert_wrote_have_cells() -> None:
    assert code("#!/usr/bin/env python\n\n# In[1]:\n\n\na\n# In[ ]:\nb\n") == [
        (0, "", "#!/usr/bin/env python\n\n"), (1, "", "\n\na\n"), (2, "", "b\n"),
    ]  # fmt: skip
    assert code("# <codecell>\na\n") == [(1, "", "a\n")]


def test_databricks_files_have_cells() -> None:
    text = (
        "# Databricks notebook source\n# DBTITLE 1,Load it\na\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC # Words\n\n"
        "# COMMAND ----------\n\nb\n# %% no marker here\nc\n"
    )
    assert code(text) == [
        (1, "Load it", "# DBTITLE 1,Load it\na\n\n"), (2, "", "\nb\n# %% no marker here\nc\n"),
    ]  # fmt: skip
    assert code("# COMMAND ----------\na\n") == [(0, "", "# COMMAND ----------\na\n")]


def test_a_marker_is_a_comment_between_statements() -> None:
    assert len(cells("x = '''\n# %%\n'''\n")) == 1
    assert len(cells("x = f(\n# %%\n)\n")) == 1
    assert len(cells("if a:\n    # %%\n    b\n")) == 1
    assert len(cells("if a:\n    b\n# %%\nc\n")) == 2


def test_a_notebook_is_one_text_of_its_code_cells() -> None:
    found = notebook(
        json.dumps(
            {
                "cells": [
                    {"cell_type": "markdown", "source": "# words"},
                    {"cell_type": "code", "source": ["x = 1\n", "%time y = 2"]},
                    {"cell_type": "code", "source": "z"},
                ]
            }
        )
    )
    assert found.text == "# %%\nx = 1\nif 1: y = 2\n# %%\nz\n"
    assert found.numbers == (1, 2)
    assert [cell.index for cell in cells(found.text)] == [1, 2]
    assert found.cell_at(found.text.index("y")) == (1, 12)
    assert found.cell_at(found.text.index("z")) == (2, 0)
    assert found.cell_at(0) == (0, 0)
    assert join([]).text == ""


@pytest.mark.parametrize("text", ["", "[]", "{", '{"cells": 1}', '{"worksheets": []}', "[" * 100_000])
def test_what_is_no_notebook_says_so(text: str) -> None:
    with pytest.raises(NotANotebook, match="not a notebook"):
        notebook(text)


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%matplotlib inline\nx\n", "_#atplotlib inline\nx\n"),
        ("!pip install a \\\n  b\nx\n", "_#ip install a \\\n# b\nx\n"),
        ("%%bash\nls '\n", "#%bash\n#s '\n"),
        ("%%time\nx = 1\n", "#%time\nx = 1\n"),
        ("files = !ls\nx\n", "files = _#s\nx\n"),
        ("%time x = f()\n", "if 1: x = f()\n"),
        ("x?\n", "_#\n"),
        ("if a:\n    %cd b\n", "if a:\n    _#d b\n"),
        ("x = (a\n% b)\n", "x = (a\n% b)\n"),
        ("!ls (\r\nx\r\n", "_#s (\r\nx\r\n"),
        ("", ""),
    ],
)
def test_magics_keep_their_length(source: str, plain: str) -> None:
    assert without_magics(source) == plain
    assert len(plain) == len(source)
