"""Two fixes as one in the editor, where none holds alone."""

from __future__ import annotations

from pathlib import Path

from session import REAL, capabilities, connected

TEXT = """\
import torch

x = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
y = x * x
x[0] = x[1] * x[2]
(x.sum() + y.sum()).backward()
"""


async def test_a_pair_is_a_quick_fix(tmp_path: Path) -> None:
    file = tmp_path / "leaf.py"
    file.write_text(TEXT, "utf-8")
    # Such a client cannot resolve an action later, so all is tried before the light bulb shows.
    async with connected(REAL, capabilities(rich=False), root=tmp_path) as session:
        session.open(file.as_uri(), TEXT)
        (diagnostic,) = await session.diagnostics(file.as_uri(), 1)
        first, *others = await session.actions(file.as_uri(), diagnostic.range)
        assert first.title == "Clone `x` before the write, and let backward keep a copy of `x`"
        assert first.edit is not None and first.edit.changes is not None
        assert "x = x.clone()\n" in "".join(each.new_text for each in first.edit.changes[file.as_uri()])
        assert all("gnore" in action.title for action in others)
