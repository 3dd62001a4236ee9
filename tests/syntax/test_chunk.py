"""The chunk tree: what is cut where, that it is a function of the text alone, and that an edit keeps the rest."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from material import texts

from gradsafe.syntax import scan as scan_module
from gradsafe.syntax.chunk import Chunk, Kind, build, rebuild
from gradsafe.syntax.parse import Unmodelled, parse
from gradsafe.syntax.scan import rescan, scan


def outline(chunk: Chunk) -> list[object]:
    """Kinds and texts, nested."""
    return [
        (child.kind.value, child.text.strip(), *([outline(child)] if child.children else []))
        for child in chunk.children
    ]


def tiled(root: Chunk) -> str:
    return "".join(chunk.lead + chunk.text for chunk in root.walk())


def long(word: str, rows: int = 26, indent: str = "    ") -> str:
    return f"{word}\n" + f"{indent}x = 1\n" * rows


def test_module_class_def_statement() -> None:
    text = (
        "import torch  # torch\n\n# a comment\nclass A(B):\n    '''doc'''\n    y: int = 1; z = 2\n\n"
        "    @property\n    # why\n    def f(self,\n          x):\n        return (x +\n 1)\n"
        "    async def g(self): return 1\n    class C: pass\nif x:\n    def h(): pass\n"
    )
    tree = build("f.py", text)
    assert outline(tree) == [
        ("leaf", "import torch  # torch"),
        ("class", "class A(B):", [
            ("leaf", "'''doc'''"),
            ("leaf", "y: int = 1; z = 2"),
            ("def", "@property\n    # why\n    def f(self,\n          x):", [("leaf", "return (x +\n 1)")]),
            ("def", "async def g(self):", [("leaf", "return 1")]),
            ("class", "class C:", [("leaf", "pass")]),
        ]),
        ("leaf", "if x:\n    def h(): pass"),
    ]  # fmt: skip
    assert tiled(tree) == text
    scopes = [chunk.id.qualname for chunk in tree.walk() if chunk.kind in (Kind.CLASS, Kind.DEF)]
    assert scopes == ["A", "A.f", "A.g", "A.C"]
    assert tree.children[1].lead == "\n# a comment\n"


@pytest.mark.parametrize("indent", ["", "    ", "\t"])
def test_compound_statements_over_25_rows_are_split(indent: str) -> None:
    inner = indent + "    "
    short = build("f.py", f"{indent}if a:\n" + f"{inner}x = 1\n" * 24)
    assert [child.kind for child in short.children] == [Kind.LEAF]
    tree = build("f.py", f"{indent}for a in b:\n" + f"{inner}x = 1\n" * 25)
    (loop,) = tree.children
    assert (loop.kind, loop.text) == (Kind.COMPOUND, f"{indent}for a in b:\n")
    assert [child.text for child in loop.children] == [f"{inner}x = 1\n"] * 25
    assert len({child.id for child in loop.children}) == 25


def test_blank_and_comment_lines_do_not_count() -> None:
    tree = build("f.py", "if a:\n" + "    x = 1\n\n    # why\n" * 24)
    assert [child.kind for child in tree.children] == [Kind.LEAF]


def test_clauses_have_headers_of_their_own() -> None:
    tree = build("f.py", "# c\n" + long("if a:") + long("elif b:", 2) + "# d\nelse: y = 1\nz\n")
    (choice, last) = tree.children
    assert (choice.kind, choice.text, choice.lead) == (Kind.COMPOUND, "", "# c\n")
    assert [(child.kind, child.text, child.lead) for child in choice.children] == [
        (Kind.CLAUSE, "if a:\n", ""),
        (Kind.CLAUSE, "elif b:\n", ""),
        (Kind.CLAUSE, "else:", "# d\n"),
    ]
    assert last.text == "z\n"


def test_a_match_has_its_cases_for_children() -> None:
    text = "match f(a):\n  case A(b=1) if c:\n" + "    x = 1\n" * 26 + "  case _: y\nmatch = 1\nmatch (x)\n"
    tree = build("f.py", text)
    match, *rest = tree.children
    assert (match.kind, match.text) == (Kind.COMPOUND, "match f(a):\n")
    assert [child.text for child in match.children] == ["  case A(b=1) if c:\n", "  case _:"]
    assert [child.kind for child in rest] == [Kind.LEAF, Kind.LEAF]


@pytest.mark.parametrize(
    ("header", "cut"),
    [
        ("def f(x: int = {1: 2}[1:]) -> d[1:2]: return x", "def f(x: int = {1: 2}[1:]) -> d[1:2]:"),
        ("class A: x: int = 1", "class A:"),
        ("def f(x=lambda: 1): pass", "def f(x=lambda: 1):"),
        ("def f():  # a: b", "def f():  # a: b"),
        ("def f(x=':'): '''a: b'''", "def f(x=':'):"),
        ("def f(x)", "def f(x)"),
    ],
)
def test_a_body_on_the_header_line_is_a_child(header: str, cut: str) -> None:
    (chunk,) = build("f.py", header + "\n").children
    assert chunk.text.rstrip("\n") == cut
    assert tiled(chunk) == header + "\n"


def test_ids_survive_edits_elsewhere() -> None:
    text = "import a\nx = 1\ny = 2\nx = 1\ndef f():\n    y = 2\n"
    before, after = build("f.py", text), build("f.py", "z = 3\n" + text)
    assert [chunk.id for chunk in after.children[1:]] == [chunk.id for chunk in before.children]
    assert len({chunk.id for chunk in before.walk()}) == 7
    twice = build("f.py", "def f(): x\ndef f(): x\nclass A:\n  def f(self): x\n")
    assert [c.id.qualname for c in twice.walk() if c.kind is not Kind.LEAF] == ["", "f", "f#2", "A", "A.f"]


@pytest.mark.parametrize(
    ("text", "cuts"),
    [
        ("x = foo(\ndef f():\n    y\n", ["x = foo(", "def f():"]),
        ("x = [1,\n@dec\ndef f():\n    y\n", ["x = [1,", "@dec\ndef f():"]),
        ("x = {\n# %% cell\nimport a\n", ["x = {", "import a"]),
        ("x = f(a\n@ b)\ny = 1\n", ["x = f(a\n@ b)", "y = 1"]),
        ("x = '''abc\n    def g(): pass\nclass A:\n    y\n", ["x = '''abc\n    def g(): pass", "class A:"]),
        ("x = '''abc\ndef f(): pass\n'''\nclass A:\n    y\n", ["x = '''abc\ndef f(): pass\n'''", "class A:"]),
        ("def f():\n    x = g(\n    return x\ny = 1\n", ["def f():", "y = 1"]),
        ("x = 'abc\ny = 2\n", ["x = 'abc", "y = 2"]),
        ("x = (1))\ny = 2\n", ["x = (1))", "y = 2"]),
        ("x = 1\n    y = 2\nz = 3\n", ["x = 1", "y = 2", "z = 3"]),
        ("x = (1,\nfrom a import b\n", ["x = (1,", "from a import b"]),
    ],
)
def test_what_never_closes_ends_where_the_next_statement_surely_begins(text: str, cuts: list[str]) -> None:
    tree = build("f.py", text)
    assert [chunk.text.strip() for chunk in tree.children] == cuts
    assert tiled(tree) == text


@pytest.mark.parametrize("text", texts(), ids=lambda text: text[3:30].split("\n")[0])
def test_every_chunk_of_a_good_file_parses(text: str) -> None:
    tree = build("f.py", text)
    assert text.startswith(tiled(tree))
    for chunk in tree.walk():
        if chunk.text:
            found = parse(chunk.text, chunk.kind)
            assert not isinstance(found, Unmodelled), chunk.text
            assert not found.recovered


def test_a_blank_line_at_the_top_makes_one_new_chunk() -> None:
    for text in texts(4):
        old = build("f.py", text)
        new = rebuild(old, "\n" + text)
        made = {id(chunk) for chunk in new.walk()} - {id(chunk) for chunk in old.walk()}
        assert len(made) == 2  # the module, and the statement whose lead has grown
        assert [chunk.fingerprint for chunk in new.walk()] == [chunk.fingerprint for chunk in old.walk()]


def test_a_keystroke_in_a_method_makes_as_many_chunks_as_it_is_deep() -> None:
    text = "".join(
        f"class A{i}:\n" + "".join(f"    def f{j}(self):\n        x = {j}\n" for j in range(50))
        for i in range(50)
    )
    old = build("f.py", text)
    new = rebuild(old, text.replace("x = 25", "x = 2.5", 1))
    made = {id(chunk) for chunk in new.walk()} - {id(chunk) for chunk in old.walk()}
    assert len(made) == 4


PIECES = [
    "", " ", "\n", "    ", "\t", "(", ")", "[", "]", "{", '"', "'", '"""', "'''", "#", "\\", ":", ",", "\r", "\r\n", "\f",
    "x = 1\n", "def f(x):\n", "    def g(self): return (1,\n", "class A:\n    y = 2\n", "@dec\n", "import a\n", "# %%\n",
    "if a:\n    b\nelse:\n    c\n", "elif a:\n", "else:\n", "try:\n", "except E:\n", "match x:\n  case 1:\n    y\n",
    "  case 2:\n", "case 3:\n", "from a import b\n", "async def h():\n", "@", "é😀", "\0", "lambda: ", "for x in y: z\n",
    "with a:\n" + "    x = 1\n" * 30, "    if x:\n" + "        y\n" * 30 + "    else:\n        z\n",
]  # fmt: skip


