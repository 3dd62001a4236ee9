"""``source.fixAll.gradsafe``: all fixes that are safe and hold, as one edit; and the command for clients without such actions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from gradsafe.lsp import commands
from gradsafe.lsp.analysis import Analysis, Mending
from gradsafe.lsp.diagnostics import Verdict
from gradsafe.lsp.edits import workspace_edit

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

KIND = f"{types.CodeActionKind.SourceFixAll.value}.gradsafe"
NOTEBOOK_KIND = f"notebook.{KIND}"
"""For a notebook as a whole: an editor asks every cell for ``source.fixAll`` at once, and would apply the same edit to each."""
TITLE = "Fix all that can be fixed safely (gradsafe)"
NOTHING = "None of the findings has a fix that is safe and holds here. The light bulb on each of them shows what else can be done."


def asks_for(only: Sequence[str] | None, kind: str) -> bool:
    """Whether a request for the kinds ``only`` (None or empty: any) asks for ``kind``: it, or one above it."""
    return not only or any(each in ("", kind) or kind.startswith(each + ".") for each in only)


async def actions(
    server: GradsafeServer, params: types.CodeActionParams, verdict: Verdict
) -> list[types.CodeAction]:
    """The action, if there is anything that it may do; its edit follows on resolve, where the client can."""
    only = list(params.context.only or ())
    kind = NOTEBOOK_KIND if verdict.snapshot.cells else KIND
    if not asks_for(only, kind) or not (only or server.abilities.resolves_edits):
        return []  # Of a menu that may be closed again it is too much work to make the edit at once.
    if not await _is_worthwhile(server, verdict):
        return []
    action = types.CodeAction(title=TITLE, kind=kind)
    if server.abilities.resolves_edits:
        asked = params.context.trigger_kind != types.CodeActionTriggerKind.Automatic
        action.data = {"fixAll": params.text_document.uri, "serial": verdict.snapshot.serial, "asked": asked}
    else:
        action.edit, _ = await _mended(server, verdict)
    return [action]


async def resolve(server: GradsafeServer, action: types.CodeAction, data: dict[str, Any]) -> types.CodeAction:
    """The action with its edit. On save that may be an empty one; who asked for it is told."""
    verdict = server.published.verdict(str(data["fixAll"]))
    if verdict is None or verdict.snapshot.serial != data.get("serial"):
        raise JsonRpcException(
            "The text has changed since this was offered.", types.LSPErrorCodes.ContentModified
        )
    action.edit, mending = await _mended(server, verdict)
    if not mending.fixes and data.get("asked"):
        raise JsonRpcException(NOTHING, types.LSPErrorCodes.RequestFailed)
    return action


def register(server: GradsafeServer) -> None:
    """``gradsafe.fixAll``, which takes the URI of the document and applies the edit itself."""

    @server.command(commands.FIX_ALL)
    async def fix_all(uri: str) -> dict[str, Any]:
        verdict = await server.published.wait_for_verdict(str(uri))
        if verdict is None:
            raise JsonRpcException(f"{uri} is not open.", types.LSPErrorCodes.RequestFailed)
        edit, mending = await _mended(server, verdict)
        if edit is None or not mending.fixes:
            message = types.ShowMessageParams(type=types.MessageType.Info, message=f"gradsafe: {NOTHING}")
            server.window_show_message(message)
            return {"fixes": 0, "applied": False}
        if not server.abilities.applies_edits:
            raise JsonRpcException(
                f"This editor lets no server apply edits: use the code action {KIND}.",
                types.LSPErrorCodes.RequestFailed,
            )
        answer = await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, TITLE))
        return {"fixes": mending.fixes, "applied": answer.applied}


async def _is_worthwhile(server: GradsafeServer, verdict: Verdict) -> bool:
    """Whether any finding has a safe fix at all; whether it holds costs more to find out."""
    file, entries = verdict.snapshot.file, verdict.judgement.entries

    def look(analysis: Analysis) -> bool:
        return server.texts.is_current(verdict.snapshot) and analysis.may_mend(file)

    return bool(entries) and await asyncio.wrap_future(server.worker.ask(look))


async def _mended(server: GradsafeServer, verdict: Verdict) -> tuple[types.WorkspaceEdit | None, Mending]:
    """The edit for the text of ``verdict``, all its fixes in one."""
    snapshot = verdict.snapshot

    def outdated() -> bool:
        return not server.texts.is_current(snapshot)

    def ask(analysis: Analysis) -> Mending:
        return Mending() if outdated() else analysis.mend(snapshot.file, outdated)

    mending = await asyncio.wrap_future(server.worker.ask(ask))
    if outdated():
        raise JsonRpcException(
            "The text has changed while its fixes were tried.", types.LSPErrorCodes.ContentModified
        )
    edit = workspace_edit(mending.edits, server.texts, snapshot, server.abilities.versioned_edits)
    return edit, mending
