"""When a fix counts as proved, and which one is preferred then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from marked import FILE, read

from gradsafe.fixes.apply import apply_edits
from gradsafe.fixes.offer import remedy_names
from gradsafe.fixes.verify import prefer, verify
from gradsafe.rules.finding import Edit, Finding, Fix, Related, Role, Severity
from gradsafe_tracer.events import AnyPlace, Place

MARKED = read("def f(x):\n    h = x.exp()\n    «h.add_(1)»\n    return h\n", "out-of-place")
MINE = MARKED.finding
OTHER = replace(MINE, code="leaf-modified")
ELSEWHERE = replace(MINE, primary=Place("other.py", 1, 1, 1, 2))
SECOND = replace(MINE, primary=Place(FILE, 9, 1, 9, 2))


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        ([MINE], [], True),
        ([MINE], [MINE], False),  # still there
        ([MINE, SECOND], [SECOND], True),
        ([MINE], [SECOND], False),  # it has only moved
        ([MINE], [OTHER], False),  # another one has come
        ([MINE], [ELSEWHERE], False),  # in another file
        ([MINE, OTHER], [OTHER], True),  # what was there may stay
    ],
)
def test_the_finding_must_go_and_none_may_come(
    before: list[Finding], after: list[Finding], holds: bool
) -> None:
    assert judged(MINE, before, after) is holds


def test_a_further_write_that_the_finding_names_is_no_news() -> None:
    told = replace(MINE, related=(Related(Role.MODIFIED, SECOND.primary, "also changed here"),))
    assert judged(told, [told], [SECOND])
    assert not judged(told, [told, SECOND], [SECOND, OTHER])
    assert not judged(told, [told], [told])


WARNED = replace(SECOND, severity=Severity.WARNING, subject="other")
BEHIND = replace(MINE, subject="other")
MERGED = replace(MINE, primary=Place(FILE, 2, 1, 2, 2), subject=None)
ABOVE = Place(FILE, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("remedy", "edited", "after", "holds"),
    [
        ("clone-at-save", ABOVE, [BEHIND], False),  # the statement fails as before, for the second reason
        ("clone-at-save", ABOVE, [replace(BEHIND, primary=SECOND.primary)], True),  # as it was told
        ("out-of-place", MINE.primary, [BEHIND], True),  # an equal statement, which is called so now
        ("sum-losses", ABOVE, [MERGED], False),  # what two statements became fails in turn
        ("sum-losses", ABOVE, [], True),
    ],
)
def test_one_statement_with_two_reasons_to_fail(
    remedy: str, edited: AnyPlace, after: list[Finding], holds: bool
) -> None:
    """The second was told of as a warning at another place, so there is one finding fewer whatever became of it."""
    fix = Fix("", remedy, (Edit(edited, ""),), safe=True)
    assert verify(fix, MINE, lambda edits: after if edits else [MINE, WARNED]) is holds


def judged(finding: Finding, before: list[Finding], after: list[Finding]) -> bool:
    (fix,) = MARKED.fixes()

    def analyse(edits: tuple[Edit, ...]) -> Iterable[Finding]:
        return after if edits else before

    return verify(fix, finding, analyse)


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
    assert {"out-of-place", "clone-before-write", "suppress", "suppress-in-file", "retain-graph"} <= set(
        remedy_names()
    )
