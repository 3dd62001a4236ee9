"""A helper that is not open spoils what is typed here: told at the call, with its fixes, until the helper is opened."""

from __future__ import annotations

from pathlib import Path

from session import REAL, capabilities, connected
from test_configuration import last

HELPER = "def halve_(t):\n    t.div_(2)\n"
TRAIN = """\
import torch
from helper import halve_

w = torch.ones(3, requires_grad=True)
y = w.exp()
halve_(y)
y.sum().backward()
"""


async def test_at_the_call_until_the_helper_is_opened(tmp_path: Path) -> None:
    helper, train = tmp_path / "helper.py", tmp_path / "train.py"
    helper.write_text(HELPER, "utf-8")
    train.write_text(TRAIN, "utf-8")
    async with connected(REAL, capabilities(), root=tmp_path) as session:
        session.open(train.as_uri(), TRAIN)
        (found,) = await last(session, train.as_uri(), 1)
        assert found.range.start.line == 5
        assert found.message.startswith("in `halve_` (helper.py), `div_()` changes `t` in place")
        related = {each.location.uri: each.message for each in found.related_information or ()}
        assert related[helper.as_uri()] == "change this line"
        titles = [action.title for action in await session.actions(train.as_uri(), found.range)]
        assert "Let backward keep a copy of `w.exp()`" in titles
        session.open(helper.as_uri(), HELPER)
        (there,) = await last(session, helper.as_uri(), 1)
        assert there.range.start.line == 1 and there.message.startswith("`div_()` changes `t`")
        await last(session, train.as_uri(), 0)
        session.close(helper.as_uri())
        (again,) = await last(session, train.as_uri(), 1)
        assert again.message == found.message
