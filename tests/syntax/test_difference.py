"""What an edit changed in a tree: all of it, and not much else."""

from __future__ import annotations

import random

from material import texts
from tests.endurance.typist import Typist

from gradsafe.syntax.chunk import build, rebuild
from gradsafe.syntax.difference import difference

TEXT = """\
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return x.relu_()

    def other(self, x):
        return x

def loss(y):
    return y.sum()
"""


def test_of_an_edit_its_chunk_and_those_around_it() -> None:
    old = build("f.py", TEXT)
    new = rebuild(old, TEXT.replace("x.relu_()", "x.relu()"))
    found = difference(old, new)
    around = {"", "Net", "Net.forward"}
    assert {each.id.qualname for each in found.come} == {each.id.qualname for each in found.gone} == around
    assert len(found.come) == len(found.gone) == 4


def test_of_the_same_tree_nothing() -> None:
    tree = build("f.py", TEXT)
    assert difference(tree, tree).ids == frozenset()


def test_an_index_of_chunks_can_follow_random_edits() -> None:
    for text in texts(4):
        typist = Typist(text, random.Random(3))
        tree = build("f.py", text)
        index = {each.id: each for each in tree.walk()}
        for _ in range(40):
            before, tree = tree, rebuild(tree, typist.step())
            found = difference(before, tree)
            untouched = {name: chunk for name, chunk in index.items() if name not in found.ids}
            for each in found.gone:
                index.pop(each.id, None)
            index.update((each.id, each) for each in found.come)
            fresh = {each.id: each for each in tree.walk()}
            assert index.keys() == fresh.keys()
            assert all(index[name] is chunk for name, chunk in fresh.items())
            assert all(fresh[name] is chunk for name, chunk in untouched.items())
