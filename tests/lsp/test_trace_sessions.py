"""Cells in a session: which run again, what becomes of their findings when the text is edited, how a session ends."""

from __future__ import annotations

from lsprotocol import types
from session import Session, connected, replace
from test_notebooks import FORMS, cell, change_notebook, item, open_notebook
from test_trace import RUN, lenses, sources, titles

CELLS = "import torch\n# %% one\na = 1\n# %% two\ny = x.exp()\ny.add_(1)\nb = 2\n# %% three\nc = 3\n"


def ran(result: object) -> str:
    """Which cells a run says it ran."""
    assert isinstance(result, dict)
    return str(result["report"]).partition("ran cells ")[2].partition(" with")[0]


async def hints(session: Session, uri: str) -> list[tuple[int, object]]:
    found = await session.client.text_document_inlay_hint_async(
        types.InlayHintParams(
            types.TextDocumentIdentifier(uri), types.Range(types.Position(0, 0), types.Position(99, 0))
        )
    )
    return [(hint.position.line, hint.label) for hint in found or ()]


async def test_only_what_has_not_run_as_it_stands_runs(session: Session, uri: str) -> None:
    session.open(uri, CELLS.replace("y.add_(1)\n", ""))
    assert ran(await session.command(RUN, uri, 2)) == "(0, 1, 2)"
    assert ran(await session.command(RUN, uri, 3)) == "(3,)"
    assert ran(await session.command(RUN, uri, 1)) == "(1,)"
    # A comment is no other code; another number is.
    session.change(uri, 2, CELLS.replace("y.add_(1)\n", "").replace("a = 1", "# why\na = 1"))
    assert ran(await session.command(RUN, uri, 3)) == "(3,)"
    session.change(uri, 3, CELLS.replace("y.add_(1)\n", "").replace("a = 1", "a = 2"))
    assert ran(await session.command(RUN, uri, 3)) == "(1, 2, 3)"
    assert (
        session.asked[-1]
        == "Run cell 3 after 2 cells before it, which have not run in this session as they stand?"
    )
    await session.command("gradsafe.restartTraceSession", uri)
    assert ran(await session.command(RUN, uri, 3)) == "(0, 1, 2, 3)"
    assert len(session.asked) == 3
    assert len(session.shown) == 7


async def test_a_session_that_ends_itself_is_followed_by_a_fresh_one(session: Session, uri: str) -> None:
    session.open(uri, "# %%\na = 1\n# %%\nexit\n")
    result = await session.command(RUN, uri, 2)
    assert result["over"] == "called sys.exit(3)"
    assert ran(await session.command(RUN, uri, 2)) == "(1, 2)"
    assert len(session.asked) == len(session.shown) == 2


async def test_findings_move_with_their_text_and_go_with_an_edit(session: Session, uri: str) -> None:
    session.open(uri, CELLS)
    await session.diagnostics(uri, 1)
    await session.command(RUN, uri, 2)
    await session.until(lambda: sources(session) == ["gradsafe trace"])
    assert await hints(session, uri) == [(5, "y: v0 -> v1")]
    found = titles(await lenses(session, uri))
    assert [one for one in found if one[0] == 3] == [
        (3, "Run and trace"),
        (3, "Dry run"),
        (3, "raised, 1 findings"),
    ]
    assert (1, "completed") in found
    session.change(uri, 2, replace((0, 0), (0, 0), "# above\n"))
    [found] = await session.diagnostics(uri, 2)
    assert (found.source, found.range.start.line) == ("gradsafe trace", 6)
    assert found.related_information is not None
    assert found.related_information[0].location.range.start.line == 5
    # A line of the same cell that is not of the story; then one that is.
    session.change(uri, 3, replace((7, 0), (7, 5), "b = 9"))
    assert [one.source for one in await session.diagnostics(uri, 3)] == ["gradsafe trace"]
    assert (4, "raised, 1 findings (edited since)") in titles(await lenses(session, uri))
    session.change(uri, 4, replace((5, 0), (5, 0), "z = "))
    assert [one.source for one in await session.diagnostics(uri, 4)] == ["gradsafe"]
    assert await hints(session, uri) == [(6, "y: v0 -> v1")]  # its own line still stands
    assert len(session.asked) == len(session.shown) == 1