def edited(text: str, rng: random.Random) -> str:
    """One random edit: something typed, deleted, pasted, or a line moved or indented."""
    start = rng.randrange(len(text) + 1)
    kind = rng.random()
    if kind < 0.45:
        return text[:start] + rng.choice(PIECES) + text[start:]
    if kind < 0.8:
        return text[:start] + text[start + rng.choice((1, 1, 1, 3, 20, 200)) :]
    if kind < 0.9:
        other = rng.randrange(len(text) + 1)
        return text[:start] + text[other : other + rng.randrange(200)] + text[start:]
    line = text.rfind("\n", 0, start) + 1
    return text[:line] + "    " + text[line:] if rng.random() < 0.5 else text[:line] + text[line:].lstrip(" ")


def judge(text: str, rng: random.Random, edits: int) -> None:
    tree = build("f.py", text)
    for _ in range(edits):
        text = edited(text, rng)
        old, tree = tree, rebuild(tree, text)
        fresh = build("f.py", text)
        assert tree.scan == fresh.scan
        assert tree == fresh
        assert text.startswith(tiled(tree))
        assert not text[len(tiled(tree)) :].strip() or "#" in text[len(tiled(tree)) :]
        if rng.random() < 0.2:  # undo
            text, tree = (
                old.scan.text if old.scan else text,
                rebuild(tree, old.scan.text if old.scan else text),
            )
            assert tree == old


