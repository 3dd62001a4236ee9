"""Edits made one after the other, told as edits of the first text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradsafe.fixes.apply import apply_edits
from gradsafe.fixes.patch import Patch


def test_later_edits_are_told_in_the_first_text() -> None:
    patch = Patch("h.add_(1)\nh.mul_(2)\n")
    patch.apply([(0, 9, "h = h.add(1)")])
    patch.apply([(13, 22, "h = h.mul(2)"), (0, 0, "# mended\n")])
    assert patch.text == "# mended\nh = h.add(1)\nh = h.mul(2)\n"
    assert patch.edits() == [(0, 9, "# mended\nh = h.add(1)"), (10, 19, "h = h.mul(2)")]


def test_what_is_taken_back_leaves_no_edit() -> None:
    patch = Patch("abc")
    patch.apply([(1, 1, "xyz")])
    patch.apply([(1, 4, "")])
    assert patch.edits() == []


@pytest.mark.parametrize("edits", [[(0, 2, ""), (1, 3, "")], [(2, 5, "")]])
def test_edits_that_overlap_or_leave_the_text(edits: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="edit"):
        Patch("abc").apply(edits)


@given(st.text(max_size=12), st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.text(max_size=3))))
def test_the_edits_give_the_text(text: str, edits: list[tuple[int, int, str]]) -> None:
    patch, now = Patch(text), text
    for one, other, content in edits:
        start, end = sorted((min(one, len(now)), min(other, len(now))))
        patch.apply([(start, end, content)])
        now = now[:start] + content + now[end:]
    assert patch.text == now
    assert apply_edits(text, patch.edits()) == now
