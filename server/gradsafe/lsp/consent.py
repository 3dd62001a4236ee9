"""Whether code may be run: never unasked, never where it is not trusted, and cells above only after a question."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from gradsafe.lsp.server import GradsafeServer

RUN, RUN_ALWAYS, DRY, DO_NOT_RUN = "Run", "Run, and do not ask again", "Dry run", "Cancel"


def refusal(server: GradsafeServer) -> str | None:
    """Why nothing may be run here; None where the command is consent enough."""
    options = server.options
    if options.trusted is False:
        return "This workspace is not trusted, so gradsafe does not run its code."
    interpreter = options.trace_interpreter
    if options.trusted is None and interpreter is not None:
        path = PurePath(interpreter)
        if not path.is_absolute() and len(path.parts) > 1:
            # It would be a program of the workspace, whose files nobody has said to trust.
            return (
                f"The interpreter {interpreter} is looked for in the workspace, which the editor has not said to trust. "
                "Give its whole path, or send `trusted: true`."
            )
    return None


async def ask_for(server: GradsafeServer, number: int, above: int) -> str:
    """One of the four answers: ``above`` cells have to run before cell ``number``."""
    cells = "the cell before it, which has" if above == 1 else f"{above} cells before it, which have"
    answer = await server.window_show_message_request_async(
        types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message=f"Run cell {number} after {cells} not run in this session as it stands?"
            if above == 1
            else f"Run cell {number} after {cells} not run in this session as they stand?",
            actions=[types.MessageActionItem(title=title) for title in (RUN, RUN_ALWAYS, DRY, DO_NOT_RUN)],
        )
    )
    return answer.title if answer is not None else DO_NOT_RUN
