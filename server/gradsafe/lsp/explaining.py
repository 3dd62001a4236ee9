"""``gradsafe.explainError``: from the text of an error to a page that tells what it means and which lines are behind it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gradsafe.lsp import commands
from gradsafe.lsp.documents import folders_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsafe.explain.cuts import CutLine
    from gradsafe.explain.error_text import ErrorText
    from gradsafe.lsp.server import GradsafeServer
    from gradsafe_tracer.events import Place

NO_ERROR = (
    "There is no error of autograd in this text. Select or copy the whole traceback, its last line included: it begins with "
    "`RuntimeError: one of the variables needed for gradient computation ...` or the like.\n"
)


def register(server: GradsafeServer) -> None:
    """The command takes the text and gives ``markdown`` and the ``places`` that it links to, likeliest first."""

    @server.command(commands.EXPLAIN)
    async def explain_error(text: str) -> dict[str, Any]:
        # Loaded here: who never asks should not wait for it.
        from gradsafe.explain.error_text import read_error
        from gradsafe.explain.markdown import markdown

        error = read_error(str(text))
        if error is None:
            return {"markdown": NO_ERROR, "places": []}
        suspects = await asyncio.wrap_future(server.worker.ask(lambda analysis: analysis.suspects(error)))
        folders = folders_of(server.texts)
        cuts = await asyncio.to_thread(_cuts, error, tuple(folders) or (str(Path.cwd()),))
        found = [*(entry.place for entry in suspects), *(cut.place for cut in cuts)]
        root = Path(next(iter(folders), ".")).resolve()
        return {
            "markdown": markdown(error, suspects, lambda place: _link(place, root), cuts),
            "places": [{"file": place.file, "row": place.row} for place in found],
        }


def _cuts(error: ErrorText, folders: Sequence[str]) -> list[CutLine]:
    """Where a graph may have been cut, in the files that the traceback names, seen from one of the folders."""
    from gradsafe.explain.cuts import cuts_behind
    from gradsafe.explain.suspects import located

    found = (list(cuts_behind(located(error, folder))) for folder in folders)
    return next((cuts for cuts in found if cuts), [])


def _link(place: Place, root: Path) -> str:
    """From the folder that is open: editors do not follow links to ``file:`` in a page that has no place of its own."""
    path = Path(place.file).resolve()
    target = quote(path.relative_to(root).as_posix()) if path.is_relative_to(root) else path.as_uri()
    return f"{target}#L{place.row}"
