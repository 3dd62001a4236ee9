"""What is told of torch's Python: every name is one that torch has, with torch's own parameters."""

import inspect

import pytest

from gradsafe.interp import told
from gradsafe.syntax.chunk import build
from gradsafe.syntax.kind import Kind
from gradsafe.syntax.parse import Parsed, parse

TEXTS = dict(told._texts())
NAMES = sorted(f"{file[1:-1]}.{name}" for name, files in told._definitions().items() for file in files)


@pytest.mark.parametrize("file", TEXTS)
def test_every_text_parses(file):
    for chunk in build(file, TEXTS[file]).walk():
        if chunk.kind is not Kind.MODULE:
            parsed = parse(chunk.text, chunk.kind)
            assert isinstance(parsed, Parsed) and not parsed.recovered, chunk.text


def test_a_name_of_a_submodule_is_the_public_one():
    assert told.find("torch.nn.modules.rnn.RNN") == told.find("torch.nn.RNN") == ("<torch.nn>", "RNN")
    assert told.find("torch.nn.Linear") is None
    assert told.find("elsewhere.RNN") is None


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_torch_has_it_with_the_same_parameters(name):
    torch = pytest.importorskip("torch")
    owner, _, last = name.rpartition(".")
    real = getattr(eval(owner, {"torch": torch}), last)
    namespace = {}
    exec(TEXTS[f"<{owner}>"], namespace)
    mine = namespace[last]
    if inspect.isclass(real) and issubclass(real, torch.nn.RNNBase):
        return  # torch hides them behind *args
    if not inspect.isclass(real) and not hasattr(real, "__code__"):
        return  # bound in C++
    assert list(inspect.signature(mine).parameters) == list(inspect.signature(real).parameters)
