"""The cells of marimo's notebooks, as they are and as statements of a module."""

from __future__ import annotations

import ast

from gradsafe.syntax.marimo import Names, marimo_cells

NOTEBOOK = '''\
import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup(hide_code=True):
    import torch


@app.cell(
    hide_code=True,
    disabled=True,
)
def __(
    h,  # a tensor
    mo,
):
    text = """
no indentation
"""
    return (
        text,
    )


@app.function
@torch.no_grad()
def double(x):
    return x * 2


@app.cell
async def load():
    _k = 1
    w, v = await _k, 2
    return w, v


@app.class_definition
class Net(torch.nn.Module):
    pass


@app.cell
def _(w):
    w


@other.cell
def not_one():
    return


if __name__ == "__main__":
    app.run()
'''


def test_cells_and_what_they_take_and_give() -> None:
    found = [(cell.kind, cell.title, cell.names, cell.disabled) for cell in marimo_cells(NOTEBOOK)]
    assert found == [
        ("setup", "", Names((), ()), False),
        ("cell", "", Names(("h", "mo"), ("text",)), True),
        ("function", "double", Names((), ("double",)), False),
        ("cell", "load", Names((), ("w", "v")), False),
        ("class_definition", "Net", Names((), ("Net",)), False),
        ("cell", "", Names(("w",), ()), False),
    ]


def test_the_code_has_the_rows_and_columns_of_the_file() -> None:
    rows = NOTEBOOK.splitlines()
    for cell in marimo_cells(NOTEBOOK):
        first = NOTEBOOK[: cell.code_start].count("\n")
        code = cell.code.splitlines()
        assert len(code) == NOTEBOOK[cell.code_start : cell.end].count("\n")
        for row, line in enumerate(code, first):
            assert line in ("", "if 1:", "    pass", rows[row]), (row, line)
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        assert compile(cell.code, "cell", "exec", flags)


def test_other_files_have_none() -> None:
    assert marimo_cells("import marimo\napp = marimo.Server()\n@app.cell\ndef _():\n    pass\n") == ()
    assert marimo_cells("") == ()


def test_what_is_half_typed_is_left_out_or_has_no_names() -> None:
    head = "app = marimo.App()\n"
    assert marimo_cells(f"{head}@app.cell\n") == ()
    assert marimo_cells(f"{head}@app.cell\ndef _(h:\n") == ()
    [cell] = marimo_cells(f"{head}@app.cell\ndef _(h, 1):\n    x = 1\n    return (x,")
    assert (cell.names.takes, cell.title) == ((), "")
