"""Notebooks: cells are judged together in document order; each keeps its own diagnostics."""

from __future__ import annotations

import pytest
from lsprotocol import types
from session import Session, capabilities, connected, replace, spread

NOTEBOOK = "file:///project/n.ipynb"
# VS Code on a server puts an authority into the URI of a cell; the desktop does not.
FORMS = [
    "vscode-notebook-cell:/project/n.ipynb#C{}",
    "vscode-notebook-cell://127.0.0.1:18082/project/n.ipynb#C{}",
]


def item(uri: str, text: str, version: int = 1) -> types.TextDocumentItem:
    return types.TextDocumentItem(uri=uri, language_id="python", version=version, text=text)


def cell(uri: str) -> types.NotebookCell:
    return types.NotebookCell(kind=types.NotebookCellKind.Code, document=uri)


def open_notebook(session: Session, cells: dict[str, str]) -> None:
    session.client.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            notebook_document=types.NotebookDocument(
                uri=NOTEBOOK, notebook_type="jupyter-notebook", version=1, cells=[cell(uri) for uri in cells]
            ),
            cell_text_documents=[item(uri, text) for uri, text in cells.items()],
        )
    )


def change_notebook(session: Session, version: int, cells: types.NotebookDocumentCellChanges) -> None:
    session.client.notebook_document_did_change(
        types.DidChangeNotebookDocumentParams(
            notebook_document=types.VersionedNotebookDocumentIdentifier(uri=NOTEBOOK, version=version),
            change=types.NotebookDocumentChangeEvent(cells=cells),
        )
    )


@pytest.mark.parametrize("form", FORMS)
async def test_each_cell_has_its_diagnostics(session: Session, form: str) -> None:
    first, second, third = (form.format(number) for number in range(3))
    open_notebook(session, {first: "y = x.exp()", second: "%time f()\n'😀'; y.add_(1)", third: "y.mul_(2)"})
    assert not await session.diagnostics(first, 1)
    [found] = await session.diagnostics(second, 1)
    assert found.range == spread((1, 6), (1, 15))
    [found] = await session.diagnostics(third, 1)
    assert found.range == spread((0, 0), (0, 9))
    [action, *_] = await session.actions(third, found.range, [found])
    assert action.edit is not None
    assert action.edit.document_changes is not None
    [change] = action.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert (change.text_document.uri, change.edits[0].range) == (third, found.range)
    text = await session.hover(second, 1, 8)
    assert text is not None
    assert "y is changed by add_" in text
    lenses = await session.client.text_document_code_lens_async(
        types.CodeLensParams(types.TextDocumentIdentifier(uri=second))
    )
    assert lenses is not None
    assert [list(lens.command.arguments or ()) for lens in lenses if lens.command] == [[second, 2]] * 2


async def test_edit_insert_move_and_delete(session: Session) -> None:
    first, second, new = (FORMS[0].format(number) for number in range(3))
    open_notebook(session, {first: "a = 1", second: "b = 2"})
    assert not await session.diagnostics(second, 1)

    content = types.NotebookDocumentCellContentChanges(
        document=types.VersionedTextDocumentIdentifier(uri=second, version=2),
        changes=[replace((0, 0), (0, 5), "b.add_(2)")],
    )
    change_notebook(session, 2, types.NotebookDocumentCellChanges(text_content=[content]))
    assert len(await session.diagnostics(second, 2)) == 1

    insert = types.NotebookCellArrayChange(start=0, delete_count=0, cells=[cell(new)])
    change_notebook(
        session,
        3,
        types.NotebookDocumentCellChanges(
            structure=types.NotebookDocumentCellChangeStructure(
                array=insert, did_open=[item(new, "c.mul_(3)\n\n")]
            )
        ),
    )
    [found] = await session.diagnostics(new, 1)
    assert found.range.start.line == 0
    await session.until(lambda: [p for p in session.published if p.uri == second][-1].diagnostics)

    swap = types.NotebookCellArrayChange(
        start=0, delete_count=3, cells=[cell(second), cell(first), cell(new)]
    )
    session.published.clear()
    change_notebook(
        session,
        4,
        types.NotebookDocumentCellChanges(structure=types.NotebookDocumentCellChangeStructure(array=swap)),
    )
    [found] = await session.diagnostics(new, 1)
    assert found.range.start.line == 0

    delete = types.NotebookCellArrayChange(start=2, delete_count=1)
    change_notebook(
        session,
        5,
        types.NotebookDocumentCellChanges(
            structure=types.NotebookDocumentCellChangeStructure(
                array=delete, did_close=[types.TextDocumentIdentifier(uri=new)]
            )
        ),
    )
    assert not await session.diagnostics(new, None)


