"""Advice in an editor: a hint with a quick fix, for those who asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsprotocol import types
from session import REAL, connected

SPARE = "import torch\n\nw = torch.randn(3, requires_grad=True)\nh = w * 2\nh = h + 1\nh.sum().backward()\n"


async def test_a_hint_and_its_quick_fix(tmp_path: Path) -> None:
    uri = (tmp_path / "model.py").as_uri()
    async with connected(REAL, options={"advice": True}, root=tmp_path) as session:
        session.open(uri, SPARE)

        def found() -> Any:
            of = [params.diagnostics for params in session.published if params.uri == uri]
            return of and len(of[-1]) == 1 and of[-1]

        [hint] = await session.until(found)
        assert (hint.code, hint.severity) == ("needless-copy", types.DiagnosticSeverity.Hint)
        actions = await session.actions(uri, hint.range, [hint])
        assert actions[0].title == "Write in place: `h += ...`" and actions[0].is_preferred
        assert actions[0].edit is not None

        def silent() -> bool:
            of = [params.diagnostics for params in session.published if params.uri == uri]
            return not of[-1]

        session.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"gradsafe": {"advice": False}})
        )
        await session.until(silent)


async def test_silence_for_who_has_not_asked(tmp_path: Path) -> None:
    uri = (tmp_path / "model.py").as_uri()
    async with connected(REAL, root=tmp_path) as session:
        session.open(uri, SPARE)
        assert not await session.diagnostics(uri, 1)
