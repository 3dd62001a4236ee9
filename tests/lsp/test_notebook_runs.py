"""Notebooks as they were run: the order that the execution numbers tell, beside that of the document."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest_asyncio
from lsprotocol import types
from session import REAL, Session, connected, replace, spread
from test_notebooks import FORMS, NOTEBOOK, cell, change_notebook, item

from gradsafe.lsp.executed import Execution, History, SeenCell, is_another_order

MADE = "import torch\nw = torch.randn(3, requires_grad=True)\nh = w.exp()\n"
ENDED = "h.sum().backward()\n"
WRITTEN = "h.add_(1)\n"
A, B, C, D = (FORMS[0].format(number) for number in range(4))
CODE = "saved-tensor-modified"
SAYS = "only in the order in which the cells were run: "


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[Session]:
    async with connected(REAL, root=tmp_path) as session:
        yield session


class Notebook:
    """A notebook in the client, whose cells are run there."""

    def __init__(self, session: Session, cells: dict[str, str], orders: Sequence[int | None] = ()) -> None:
        self.session, self.version, self.cells = session, 1, list(cells)
        orders = [*orders, *[None] * (len(cells) - len(orders))]
        session.client.notebook_document_did_open(
            types.DidOpenNotebookDocumentParams(
                notebook_document=types.NotebookDocument(
                    uri=NOTEBOOK,
                    notebook_type="jupyter-notebook",
                    version=1,
                    cells=[
                        executed(uri, order) if order else cell(uri)
                        for uri, order in zip(cells, orders, strict=True)
                    ],
                ),
                cell_text_documents=[item(uri, text) for uri, text in cells.items()],
            )
        )

    def change(self, changes: types.NotebookDocumentCellChanges) -> None:
        self.version += 1
        change_notebook(self.session, self.version, changes)

    def run(self, uri: str, order: int, success: bool | None = None) -> None:
        """What an editor says when a cell has been run: VS Code takes its last number away when it starts."""
        self.change(types.NotebookDocumentCellChanges(data=[executed(uri, None)]))
        self.change(types.NotebookDocumentCellChanges(data=[executed(uri, order)]))
        self.change(types.NotebookDocumentCellChanges(data=[executed(uri, order, success)]))

    def edit(self, uri: str, change: types.TextDocumentContentChangeEvent) -> None:
        document = types.VersionedTextDocumentIdentifier(uri=uri, version=self.version + 1)
        content = types.NotebookDocumentCellContentChanges(document=document, changes=[change])
        self.change(types.NotebookDocumentCellChanges(text_content=[content]))

    def delete(self, uri: str) -> None:
        self.splice(self.cells.index(uri), 1, [], closed=[uri])

    def splice(
        self,
        start: int,
        count: int,
        cells: Sequence[types.NotebookCell],
        opened: Sequence[types.TextDocumentItem] = (),
        closed: Sequence[str] = (),
    ) -> None:
        self.cells[start : start + count] = [each.document for each in cells]
        structure = types.NotebookDocumentCellChangeStructure(
            array=types.NotebookCellArrayChange(start=start, delete_count=count, cells=list(cells)),
            did_open=list(opened),
            did_close=[types.TextDocumentIdentifier(uri) for uri in closed],
        )
        self.change(types.NotebookDocumentCellChanges(structure=structure))

    async def says(self, **expected: list[str]) -> None:
        """By cell (``A=``), a piece of each message that is shown; cells that are not named have nothing to say."""
        names = {"A": A, "B": B, "C": C, "D": D}

        def holds() -> bool:
            latest = {params.uri: params.diagnostics for params in self.session.published}
            return all(
                [part in each.message for part, each in zip(parts, shown, strict=False)].count(True)
                == len(parts)
                == len(shown)
                for name, uri in names.items()
                for parts, shown in [(expected.get(name, []), latest.get(uri, ()))]
            )

        await self.session.until(holds)

    def last(self, uri: str) -> types.Diagnostic:
        [found] = [params for params in self.session.published if params.uri == uri][-1].diagnostics
        return found


def executed(uri: str, order: int | None, success: bool | None = None) -> types.NotebookCell:
    summary = types.ExecutionSummary(execution_order=order or 0, success=success)
    return types.NotebookCell(
        kind=types.NotebookCellKind.Code, document=uri, execution_summary=summary if order else None
    )


# -- findings


async def test_what_exists_only_in_the_order_of_the_runs_says_so(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: ENDED, C: WRITTEN})
    await notebook.says()
    notebook.run(A, 1, True)
    notebook.run(C, 2, True)
    notebook.run(B, 3, False)
    await notebook.says(C=[f"({SAYS}1, 3, 2)"])
    found = notebook.last(C)
    assert (found.code, found.severity) == (CODE, types.DiagnosticSeverity.Error)
    assert [each.location.uri for each in found.related_information or ()] == [A, B]
    assert f"{SAYS}1, 3, 2" in (await real.hover(C, 0, 3) or "")


async def test_what_exists_only_in_the_document_says_so(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: WRITTEN, C: ENDED})
    await notebook.says(B=["in place"])
    assert "only" not in notebook.last(B).message
    notebook.run(A, 1, True)
    notebook.run(C, 2, True)
    await notebook.says(B=["in place"])
    assert "only" not in notebook.last(B).message, "cell 2 has not run: the runs say nothing of it"
    notebook.run(B, 3, True)
    await notebook.says(B=["(only in the order of the cells in the notebook, not as they were run: 1, 3, 2)"])
    fixes = await real.actions(B, notebook.last(B).range, [notebook.last(B)])
    assert fixes, "it has the fixes of any finding"


async def edits_of(session: Session, action: types.CodeAction) -> dict[str, list[tuple[types.Range, str]]]:
    """What an action writes into which document."""
    if action.edit is None:
        action = await session.client.code_action_resolve_async(action)
    assert action.edit is not None
    return {
        change.text_document.uri: [(each.range, each.new_text) for each in change.edits]
        for change in action.edit.document_changes or ()
        if isinstance(change, types.TextDocumentEdit)
    }


async def test_a_finding_of_the_runs_has_fixes_in_the_cells_of_the_notebook(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: ENDED, C: WRITTEN})
    for order, uri in enumerate((A, C, B), 1):
        notebook.run(uri, order)
    await notebook.says(C=[SAYS])
    actions = await real.actions(C, notebook.last(C).range, [notebook.last(C)])
    made = {each.title: await edits_of(real, each) for each in actions}
    assert made["Compute a new `h` instead of writing into it"] == {
        C: [(spread((0, 0), (0, 0)), "h = "), (spread((0, 2), (0, 6)), "add")]
    }
    assert made["Let backward keep a copy of `h`"] == {A: [(spread((2, 11), (2, 11)), ".clone()")]}
    assert made["Ignore `saved-tensor-modified` here"] == {
        C: [(spread((0, 9), (0, 9)), "  # gradsafe: ignore[saved-tensor-modified]")]
    }
    assert not next(each for each in actions if each.title.startswith("Ignore")).is_preferred
    # Whoever edits a cell has to run it again; until then nothing is known of what it would do.
    notebook.edit(C, replace((0, 0), (0, 0), "# why\n"))
    await real.until(lambda: notebook.last(C).range.start.line == 1)
    left = await real.actions(C, notebook.last(C).range, [notebook.last(C)])
    assert [list(await edits_of(real, each)) for each in left] == [[A]]


async def test_what_hides_a_finding_of_the_runs_is_not_told_to_hide_nothing(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: ENDED, C: WRITTEN})
    for order, uri in enumerate((A, C, B), 1):
        notebook.run(uri, order)
    await notebook.says(C=[SAYS])
    [action] = [
        each
        for each in await real.actions(C, notebook.last(C).range, [notebook.last(C)])
        if each.title.startswith("Ignore")
    ]
    [(at, comment)] = (await edits_of(real, action))[C]
    notebook.edit(C, types.TextDocumentContentChangePartial(range=at, text=comment))
    # It has not run with that: what ran is out of date, and in the document there is nothing to hide.
    await notebook.says(C=["to be silenced"])
    for order, uri in enumerate((A, C, B), 4):
        notebook.run(uri, order)
    await notebook.says()


async def test_a_cell_that_was_run_twice_is_mended_once(real: Session) -> None:
    made = f"{MADE}s = h.sum()\n"
    notebook = Notebook(real, {A: made, B: WRITTEN, C: "s.backward()\n"})
    notebook.run(A, 1, True)
    notebook.run(A, 2, True)
    notebook.run(B, 3, True)
    notebook.run(B, 4, True)
    notebook.run(C, 5)
    await notebook.says(B=["in place"])
    actions = await real.actions(B, notebook.last(B).range, [notebook.last(B)])
    assert actions
    for action in actions:
        edits = await edits_of(real, action)
        assert all(len(each) == len(set(map(str, each))) for each in edits.values())


async def test_in_both_orders_nothing_is_said_of_either(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: "print(1)\n", C: WRITTEN, D: ENDED})
    for order, uri in enumerate((A, C, B, D), 1):
        notebook.run(uri, order)
    await notebook.says(C=["in place"])
    await real.hover(C, 0, 3)
    assert "only" not in notebook.last(C).message


async def test_a_cell_that_succeeded_did_not_raise(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: ENDED, C: WRITTEN})
    for order, uri in ((1, A), (2, C)):
        notebook.run(uri, order, True)
    notebook.run(B, 3)
    await notebook.says(C=[SAYS])
    notebook.run(B, 3, True)
    await notebook.says()


async def test_a_restarted_kernel_has_run_nothing(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: ENDED, C: WRITTEN})
    for order, uri in ((1, A), (2, C), (3, B)):
        notebook.run(uri, order)
    await notebook.says(C=[SAYS])
    notebook.run(A, 1)
    await notebook.says()
    notebook.run(B, 2)
    notebook.run(C, 3)
    notebook.run(C, 4)
    await notebook.says()


async def test_without_numbers_there_are_no_runs(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: ENDED, C: WRITTEN})
    for order, uri in ((1, A), (2, C), (3, B)):
        notebook.run(uri, order)
    await notebook.says(C=[SAYS])
    notebook.change(types.NotebookDocumentCellChanges(data=[executed(uri, None) for uri in (A, B, C)]))
    await notebook.says()
    notebook.run(A, 4)  # outputs were cleared, the kernel goes on
    notebook.run(B, 5)
    await notebook.says()


async def test_the_text_is_the_one_that_ran(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: WRITTEN, C: ENDED})
    notebook.run(A, 1, True)
    notebook.run(B, 2, True)
    notebook.edit(A, replace((2, 4), (2, 11), "w * 2"))  # the write is safe now, but not in this kernel
    notebook.run(C, 3, False)
    await notebook.says()
    notebook.edit(A, replace((2, 4), (2, 9), "w.exp()"))
    await notebook.says(B=["in place"])
    notebook.edit(A, replace((0, 0), (0, 0), "# moved\n"))
    notebook.edit(B, replace((0, 0), (0, 0), "\n\n"))
    await real.until(lambda: notebook.last(B).range.start.line == 2)
    assert SAYS not in notebook.last(B).message


async def test_an_edited_cell_is_named(real: Session) -> None:
    notebook = Notebook(real, {A: MADE + "on = True\n", B: f"if on:\n    {WRITTEN}", C: ENDED})
    for order, uri in enumerate((A, B, C), 1):
        notebook.run(uri, order)
    await notebook.says(B=["in place"])
    notebook.edit(A, replace((3, 5), (3, 9), "False"))
    await notebook.says(B=["only as the cells were run: 1, 2, 3; cell 1 has been edited since"])
    notebook.run(A, 4)
    await notebook.says(B=[f"{SAYS}1, 2, 3, 1"])
    notebook.run(B, 5)
    notebook.run(C, 6)
    await notebook.says()


async def test_a_deleted_cell_has_still_run(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: WRITTEN, C: ENDED})
    for order, uri in enumerate((A, B), 1):
        notebook.run(uri, order)
    notebook.delete(B)
    notebook.run(C, 3, False)
    await notebook.says(A=["in a cell that has been deleted since"])
    assert f"{SAYS}1, a deleted cell, 2" in notebook.last(A).message


async def test_numbers_of_a_saved_notebook_are_at_most_a_warning(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: ENDED, C: WRITTEN}, orders=(5, 9, 7))
    await notebook.says(C=[f"{SAYS}1, 3, 2"])
    assert notebook.last(C).severity == types.DiagnosticSeverity.Warning


# -- cells that change


async def test_a_fix_may_touch_two_cells(real: Session) -> None:
    loop = "import torch\nfrom torch import nn\nmodel = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))\n"
    loop += "opt = torch.optim.SGD(model.parameters(), 0.1)\nout = model(torch.randn(2, 3))\n"
    loop += "a, b = out.sum(), (out**2).sum()"
    notebook = Notebook(real, {A: loop, B: "a.backward(retain_graph=True)\nopt.step()", C: "b.backward()"})
    await notebook.says(B=["in place"])
    actions = await real.actions(B, notebook.last(B).range, [notebook.last(B)])
    [move] = [each for each in actions if each.title.startswith("Move `opt.step()`")]
    made = await edits_of(real, move)
    assert made == {
        B: [(spread((0, 29), (1, 10)), "")],
        C: [(spread((0, 12), (0, 12)), "\nopt.step()")],
    }


async def test_a_moved_cell_is_judged_where_it_stands(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: WRITTEN, C: ENDED})
    await notebook.says(B=["in place"])
    notebook.splice(1, 2, [cell(C), cell(B)])
    await notebook.says()
    notebook.splice(1, 2, [cell(B), cell(C)])
    await notebook.says(B=["in place"])


async def test_a_cell_inserted_and_deleted(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: ENDED})
    await notebook.says()
    notebook.splice(1, 0, [cell(C)], opened=[item(C, WRITTEN)])
    await notebook.says(C=["in place"])
    notebook.delete(C)
    await notebook.says()


async def test_a_cell_changes_its_language_and_back(real: Session) -> None:
    notebook = Notebook(real, {A: MADE, B: WRITTEN, C: ENDED})
    await notebook.says(B=["in place"])
    other = types.TextDocumentItem(uri=B, language_id="shellscript", version=2, text=WRITTEN)
    notebook.splice(1, 1, [cell(B)], opened=[other], closed=[B])
    await notebook.says()
    notebook.splice(1, 1, [cell(B)], opened=[item(B, WRITTEN, 3)], closed=[B])
    await notebook.says(B=["in place"])
    markup = types.NotebookCell(kind=types.NotebookCellKind.Markup, document=B)
    notebook.change(types.NotebookDocumentCellChanges(data=[markup]))
    await notebook.says()


async def test_what_only_ipython_understands_is_left_out(real: Session) -> None:
    cells = {
        A: "%load_ext autoreload\n!pip list\nfiles = !ls\n" + MADE,
        B: "%%bash\nh.add_(1)\n",
        C: "%%time\nimport asyncio\nawait asyncio.sleep(0)\nh.add_(1)\nh?\n",
        D: "%time h.sum().backward()",
    }
    notebook = Notebook(real, cells)
    await notebook.says(C=["in place"])
    assert notebook.last(C).range == spread((3, 0), (3, 9))


async def test_a_change_of_a_notebook_that_is_not_open_harms_nobody(session: Session) -> None:
    change_notebook(session, 2, types.NotebookDocumentCellChanges(data=[executed(A, 1)]))
    notebook = Notebook(session, {A: "a.add_(1)"})
    await session.until(lambda: session.published)
    assert notebook.last(A).range == spread((0, 0), (0, 9))


# -- numbers to runs


def history(*views: Sequence[SeenCell]) -> History:
    found = History()
    for view in views:
        found.see(view)
    return found


def test_numbers_that_two_cells_have_tell_no_order() -> None:
    assert history([SeenCell("a", "", 1), SeenCell("b", "", 1), SeenCell("c", "", 2)]).runs == ()


def test_a_gap_in_the_numbers_is_something_that_nobody_saw() -> None:
    seen = history([SeenCell("a", "")], [SeenCell("a", "", 1)], [SeenCell("a", "", 3)]).runs
    assert [run.certain for run in seen] == [True, False]


def test_after_a_cell_that_failed_nothing_is_certain() -> None:
    cells = [SeenCell("a", "", 1, False), SeenCell("b", "")]
    seen = history([SeenCell("a", ""), SeenCell("b", "")], cells, [cells[0], SeenCell("b", "", 2)]).runs
    assert [(run.certain, run.success) for run in seen] == [(True, False), (False, None)]


def test_cut_and_pasted_is_the_same_run() -> None:
    before = [SeenCell("a", "x", 1), SeenCell("b", "y", 2)]
    seen = history([SeenCell("a", "x")], before, [before[1], SeenCell("c", "x", 1)]).runs
    assert [run.cell for run in seen] == ["c", "b"]


def test_a_copy_with_the_number_of_its_original_has_not_run() -> None:
    before = [SeenCell("a", "x", 1), SeenCell("b", "y", 2)]
    seen = history([SeenCell("a", "x")], before, [*before, SeenCell("c", "x", 1)]).runs
    assert [run.cell for run in seen] == ["a", "b"]


def test_a_beginning_of_the_document_is_no_other_order() -> None:
    cells = {"a": "x", "b": "y", "c": "z"}
    assert not is_another_order([], cells)
    assert not is_another_order([Execution("a", 1, "x"), Execution("b", 2, "y")], cells)
    assert is_another_order([Execution("b", 1, "y")], cells)
    assert is_another_order([Execution("a", 1, "before")], cells)
    assert is_another_order([Execution("a", 1, "x"), Execution("a", 2, "x")], cells)
