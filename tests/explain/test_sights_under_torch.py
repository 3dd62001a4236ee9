"""What a hover says of a name against torch: version, leaf, requires_grad, and which names lie in the same memory.

The straight-line scenarios of the fixtures are run statement by statement; before each, torch is asked about every tensor that the
statement reads, and so is the analysis. Where the analysis says that it does not know, it cannot be wrong.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gradsafe.domain.tensors import Tri
from gradsafe.interp.watch import Books
from gradsafe.ir import instructions as ir
from gradsafe.project.looking import look
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

FIXTURES = Path(__file__).parents[1] / "fixtures"
FOLDERS = ("saved-tensor-modified", "leaf-modified", "leaf-view-modified", "autograd_facts", "graph-freed")
SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)
GAPS = {
    "saves-array_index_shares_its_memory": "an index of which nothing is known (`i.copy()` of an array) is taken for one that gives a view",
}
"""What is told wrongly so far, and why; the test fails once it is not any more."""
LEAST = 400
"""Names that are compared; fewer mean that the fixtures are no longer found."""


@dataclass(frozen=True)
class Fact:
    """What torch says of a name just before the statement at ``row`` that reads it."""

    name: str
    row: int
    column: int
    version: int | None
    is_leaf: bool | None
    requires_grad: bool
    shares: frozenset[str]
    tensors: frozenset[str]
    """The names of all tensors: an array shares memory, too, and torch does not know."""


def programs() -> Iterator[tuple[str, str]]:
    """The scenarios without branches and loops, as programs."""
    for path in sorted(each for folder in FOLDERS for each in (FIXTURES / folder).glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        head = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or node.args.args or node.decorator_list:
                continue
            body = node.body[:-1] if isinstance(node.body[-1], ast.Return) else node.body
            if all(isinstance(each, SIMPLE) for each in body):
                lines = [ast.unparse(each) for each in (*head, *body)]
                yield f"{path.stem}-{node.name}", "\n".join(lines) + "\n"


def facts(text: str) -> Iterator[Fact]:
    """Run the program, and stop where torch does."""
    namespace: dict[str, Any] = {}
    torch.manual_seed(0)
    for statement in ast.parse(text).body:
        asked: set[str] = set()
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in asked:
                asked.add(node.id)
                if isinstance(namespace.get(node.id), torch.Tensor):
                    yield fact(node, namespace)
        try:
            exec(compile(ast.Module([statement], []), "program.py", "exec"), namespace)
        except Exception:
            return


def fact(node: ast.Name, namespace: dict[str, Any]) -> Fact:
    tensor = namespace[node.id]
    version = None
    with contextlib.suppress(RuntimeError):  # inference tensors have none
        version = tensor._version
    memory = addresses(tensor)
    shares = {name for name, value in namespace.items() if overlap(memory, addresses(value))}
    # Whoever asks a view makes torch look for its grad_fn, and the program that runs would be another one.
    is_leaf = tensor.is_leaf if tensor._base is None else None
    return Fact(
        node.id,
        node.lineno,
        node.col_offset + 1,
        version,
        is_leaf,
        tensor.requires_grad,
        frozenset(shares),
        frozenset(name for name, value in namespace.items() if isinstance(value, torch.Tensor)),
    )


def addresses(value: object) -> range:
    """The bytes of a tensor's storage. Of an array that is indexed torch makes a storage that begins in the middle."""
    if not isinstance(value, torch.Tensor):
        return range(0)
    with contextlib.suppress(RuntimeError, NotImplementedError):
        storage = value.untyped_storage()
        return range(storage.data_ptr(), storage.data_ptr() + storage.nbytes())
    return range(0)


def overlap(one: range, other: range) -> bool:
    return bool(one and other) and one.start < other.stop and other.start < one.stop


def books_of(session: Session, file: str, said: Fact) -> list[Books]:
    looked = look(session, file, said.row, said.column)
    sights = looked.sights if looked is not None else ()
    return [
        sight.books
        for sight in sights
        if isinstance(sight.instruction, ir.Load) and sight.books is not None and not sight.shadow
    ]


def differences(said: Fact, books: Books, begins: dict[int, int]) -> Iterator[str]:
    """``begins``: by counter, with which version torch has made the tensor. It is not always 0: some results are written
    once more before they are given out (`linear` on three dimensions, a GRU), and so are copies."""
    held = {each.name for each in books.holders if each.name.isidentifier()}
    if said.version is not None and books.known:
        begin = begins.setdefault(books.counter, said.version - books.version)
        if not 0 <= begin <= 1 or books.version + begin != said.version:
            yield f"version {books.version}, torch: {said.version}"
    for what, ours, theirs in (
        ("leaf", books.leaf, said.is_leaf),
        ("requires_grad", books.requires_grad, said.requires_grad),
    ):
        if theirs is not None and ours is not Tri.MAYBE and (ours is Tri.YES) != theirs:
            yield f"{what} {ours}, torch: {theirs}"
    if said.shares and books.known and held & said.tensors != said.shares:
        yield f"shares memory with {sorted(held)}, torch: {sorted(said.shares)}"


def test_what_is_told_of_names_is_what_torch_says() -> None:
    compared = 0
    wrong: list[str] = []
    gaps: set[str] = set()
    for number, (name, text) in enumerate(itertools.islice(programs(), None, None, 2)):
        file = f"/nowhere/program_{number}.py"
        session = Session(Settings(), "/nowhere")
        session.set_text(file, text)
        begins: dict[int, int] = {}
        for said in facts(text):
            for books in books_of(session, file, said):
                compared += 1
                found = [
                    f"{name}: {said.name} in `{textwrap.shorten(text.splitlines()[said.row - 1], 60)}`: {each}"
                    for each in differences(said, books, begins)
                ]
                if name in GAPS:
                    gaps.update([name] if found else [])
                else:
                    wrong += found
    assert not wrong, "\n".join(wrong)
    assert gaps == GAPS.keys(), "take it off the list"
    assert compared >= LEAST, compared