@pytest.mark.parametrize("seed", range(8))
def test_rebuilt_equals_built_on_real_files(seed: int) -> None:
    rng = random.Random(seed)
    text = rng.choice(texts())
    at = rng.randrange(max(1, len(text) - 6000))
    judge(text[at : at + 6000], rng, 60)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(0, 1 << 30))
@example("@\n@\nasync def h():\n", 0)
@settings(max_examples=300, deadline=None)
def test_rebuilt_equals_built(text: str, seed: int) -> None:
    judge(text, random.Random(seed), 6)


@given(
    st.text(alphabet="ab=1 \n\r\f()'\"#\\@:", max_size=40),
    st.text(alphabet="ab=1 \n\r\f()'\"#\\@:", max_size=40),
)
@settings(max_examples=300, deadline=None)
def test_rescanned_equals_scanned(old: str, new: str) -> None:
    assert rescan(scan(old), new).scan == scan(new)


def test_a_text_of_too_many_lines_is_cut_and_edits_move_the_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "MAX_LINES", 6)
    lines = [f"x{i} = {i}\n\n" for i in range(9)]
    tree: Chunk | None = None
    for count in (5, 6, 7, 9, 8, 6, 7, 3, 9):
        text = "".join(lines[9 - count :])
        tree = build("a.py", text) if tree is None else rebuild(tree, text)
        assert tree == build("a.py", text)
        assert "".join(each.lead + each.text for each in tree.walk()) + ("\n" if count <= 6 else "") == text
        assert len(tree.children) == min(count, 7)
