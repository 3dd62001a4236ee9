"""What CPython's tree is turned into lowers to the same instructions, at the same places, as what libcst parses."""

from __future__ import annotations

import ast

import pytest
from material import texts

from gradsafe.ir.lower import Lowered, lower_chunk
from gradsafe.syntax import bare, parse
from gradsafe.syntax.chunk import Chunk, build
from gradsafe.syntax.kind import Kind

STATEMENTS = [
    "x = (a, b)\n", "x = (a), (b)\n", "x = (\n  a,  # one ), (\n  b,\n)\n", "x = ()\n", "x = a,\n", "x = (yield)\n",
    "x[(a, b)] = x[a, b] = x[a,] = x[:, 1:2, ::3, ...]\n", "x[1:2, None] += (1)\n", "x.a.b @= -y ** 2 // ~z\n",
    "z = [x for x in y if c if d for w in (x) if w]\n", "f(x for x in y)\n", "s = sum((x) for (x, *_) in zip(a, b))\n",
    "t = {k: v for k, v in y.items()} | {**a, 'b': 1} | {1, *c}\n", "g = ( x  for x in y )\n",
    "a and (b) and c or (d or e) and not f\n", "x = a < b <= c is not d not in e\n", "x = a if b else (c if d else e)\n",
    "f(a, *b, c=1, *d, **e)\n", "(f)(x)(y).z[0]\n", "print((yield from g), (await h), (w := 3))\n",
    "h = lambda a, /, b=1, *c, d, e=2, **f: (a, b)\n", "x: list[int] = [1]\n", "self.x: int\n", "x = y = z = 1_000\n",
    "del a, b[0], (c.d)\n", "global a, b\n", "import a.b.c, d as e\n", "from . import a\n", "from ..a.b import (c as d,\n e)\n",
    "from a import *\n", "assert (x), 'no'\n", "raise E(1) from e\n", "return (\n 1,\n)\n", "a; b; pass\n",
    "x = 'a' \"b\" '''c\nd'''\n", "x = ('a'\n  'b')\n", "x = b'1' rb'\\2'\n", "x = f'{a!r:>{w}} {b.c(d)}' 'e' f\"{f=}\"\n", "x = 0xFF + 1e5 + 2j\n",
    "é = 'ü' + f(ö, é)\n", "x = ('ä', f'{ö}', é)\n",
    "if a:\n    b\nelif (c):\n    d\nelse:\n    if e:\n        f\n", "for i, (j, *k) in x:\n    continue\nelse:\n    y\n",
    "while (a):\n    break\n", "with (a as b, c):\n    d\n", "with a as (b, c), d():\n    e\n", "async def f():\n    async with a as b:\n        async for c in d:\n            pass\n",
    "try:\n    a\nexcept (B, c.D) as e:\n    f\nexcept:\n    g\nelse:\n    h\nfinally:\n    i\n",
    "@a.b(c)\n@d\ndef f(x: 'T' = (1), *, y=2) -> int:\n    nonlocal z\n    return x\n", "@a\nclass A(B, *C, metaclass=M, **k):\n    x = 1\n",
    "match a:\n    case [1, *b]:\n        c\n",
]  # fmt: skip


def _lowered(text: str, monkeypatch: pytest.MonkeyPatch, plain: bool) -> list[object]:
    def walk(chunk: Chunk) -> list[object]:
        done = [] if chunk.kind in (Kind.MODULE, Kind.CLAUSE) else [lower_chunk(chunk, Lowered())]
        return [*done, *(each for child in chunk.children for each in walk(child))]

    with monkeypatch.context() as patch:
        if plain:
            patch.setattr("gradsafe.ir.lower.parse_bare", parse.parse)
        return walk(build("a.py", text))


@pytest.mark.parametrize("text", STATEMENTS)
def test_both_trees_say_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _lowered(text, monkeypatch, False) == _lowered(text, monkeypatch, True)


@pytest.mark.parametrize("text", texts(10))
def test_both_say_the_same_of_whole_files(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _lowered(text, monkeypatch, False) == _lowered(text, monkeypatch, True)


@pytest.mark.parametrize("text", STATEMENTS[:-1])
def test_these_need_no_libcst(text: str) -> None:
    ast.parse(text)
    assert bare.convert(text) is not None


def test_what_cpython_cannot_read_is_left_to_libcst() -> None:
    assert bare.convert("x = = 1\n") is None
    found = parse.parse_bare("x = 1\ny = = 2\n")
    assert isinstance(found, parse.Parsed)
    assert found.recovered
