"""``source.fixAll.gradsafe`` and its command; suppressing in the whole file."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from session import REAL, Session, capabilities, connected, spread
from test_code_actions import applied
from test_notebooks import FORMS, open_notebook

BAD = "y = x.exp()\ny.add_(1)\ny.mul_(2)\n"
MENDED = "y = x.exp()\ny = y.add(1)\ny = y.mul(2)\n"
FIX_ALL = "source.fixAll.gradsafe"
EVERYTHING = spread((0, 0), (3, 0))
AUTOMATIC = types.CodeActionTriggerKind.Automatic


@pytest.mark.parametrize(
    "only", [[FIX_ALL], [types.CodeActionKind.SourceFixAll], [types.CodeActionKind.Source]]
)
async def test_all_fixes_are_one_versioned_edit(session: Session, uri: str, only: list[str]) -> None:
    session.open(uri, BAD, version=3)
    [action] = await session.actions(uri, EVERYTHING, only=only, trigger=AUTOMATIC)
    assert (action.kind, action.edit) == (FIX_ALL, None)
    resolved = await session.client.code_action_resolve_async(action)
    assert applied(BAD, resolved.edit, uri, 3) == MENDED


async def test_it_stands_in_the_menu_beside_the_quick_fixes(session: Session, uri: str) -> None:
    session.open(uri, BAD)
    kinds = [action.kind for action in await session.actions(uri, spread((1, 0), (1, 0)), only=None)]
    assert kinds == [types.CodeActionKind.QuickFix, types.CodeActionKind.QuickFix, FIX_ALL]
    assert [each.kind for each in await session.actions(uri, EVERYTHING)].count(FIX_ALL) == 0
    assert not await session.actions(uri, EVERYTHING, only=["source.organizeImports"])
    assert not await session.actions(uri, EVERYTHING, only=["source.fixAll.other"])


async def test_nothing_is_offered_where_no_fix_is_safe(session: Session, uri: str) -> None:
    session.open(uri, "pass\n")
    assert not await session.actions(uri, EVERYTHING, only=[FIX_ALL])
    session.change(uri, 2, f"# hopeless\n{BAD}")
    assert not await session.actions(uri, EVERYTHING, only=[FIX_ALL])


async def test_on_save_nothing_to_do_is_no_error_but_who_asks_is_told(session: Session, uri: str) -> None:
    text = f"# in vain\n{BAD}"
    session.open(uri, text)
    [action] = await session.actions(uri, EVERYTHING, only=[FIX_ALL], trigger=AUTOMATIC)
    resolved = await session.client.code_action_resolve_async(action)
    assert resolved.edit is not None
    assert not resolved.edit.document_changes
    [action] = await session.actions(uri, EVERYTHING, only=[FIX_ALL])
    with pytest.raises(JsonRpcException, match="None of the findings has a fix that is safe and holds"):
        await session.client.code_action_resolve_async(action)


async def test_a_text_that_has_changed_is_left_alone(session: Session, uri: str) -> None:
    session.open(uri, BAD)
    [action] = await session.actions(uri, EVERYTHING, only=[FIX_ALL])
    session.change(uri, 2, "pass\n")
    with pytest.raises(JsonRpcException, match="has changed"):
        await session.client.code_action_resolve_async(action)


async def test_a_plain_client(uri: str) -> None:
    async with connected(client_capabilities=capabilities(rich=False)) as session:
        session.open(uri, BAD)
        [action] = await session.actions(uri, EVERYTHING, only=[FIX_ALL])
        assert applied(BAD, action.edit, uri, None) == MENDED
        # Too much work for a menu that may be closed again.
        assert FIX_ALL not in [each.kind for each in await session.actions(uri, EVERYTHING, only=None)]
        with pytest.raises(JsonRpcException, match="no server apply edits"):
            await session.command("gradsafe.fixAll", uri)


async def test_the_command_applies_the_edit(session: Session, uri: str) -> None:
    session.open(uri, BAD, version=7)
    assert await session.command("gradsafe.fixAll", uri) == {"fixes": 2, "applied": True}
    [edit] = session.edited
    assert applied(BAD, edit, uri, 7) == MENDED
    session.change(uri, 8, f"# in vain\n{BAD}")
    assert await session.command("gradsafe.fixAll", uri) == {"fixes": 0, "applied": False}
    assert "None of the findings has a fix that is safe and holds here" in session.shown[0]
    with pytest.raises(JsonRpcException, match="is not open"):
        await session.command("gradsafe.fixAll", "file:///project/closed.py")


async def test_a_notebook_is_mended_as_a_whole(session: Session) -> None:
    first, second = (FORMS[0].format(number) for number in range(2))
    open_notebook(session, {first: "y.add_(1)", second: "a = 1\ny.mul_(2)"})
    assert not await session.actions(first, EVERYTHING, only=[FIX_ALL])
    [action] = await session.actions(first, EVERYTHING, only=[f"notebook.{FIX_ALL}"])
    resolved = await session.client.code_action_resolve_async(action)
    assert resolved.edit is not None
    changes = {
        change.text_document.uri: [(each.range, each.new_text) for each in change.edits]  # type: ignore[union-attr]
        for change in resolved.edit.document_changes or ()
        if isinstance(change, types.TextDocumentEdit)
    }
    assert changes == {
        first: [(spread((0, 0), (0, 9)), "y = y.add(1)")],
        second: [(spread((1, 0), (1, 9)), "y = y.mul(2)")],
    }


HEAD = "import torch\nx = torch.randn(3, requires_grad=True)\n"
PROGRAM = HEAD + "y = x.exp()\ny.add_(1)\nz = y.sigmoid()\nz *= 2\nz.sum().backward()\n"
SAFE = HEAD + "y = x.exp()\ny = y.add(1)\nz = y.sigmoid()\nz = z * 2\nz.sum().backward()\n"


async def test_real_findings_to_a_fixed_point(tmp_path: Path) -> None:
    """The second defect may only show once the first is mended."""
    uri = (tmp_path / "model.py").as_uri()
    async with connected(REAL, root=tmp_path) as session:
        session.open(uri, PROGRAM)
        before = await session.diagnostics(uri, 1)
        assert before
        [action] = await session.actions(uri, EVERYTHING, only=[FIX_ALL])
        resolved = await session.client.code_action_resolve_async(action)
        assert applied(PROGRAM, resolved.edit, uri, 1) == SAFE
        # Trying it has changed nothing.
        *_, in_file = await session.actions(uri, before[0].range, before)
        assert in_file.title == "Ignore `saved-tensor-modified` in this file"
        ignored = applied(PROGRAM, (await session.client.code_action_resolve_async(in_file)).edit, uri, 1)
        assert ignored == f"# gradsafe: ignore-file[saved-tensor-modified]\n{PROGRAM}"
        session.change(uri, 2, ignored)
        assert not await session.diagnostics(uri, 2)
        session.change(uri, 3, SAFE)
        assert not await session.diagnostics(uri, 3)
