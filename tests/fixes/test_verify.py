"""When a fix counts as proved, and which one is preferred then."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from marked import FILE, read

from gradsafe.fixes import apply_edits, prefer, remedy_names, verify
from gradsafe.fixes.verify import Sighting
from gradsafe.rules.finding import Edit, Fix

TEXT = "def f(x):\n    h = x.exp()\n    «h.add_(1)»\n    return h\n"


def mine(line: str = "h.add_(1)") -> Sighting:
    return Sighting("saved-tensor-modified", FILE, line)


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        ([mine()], [], True),
        ([mine()], [mine()], False),  # still there
        ([mine(), mine()], [mine()], True),  # of two equal lines one is mended
        ([mine()], [mine("h = h.add(1)")], False),  # moved to the new line
        ([mine()], [Sighting("leaf-modified", FILE, "h = h.add(1)")], False),  # another one came
        ([mine(), mine("z.add_(1)")], [mine("z.add_(1)")], True),  # one that was there may stay
    ],
)
def test_the_finding_must_go_and_none_may_come(
    before: list[Sighting], after: list[Sighting], holds: bool
) -> None:
    marked = read(TEXT, "out-of-place")
    (fix,) = marked.fixes()

    def analyse(edits: tuple[Edit, ...]) -> Iterable[Sighting]:
        return after if edits else before

    assert verify(fix, marked.finding, analyse, lambda place: "    h.add_(1)") is holds


def test_only_a_safe_verified_cure_is_preferred() -> None:
    fixes = (
        Fix("a", "out-of-place", (), safe=False),
        Fix("b", "clone-before-write", (), safe=True),
        Fix("c", "clone-at-save", (), safe=True),
        Fix("d", "suppress", (), safe=True),
    )
    assert [fix.preferred for fix in prefer(fixes, lambda fix: True)] == [False, True, False, False]
    assert [fix.preferred for fix in prefer(fixes, lambda fix: fix.title == "c")] == [
        False,
        False,
        True,
        False,
    ]
    assert not any(fix.preferred for fix in prefer(fixes, lambda fix: fix.title == "d"))


def test_edits_are_made_at_once_in_order_and_never_overlap() -> None:
    assert apply_edits("abc", [(1, 1, "x"), (1, 1, "y"), (1, 2, "B")]) == "axyBc"
    with pytest.raises(ValueError, match="overlap"):
        apply_edits("abc", [(0, 2, ""), (1, 3, "")])
    with pytest.raises(ValueError, match="leave the text"):
        apply_edits("abc", [(2, 4, "")])


def test_remedies_are_found_by_their_files() -> None:
    assert {"out-of-place", "clone-before-write", "suppress", "retain-graph"} <= set(remedy_names())
