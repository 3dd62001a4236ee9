"""Quick fixes, their verification, hover."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from session import Session, capabilities, connected, replace, spread

from gradsafe.lsp.convert import apply_change

BAD = "y = x.exp()\ny.add_(1)\n"
SLOW = "# slow\n" + BAD


def applied(
    text: str,
    edit: types.WorkspaceEdit | None,
    uri: str,
    version: int | None,
    encoding: types.PositionEncodingKind = types.PositionEncodingKind.Utf16,
) -> str:
    """``text`` after the edit, which must be for this document and, where versions are agreed on, this version."""
    assert edit is not None
    if version is None:
        assert edit.changes is not None
        edits = edit.changes[uri]
    else:
        assert edit.document_changes is not None
        [document] = edit.document_changes
        assert isinstance(document, types.TextDocumentEdit)
        assert (document.text_document.uri, document.text_document.version) == (uri, version)
        edits = [each for each in document.edits if isinstance(each, types.TextEdit)]
    for each in sorted(
        edits, key=lambda each: (each.range.start.line, each.range.start.character), reverse=True
    ):
        change = types.TextDocumentContentChangePartial(range=each.range, text=each.new_text)
        text = apply_change(text, change, encoding)
    return text


async def test_a_fix_removes_its_diagnostic(session: Session, uri: str) -> None:
    text = 'print("😀漢"); ' + "y.add_(1)\n"
    session.open(uri, text)
    diagnostics = await session.diagnostics(uri, 1)
    actions = await session.actions(uri, diagnostics[0].range, diagnostics)
    assert [action.title for action in actions] == ["Write out of place", "Disable for this line"]
    first = actions[0]
    assert first.kind == types.CodeActionKind.QuickFix
    assert first.is_preferred
    assert first.diagnostics == diagnostics or list(first.diagnostics or ()) == list(diagnostics)
    fixed = applied(text, first.edit, uri, 1)
    assert fixed == 'print("😀漢"); y = y.add(1)\n'
    session.change(uri, 2, fixed)
    assert not await session.diagnostics(uri, 2)


async def test_disable_for_this_line(session: Session, uri: str) -> None:
    session.open(uri, BAD)
    diagnostics = await session.diagnostics(uri, 1)
    disable = (await session.actions(uri, diagnostics[0].range))[-1]
    assert not disable.is_preferred
    session.change(uri, 2, applied(BAD, disable.edit, uri, 1))
    assert not await session.diagnostics(uri, 2)


async def test_a_fix_that_mends_nothing_is_not_offered(session: Session, uri: str) -> None:
    session.open(uri, BAD)
    diagnostics = await session.diagnostics(uri, 1)
    titles = [action.title for action in await session.actions(uri, diagnostics[0].range)]
    assert "A fix that mends nothing" not in titles


async def test_what_takes_long_is_verified_on_resolve(session: Session, uri: str) -> None:
    session.open(uri, SLOW)
    diagnostics = await session.diagnostics(uri, 1)
    actions = await session.actions(uri, diagnostics[0].range)
    unverified = [action for action in actions if action.edit is None]
    assert unverified, "verifying takes longer than a light bulb may wait"
    assert not any(action.is_preferred for action in unverified)
    useless = next(action for action in actions if action.title == "A fix that mends nothing")
    with pytest.raises(JsonRpcException, match="does not mend"):
        await session.client.code_action_resolve_async(useless)
    disable = await session.client.code_action_resolve_async(actions[-1])
    assert applied(SLOW, disable.edit, uri, 1).endswith("  # ignore\n")


async def test_resolving_after_a_change_is_refused(session: Session, uri: str) -> None:
    session.open(uri, SLOW)
    diagnostics = await session.diagnostics(uri, 1)
    action = (await session.actions(uri, diagnostics[0].range))[-1]
    session.change(uri, 2, replace((0, 0), (0, 0), "\n"))
    with pytest.raises(JsonRpcException, match="has changed"):
        await session.client.code_action_resolve_async(action)


async def test_a_plain_client_gets_verified_edits_without_versions(uri: str) -> None:
    async with connected(client_capabilities=capabilities(rich=False)) as session:
        session.open(uri, SLOW)
        diagnostics = await session.diagnostics(uri, 1)
        actions = await session.actions(uri, diagnostics[0].range)
        assert [action.title for action in actions] == ["Write out of place", "Disable for this line"]
        assert applied(SLOW, actions[0].edit, uri, None) == "# slow\ny = x.exp()\ny = y.add(1)\n"
        assert actions[0].is_preferred is None


async def test_actions_are_only_where_the_finding_is(session: Session, uri: str) -> None:
    session.open(uri, BAD)
    await session.diagnostics(uri, 1)
    assert not await session.actions(uri, spread((0, 0), (0, 3)))
    assert await session.actions(uri, spread((1, 9), (1, 9)))
    result = await session.client.text_document_code_action_async(
        types.CodeActionParams(
            text_document=types.TextDocumentIdentifier(uri=uri),
            range=spread((1, 0), (1, 3)),
            context=types.CodeActionContext(diagnostics=[], only=[types.CodeActionKind.Refactor]),
        )
    )
    assert not result


async def test_actions_right_after_a_change_are_for_the_new_text(session: Session, uri: str) -> None:
    session.open(uri, "pass\n")
    session.change(uri, 2, BAD)
    [action, *_] = await session.actions(uri, spread((1, 0), (1, 0)))
    assert applied(BAD, action.edit, uri, 2) == "y = x.exp()\ny = y.add(1)\n"


async def test_hover_tells_what_will_happen(session: Session, uri: str) -> None:
    session.open(uri, BAD)
    text = await session.hover(uri, 1, 4)
    assert text is not None
    assert "[saved-tensor-modified](https://example.invalid/saved-tensor-modified)" in text
    assert "one of the variables needed for gradient computation has been modified" in text
    assert "The page of saved-tensor-modified." in text
    assert await session.hover(uri, 0, 1) is None
