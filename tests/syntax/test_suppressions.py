"""Which statement a comment speaks for, and which comments nobody needed."""

from __future__ import annotations

import pytest

from gradsafe.syntax.chunk import build
from gradsafe.syntax.layout import Layout
from gradsafe.syntax.suppressions import find, unused
from gradsafe_tracer.events import Place


def suppressed(text: str, at: str, code: str = "a") -> bool:
    tree = build("f.py", text)
    layout = Layout.of(tree)
    start = text.index(at)
    span = layout.span(layout.place_of(start, start + len(at)))
    return any(each.covers(code, span) for each in find(tree))


@pytest.mark.parametrize(
    ("text", "covered", "open_"),
    [
        ("X  # gradsafe: ignore\nY\n", "X", "Y"),
        ("X  #gradsafe:ignore[b, a]\nY\n", "X", "Y"),
        ("X  # why  # gradsafe: ignore[a]\nY\n", "X", "Y"),
        ("X  # gradsafe: ignore [a]\nY\n", "X", "Y"),
        ("f(X,\n  1,  # gradsafe: ignore\n)\nY\n", "X", "Y"),
        ("f(X,\n  # gradsafe: ignore\n  1)\nY\n", "X", "Y"),
        ("X = '''\n'''  # gradsafe: ignore\nY\n", "X", "Y"),
        ("X + \\\n  1  # gradsafe: ignore\nY\n", "X", "Y"),
        ("if a:\n    X  # gradsafe: ignore\n    Y\n", "X", "Y"),
        ("for a in X:  # gradsafe: ignore\n    Y\n", "X", "Y"),
        ("def f(a=X):  # gradsafe: ignore\n    Y\n", "X", "Y"),
        ("def f(): X  # gradsafe: ignore\nY\n", "X", "Y"),
        ("for a in X:  # gradsafe: ignore\n" + "    b\n" * 30 + "Y\n", "X", "Y"),
        ("W\n# gradsafe: ignore-file\nX\n", "X", "Q"),
        ("X; Z  # gradsafe: ignore\nY\n", "X", "Y"),
    ],
)
def test_a_comment_speaks_for_its_statement(text: str, covered: str, open_: str) -> None:
    assert suppressed(text, covered)
    if open_ in text:
        assert not suppressed(text, open_)


@pytest.mark.parametrize(
    "text",
    [
        "X = '# gradsafe: ignore'\n",
        "X = '''\n# gradsafe: ignore\n'''\n",
        "# gradsafe: ignore\nX\n",
        "X\n# gradsafe: ignore\n",
        "X  # gradsafe: ignore[b]\n",
        "X  # gradsafe: ignore[]\n",
        "X  # gradsafe: ignored\n",
        "X  # gradsafe: ignore-files\n",
        "'# gradsafe: ignore-file'; X\n",
        "if a:\n    # gradsafe: ignore\n    X\n",
        "# gradsafe: ignore-file[b]\nX\n",
    ],
)
def test_what_is_no_suppression(text: str) -> None:
    assert not suppressed(text, "X")


def test_unused_suppressions_are_told_with_their_codes() -> None:
    text = (
        "X  # gradsafe: ignore\nY  # gradsafe: ignore[a, b]\nZ  # gradsafe: ignore[c]\n# gradsafe: ignore\n"
    )
    tree = build("f.py", text)
    layout, given = Layout.of(tree), find(tree)
    span = layout.span(Place("f.py", 2, 1, 2, 2))
    rows = {layout.row_column(each.suppression.at)[0]: each.codes for each in unused(given, [("a", span)])}
    assert rows == {1: None, 2: frozenset("b"), 3: None, 4: None}
    comment = given[1]
    assert text[comment.at : comment.at_end] == "# gradsafe: ignore[a, b]"
