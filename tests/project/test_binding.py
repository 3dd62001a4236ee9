"""CPython's answer to which names a statement binds is that of the lowered statement."""

from __future__ import annotations

from pathlib import Path

import pytest

import gradsafe
from gradsafe.interp.names import bound_names
from gradsafe.interp.world import CHANGED
from gradsafe.ir.lower import Lowered, lower_chunk
from gradsafe.project.binding import names_bound, names_of_many
from gradsafe.syntax.chunk import build
from gradsafe.syntax.kind import Kind

STATEMENTS = (
    "x = y = 1\n", "a, (b, *c) = d = 1, (2, 3)\n", "x += 1\n", "x: int = 1\n", "x: int\n", "a.b = c[0] = 1\n", "del x\n",
    "import os.path, sys as system\n", "from a import b as c, d\n", "from a import *\n", "print(n := 3)\n",
    "for i, j in k:\n    m = i\nelse:\n    n = 1\n", "with a as b, c as (d, e):\n    f = 1\n", "f = lambda q: (w := q)\n",
    "try:\n    a = 1\nexcept E as e:\n    b = 1\nfinally:\n    c = 1\n", "x = [i for i in range(3)]\n", "if a:\n    def f(): b = 1\n",
    "while a:\n    b = 1\n", "'text'\n", "global g\n", "@d\nclass A:\n    x = 1\n", "async def f():\n    x = 1\n",
)  # fmt: skip


def lowered(text: str) -> set[str]:
    chunk = build("a.py", text).children[0]
    return bound_names(lower_chunk(chunk, Lowered()).instructions)


def bound(text: str) -> frozenset[str]:
    found = names_bound(text)
    assert found is not None
    return frozenset(each for each in found if not each.endswith(CHANGED))


@pytest.mark.parametrize("text", STATEMENTS)
def test_as_lowered(text: str) -> None:
    found = bound(text)
    caught = {"e"} if "except E as e" in text else set()  # bound for a moment only
    assert set(found) - caught == lowered(text) - caught


def test_as_lowered_in_our_own_sources() -> None:
    for file in sorted(Path(gradsafe.__file__ or "").parent.rglob("*.py")):
        for chunk in build(str(file), file.read_text("utf-8")).children:
            if chunk.kind is Kind.LEAF:
                assert bound(chunk.text) == bound_names(lower_chunk(chunk, Lowered()).instructions), (
                    chunk.text
                )


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a.b = c[0] = 1\n", "ac"), ("a[0][1].b = 1\n", "a"), ("del a[0], b.c\n", "ab"), ("a[0] += 1\n", "a"), ("a[b] = c[d]\n", "a"),
        ("a.append(b)\n", "a"), ("a['b'].update(c)\n", "a"), ("a.b.clear()\n", "a"), ("setattr(a, 'b', c)\n", "a"),
        ("if x:\n    a[0] = 1\nelse:\n    b.pop()\n", "ab"), ("for a[0] in b:\n    pass\n", "a"), ("a.copy()\n", ""), ("b = a.pop\n", ""),
        ("def f():\n    a[0] = 1\n", ""), ("f(a).b = 1\n", ""), ("a = {}\n", ""), ("a: int = b[0]\n", ""),
    ],
)  # fmt: skip
def test_what_is_written_into(text: str, changed: str) -> None:
    found = names_bound(text)
    assert found is not None
    assert {each for each in found if each.endswith(CHANGED)} == {each + CHANGED for each in changed}


@pytest.mark.parametrize("text", ["x = (\n", "x = " + "[" * 500 + "]" * 500 + "\n", "x = '\0'\n"])
def test_what_cannot_be_told(text: str) -> None:
    assert names_bound(text) is None


def test_a_statement_of_a_branch_needs_no_lowering_either() -> None:
    assert names_bound("    from a import *\n") == {"*"}
    assert names_bound("\tx, y = 1, 2\n") == {"x", "y"}


def test_many_read_together_are_as_each_alone() -> None:
    texts = [text for text in STATEMENTS if text.endswith("\n")]
    assert names_of_many(texts) == {text: names_bound(text) for text in texts}


def test_what_cannot_be_told_alone_is_not_told_among_others() -> None:
    good = [f"x{i} = {i}\n" for i in range(40)]
    for broken in (["x = (\n", "1)\n"], ["y = 1 \\\n", "+ 2\n"], ["z = '''\n"], ["if 1:\n", "else:\n"]):
        found = names_of_many([*good[:20], *broken, *good[20:]])
        assert not found.keys() & {text for text in broken if names_bound(text) is None}
        assert all(found.get(text, names_bound(text)) == names_bound(text) for text in [*good, *broken])
        assert len(found) >= 30