async def test_another_run_of_a_cell_replaces_what_the_last_one_showed(session: Session, uri: str) -> None:
    session.open(uri, CELLS)
    await session.command(RUN, uri, 2)
    session.change(uri, 2, CELLS.replace("y.add_(1)", "y = y + 1"))
    await session.command(RUN, uri, 2)
    assert not await session.diagnostics(uri, 2)
    assert await hints(session, uri) == []
    assert (3, "completed, 0 findings") in titles(await lenses(session, uri))
    assert len(session.shown) == 2
    assert len(session.asked) == 1


async def test_notebooks_follow_their_cells(session: Session) -> None:
    first, second, third = (FORMS[0].format(number) for number in range(3))
    open_notebook(session, {first: "%time f()\ny = x.exp()", second: "a = 1\ny.add_(1)"})
    await session.diagnostics(second, 1)
    result = await session.command(RUN, second, {"line": 1, "character": 0})
    assert ran(result) == "(1, 2)"
    await session.until(
        lambda: [d for p in session.published[-3:] for d in p.diagnostics if d.source == "gradsafe trace"]
    )
    assert await hints(session, second) == [(1, "y: v0 -> v1")]
    inserted = types.NotebookDocumentCellChanges(
        structure=types.NotebookDocumentCellChangeStructure(
            array=types.NotebookCellArrayChange(start=0, delete_count=0, cells=[cell(third)]),
            did_open=[item(third, "z = 0")],
        )
    )
    change_notebook(session, 2, inserted)
    await session.diagnostics(third, 1)
    assert await hints(session, second) == [(1, "y: v0 -> v1")]
    assert ran(await session.command(RUN, second, {"line": 0, "character": 0})) == "(1, 2, 3)"
    assert len(session.asked) == len(session.shown) == 2


async def test_output_comes_as_it_is_printed(uri: str) -> None:
    async with connected(options={"trace": {"notification": True, "arguments": ["--lr", "1"]}}) as session:
        session.open(uri, "print(one)\nprint(two)\n")
        result = await session.command("gradsafe.runAndTraceFile", uri)
        assert [(each.uri, each.stream, each.text) for each in session.output] == [
            (uri, "stdout", "one\ntwo\n")
        ]
        assert "('--lr', '1')" in result["report"]
        result = await session.command("gradsafe.runAndTraceFile", uri, ["--epochs", "2"])
        assert "('--epochs', '2')" in result["report"]
        assert len(session.traced) == len(session.output) == 2
        page = await session.command("gradsafe.timelinePage", uri)
        assert page == "<html>file: ran cells (0,) with ('--epochs', '2')</html>"


async def test_closing_a_document_ends_its_session(session: Session, uri: str) -> None:
    text = "# %%\na = 1\n# %%\nb = 2\n"
    session.open(uri, text)
    await session.command(RUN, uri, 2)
    session.close(uri)
    session.open(uri, text)
    assert ran(await session.command(RUN, uri, 2)) == "(1, 2)"
    assert len(session.asked) == len(session.shown) == 2


async def test_an_interpreter_of_the_workspace_needs_trust(uri: str) -> None:
    async with connected(options={"trace": {"interpreter": ".venv/bin/python"}}) as session:
        session.open(uri, "a = 1\n")
        assert await session.command(RUN, uri, 0) is None
        await session.until(lambda: session.shown)
        assert "is looked for in the workspace" in session.shown[0]
    async with connected(options={"trusted": True, "trace": {"interpreter": ".venv/bin/python"}}) as session:
        session.open(uri, "a = 1\n")
        assert await session.command(RUN, uri, 0) is not None
        assert session.shown