async def test_an_interactive_window_is_a_notebook(session: Session) -> None:
    cells = [f"vscode-notebook-cell:/project/Interactive-1.interactive#W{number}" for number in range(2)]
    session.client.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            notebook_document=types.NotebookDocument(
                uri="vscode-interactive:/project/Interactive-1.interactive",
                notebook_type="interactive",
                version=1,
                cells=[cell(uri) for uri in cells],
            ),
            cell_text_documents=[item(cells[0], "y = x.exp()\n"), item(cells[1], "y.add_(1)\n")],
        )
    )
    await session.until(
        lambda: (
            [len(params.diagnostics) for params in session.published if params.uri == cells[1]][-1:] == [1]
        )
    )


async def test_closing_clears_every_cell(session: Session) -> None:
    first, second = (FORMS[0].format(number) for number in range(2))
    open_notebook(session, {first: "a.add_(1)", second: "b.add_(2)"})
    assert await session.diagnostics(second, 1)
    session.client.notebook_document_did_close(
        types.DidCloseNotebookDocumentParams(
            notebook_document=types.NotebookDocumentIdentifier(uri=NOTEBOOK),
            cell_text_documents=[types.TextDocumentIdentifier(uri=uri) for uri in (first, second)],
        )
    )
    assert not await session.diagnostics(first, None)
    assert not await session.diagnostics(second, None)


async def test_a_markdown_cell_is_no_code(session: Session) -> None:
    first, second = (FORMS[0].format(number) for number in range(2))
    session.client.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            notebook_document=types.NotebookDocument(
                uri=NOTEBOOK,
                notebook_type="jupyter-notebook",
                version=1,
                cells=[types.NotebookCell(kind=types.NotebookCellKind.Markup, document=first), cell(second)],
            ),
            cell_text_documents=[
                types.TextDocumentItem(uri=first, language_id="markdown", version=1, text="a.add_(1)"),
                item(second, "b.add_(2)"),
            ],
        )
    )
    assert len(await session.diagnostics(second, 1)) == 1
    assert not any(params.uri == first for params in session.published)


async def test_a_cell_whose_language_is_changed_is_code_no_more_and_again(session: Session) -> None:
    """An editor tells of it as of a cell that is taken away, and another one in its place."""
    first, second = (FORMS[0].format(number) for number in range(2))
    open_notebook(session, {first: "a.add_(1)", second: "b.add_(2)"})
    assert len(await session.diagnostics(first, 1)) == 1

    def becomes(version: int, kind: types.NotebookCellKind, language: str) -> None:
        document = types.TextDocumentItem(uri=first, language_id=language, version=version, text="a.add_(1)")
        structure = types.NotebookDocumentCellChangeStructure(
            array=types.NotebookCellArrayChange(
                start=0, delete_count=1, cells=[types.NotebookCell(kind=kind, document=first)]
            ),
            did_open=[document],
            did_close=[types.TextDocumentIdentifier(first)],
        )
        change_notebook(session, version, types.NotebookDocumentCellChanges(structure=structure))

    def shown() -> int | None:
        told = [len(params.diagnostics) for params in session.published if params.uri == first]
        return told[-1] if told else None

    becomes(2, types.NotebookCellKind.Markup, "markdown")
    await session.until(lambda: shown() == 0)
    becomes(3, types.NotebookCellKind.Code, "python")
    await session.until(lambda: shown() == 1)


async def test_a_notebook_as_plain_text(session: Session) -> None:
    """JupyterLab sends all code cells as one Python document whose URI ends in ``.ipynb``."""
    uri = "file:///project/.virtual_documents/n.ipynb"
    session.open(uri, "y = x.exp()\n\n\ny.add_(1)\n")
    [found] = await session.diagnostics(uri, 1)
    assert found.range.start.line == 3


async def test_lines_of_a_notebook_as_plain_text_are_quoted() -> None:
    """JupyterLab shows no numbers that are those of the text that it sends."""
    async with connected(client_capabilities=capabilities(rich=False)) as session:
        uri = "file:///project/.virtual_documents/n.ipynb"
        session.open(uri, "y = x.exp()\ny.add_(1)\n")
        [found] = await session.diagnostics(uri, 1)
        assert found.message.endswith("\nline `y = x.exp()`: saved here")
