"""One day in each of five editors: every message from the server is understood, and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities
from session import REAL, Session, capabilities, connected
from test_code_actions import applied
from test_trace import RUN

PROFILES = {
    "VS Code": capabilities(pulls=True),
    "VS Code of 2022": client_capabilities("visual-studio-code"),
    "Neovim": client_capabilities("neovim"),
    "Emacs": client_capabilities("emacs"),
    "nothing optional": capabilities(rich=False),
}
TEXT = """\
# %%
import torch

x = torch.randn(3, requires_grad=True)
y = x.exp()
print("😀漢"); y.add_(1)
print("ran")
"""
MENDED = TEXT.replace("y.add_(1)", "y = y.add(1)")
BACKWARD = "y.sum().backward()\n"


async def diagnostics(session: Session, uri: str, version: int) -> Sequence[types.Diagnostic]:
    """As this client gets them."""
    assert session.agreed is not None
    if session.agreed.capabilities.diagnostic_provider is None:
        return await session.diagnostics(uri, version)
    return (await session.pull(uri)).items  # type: ignore[no-any-return]


@pytest.mark.torch
@pytest.mark.parametrize("profile", PROFILES)
async def test_a_finding_its_story_its_fix_and_a_run(
    profile: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("torch")
    uri = (tmp_path / "model.py").as_uri()
    async with connected(REAL, PROFILES[profile], root=tmp_path) as session:
        assert session.agreed is not None
        encoding = types.PositionEncodingKind(str(session.agreed.capabilities.position_encoding or "utf-16"))
        text = TEXT + BACKWARD
        session.open(uri, text)
        [found] = await diagnostics(session, uri, 1)
        assert found.code == "saved-tensor-modified"
        folded = "line 5: `exp` saved its result" in found.message
        assert folded == (found.related_information is None)
        hover = await session.hover(uri, 4, 0)
        assert hover is not None
        assert "`exp` has saved its result for backward" in hover

        actions = await session.actions(uri, found.range, [found])
        titles = [action.title for action in actions]
        assert any("in this file" in title for title in titles)
        first = actions[0]
        if first.edit is None:
            first = await session.client.code_action_resolve_async(first)
        assert first.edit is not None
        version = 1 if first.edit.document_changes else None
        assert applied(text, first.edit, uri, version, encoding) == MENDED + BACKWARD
        [fix_all] = await session.actions(uri, found.range, only=["source.fixAll.gradsafe"])
        if fix_all.edit is None:
            fix_all = await session.client.code_action_resolve_async(fix_all)
        assert applied(text, fix_all.edit, uri, version, encoding) == MENDED + BACKWARD

        session.change(uri, 2, MENDED + BACKWARD)
        assert not await diagnostics(session, uri, 2)
        told = await session.command(RUN, uri, 1)
        assert told["outcome"] == "completed"
        assert session.shown == ["model.py, cell 1: completed, no finding"]
        assert any("ran" in each for each in session.logged)
    unknown = [record.getMessage() for record in caplog.records if "unknown method" in record.getMessage()]
    assert not unknown
