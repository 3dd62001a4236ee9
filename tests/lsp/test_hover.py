"""Hover on tensors without a finding, and predicted versions as inlay hints."""

from __future__ import annotations

from pathlib import Path

from session import REAL, Session, capabilities, connected
from test_notebooks import FORMS, open_notebook
from test_trace import RUN
from test_trace_sessions import hints

PROGRAM = """\
import torch

print("😀漢"); w = torch.ones(3, requires_grad=True)
y = w.exp()
y.add_(1)
"""


async def test_a_tensor_is_explained(session: Session, uri: str) -> None:
    session.open(uri, "😀 = 1\ntensor_a = 2\n")
    assert (
        await session.hover(uri, 1, 3)
        == "**`tensor_a`**: at version 0\n\n- saved on line 1\n\n*Judged alone.*"
    )
    assert await session.hover(uri, 1, 10) is None


async def test_a_finding_is_explained_after_what_the_books_say(session: Session, uri: str) -> None:
    session.open(uri, "tensor.add_(1)\n")
    text = await session.hover(uri, 0, 2)
    assert text is not None
    assert text.startswith("**`tensor`**: at version 0\n")
    assert "[saved-tensor-modified]" in text


async def test_places_of_a_notebook_are_told_by_cell(session: Session) -> None:
    first, second = (FORMS[0].format(number) for number in range(2))
    open_notebook(session, {first: "a = 1\nb = 2", second: "tensor = 1\ntensor = 2"})
    assert "saved on line 1\n" in (await session.hover(second, 1, 0) or "")
    text = await session.hover(second, 0, 0)
    assert text is not None
    assert "line" in text


async def test_it_can_be_turned_off(uri: str) -> None:
    async with connected(options={"hover": {"tensors": False}}) as session:
        session.open(uri, "tensor = 1\n")
        assert await session.hover(uri, 0, 0) is None


async def test_what_the_real_analysis_tells(tmp_path: Path) -> None:
    uri = (tmp_path / "model.py").as_uri()
    options = {"inlayHints": {"versions": True}}
    async with connected(REAL, capabilities(["utf-8"]), options, tmp_path) as session:
        session.open(uri, PROGRAM)
        assert not await session.diagnostics(uri, 1)
        text = await session.hover(uri, 2, 18)
        assert text is not None
        assert text.startswith("**`w`**: a tensor of sizes [3], `float32`, at version 0\n")
        assert "made by `ones` on line 3: requires grad, a leaf" in text
        text = await session.hover(uri, 4, 3)
        assert text is not None
        assert "`add_()` writes `y` in place here: version 0 -> 1" in text
        assert "`exp` has saved its result for backward at version 0 on line 4" in text
        assert await session.hover(uri, 0, 8) is None
        assert await hints(session, uri) == [(3, "the result: saved @v0"), (4, "y: v0 -> v1")]
        # Asking has changed nothing.
        session.change(uri, 2, PROGRAM + "y.sum().backward()\n")
        assert [found.code for found in await session.diagnostics(uri, 2)] == ["saved-tensor-modified"]


async def test_predicted_versions_are_off_unless_asked_for(session: Session, uri: str) -> None:
    session.open(uri, "y.add_(1)\n")
    await session.diagnostics(uri, 1)
    assert await hints(session, uri) == []


async def test_a_line_that_has_run_needs_no_prediction(uri: str) -> None:
    async with connected(
        options={"inlayHints": {"versions": True}, "trace": {"notification": True}}
    ) as session:
        session.open(uri, "# %%\ny.add_(1)\n# %%\nz.mul_(1)\n")
        assert await hints(session, uri) == [(1, "y: v0 -> v1"), (3, "y: v0 -> v1")]
        await session.command(RUN, uri, 1)
        await session.until(lambda: session.traced)
        assert [line for line, _ in await hints(session, uri)] == [1, 3]
        assert session.output is not None
