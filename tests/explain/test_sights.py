"""What is told of a word: the sentences, and where they hold. «» marks the word."""

from __future__ import annotations

import pytest

from gradsafe.explain.sights import Line, tell
from gradsafe.project.looking import look
from gradsafe.project.session import Session
from gradsafe.project.settings import Settings

HEAD = "import torch\nimport torch.nn as nn\n\nw = torch.ones(3, requires_grad=True)\n"
FILE = "/nowhere/model.py"


def told(program: str) -> list[str]:
    """The sentences about the marked word, lines counted from the first of the program."""
    text = HEAD + program
    at = text.index("«")
    plain = text.replace("«", "").replace("»", "")
    session = Session(Settings(), "/nowhere")
    session.set_text(FILE, plain)
    session.check(FILE)
    row = text.count("\n", 0, at) + 1
    looked = look(session, FILE, row, at - (text.rfind("\n", 0, at) + 1) + 1)
    found = tell(looked.word, looked.sights, looked.alone, session.place) if looked is not None else None
    if found is None:
        return []
    return [*map(shown, (found.head, *found.lines)), *(f"({note})" for note in found.notes)]


def shown(line: Line) -> str:
    rows = HEAD.count("\n")
    return "".join(part if isinstance(part, str) else f"line {part.row - rows}" for part in line)


def test_all_that_the_books_say() -> None:
    assert told("y = w.exp()\nv = y[1:]\nd = y.detach()\n«y».add_(1)\n") == [
        "a tensor of sizes [3], `float32`, at version 0",
        "made by `exp` on line 1: requires grad, not a leaf (`grad_fn` is that of `exp`)",
        "in the same memory: `d` (`detach` of it), `v` (`slice` of it)",
        "`exp` has saved its result for backward at version 0 on line 1",
        "`add_()` writes `y` in place here: version 0 -> 1",
    ]


def test_an_operation_says_what_it_does() -> None:
    assert told("y = w.exp()\ny.«add_»(1)\n")[:2] == [
        "`add_()` writes `y` in place here: version 0 -> 1",
        "a tensor of sizes [3], `float32`, at version 1",
    ]
    assert told("y = w.«exp»()\n")[0] == "`exp` saves its result for backward here, at version 0"
    assert told("y = w.exp()\ny «+=» 1\n")[0] == "`+=` writes `y` in place here: version 0 -> 1"
    assert told("y = w.exp()\ny[0] = 1\n«y».sum()\n")[-1].endswith(
        "`exp` has saved its result for backward at version 0 on line 1; since then the counter has moved on to 1, and a backward "
        "through it raises"
    )


def test_an_operator_says_what_it_does() -> None:
    saves = "`mul` saves its operand `y` for backward here, at version 0"
    assert told("y = w.exp()\nz = y «*» y + 1\n")[0] == saves
    assert told("y = w.exp()\nz = 1 + (y) «*» y\n")[0] == saves
    assert told("z = w «@» w\n")[0].endswith("saves its operand `w` for backward here, at version 0")
    assert (
        told("y = w.exp()\nz = y «**» 2\n")[0]
        == "`pow` saves its operand `y` for backward here, at version 0"
    )
    assert told("z = w * max(«*»w)\n") == [], "a star is no operator"


@pytest.mark.parametrize("target", ["y«[»0]", "y[«0»]", "y[0] «=»", "y[0«]»"])
def test_a_subscript_that_is_written_says_so(target: str) -> None:
    program = f"y = w.exp()\n{target} {'' if '=' in target else '= '}1\n"
    assert "this assignment to a slice writes `y` in place here: version 0 -> 1" in told(program)


@pytest.mark.parametrize("target", ["y[«0»] +=", "y[0] «+=»"])
def test_of_an_augmented_subscript_the_operator_writes(target: str) -> None:
    lines = told(f"y = w.exp()\n{target} 1\n")
    assert lines[0] == "`+=` writes `y[0]` in place here: version 0 -> 1"


def test_a_parameter_is_what_was_passed() -> None:
    lines = told("def f(«h»: torch.Tensor, *, k=1):\n    y = k * h.exp()\n    return y\n\n\nf(w)\n")
    assert lines[0] == "a tensor of sizes [3], `float32`, at version 0"
    alone = told("def f(h, «k»):\n    h.add_(k.exp())\n    return h\n")
    assert alone[0] == "a tensor, at version 0, counted from where this function begins"
    assert told("def f(«h»):\n    h = torch.ones(2)\n    return h\n") == []


def test_what_began_elsewhere_is_counted_from_here() -> None:
    lines = told("def f(h):\n    v = h[1:]\n    v.«add_»(1)\n")
    assert (
        lines[0]
        == "`add_()` writes `v` in place here: version 0 -> 1, counted from where this function begins"
    )


def test_an_index_that_is_not_known_may_be_a_copy() -> None:
    lines = told("y = w.exp()\nv = y[i]\n«v».add_(1)\n")
    shared = [line for line in lines if "in the same memory" in line]
    assert shared == ["where `the index is a number`: in the same memory: `y` (which this is `select` of)"]


def test_what_a_backward_has_freed_is_saved_no_more() -> None:
    lines = told("y = w.exp()\ny.sum().backward()\n«y».add_(1)\n")
    assert "no operation that is known of has saved it for backward" in lines


def test_a_view_with_a_counter_of_its_own() -> None:
    lines = told("y = w.exp()\nd = y.data\nd.add_(1)\nd = «d».add_(1)\n")
    assert "in the same memory: `y` (which this is `data` of, with a version counter of its own)" in lines
    assert lines[0].endswith("at version 1")


def test_grad_mode_and_leaves() -> None:
    assert told("with torch.no_grad():\n    «w».sub_(1)\n")[1] == (
        "made by `ones` on line 0: requires grad, a leaf; grad mode is off here (`no_grad`)"
    )


def test_branches_say_where_a_fact_holds() -> None:
    lines = told("def f(h, flag):\n    y = h.exp()\n    if flag:\n        y.add_(1)\n    return «y»\n")
    assert "where `flag`: a tensor, at version 1" in lines
    assert "where `not (flag)`: a tensor, at version 0" in lines


def test_a_function_alone_does_not_know_its_arguments() -> None:
    lines = told("def f(h):\n    v = «h»\n    v.add_(1)\n")
    assert lines[0] == "a tensor, at version 0, counted from where this function begins"
    assert lines[1] == (
        "its history is not known: whether it requires grad is not known, whether it is a leaf is not known"
    )
    assert lines[-1] == "(Seen from this function alone: what its callers pass is not known.)"


def test_an_argument_in_a_loop_is_one_all_along() -> None:
    lines = told("def f(h, n):\n    for i in range(n):\n        k = «h»\n    h.add_(1)\n")
    assert lines[0] == "a tensor, at version 0, counted from where this function begins"
    assert not any("not known to be a tensor" in line for line in lines)


def test_callers_of_the_file_know_more() -> None:
    program = "def f(h):\n    return «h».exp()\n\n\nf(w)\nf(torch.zeros(2))\n"
    lines = told(program)
    assert "called from line 5: a tensor of sizes [3], `float32`, at version 0" in lines
    assert "called from line 6: a tensor of sizes [2], `float32`, at version 0" in lines
    assert not any("alone" in line for line in lines)


def test_of_a_loop_the_last_round_is_told() -> None:
    lines = told("y = torch.zeros(3)\nfor i in range(3):\n    «y».add_(i)\n")
    assert lines[0] == "a tensor of sizes [3], `float32`, at version 2"
    assert lines[-1] == "(In a loop: this is what the last of 3 rounds that were followed finds.)"


def test_attributes_and_lists_hold_tensors() -> None:
    program = (
        "class Net(nn.Module):\n    def forward(self, x: torch.Tensor):\n        h = x.relu()\n        self.kept = h\n"
        "        hs = [h]\n        return «h».sum()\n"
    )
    assert "the same tensor as `hs[0]`, `self.kept`" in told(program)
    assert told(program.replace("«h».sum()", "self.«kept».sum()"))[0] == "a tensor, at version 0"


@pytest.mark.parametrize(
    "program",
    [
        "«x» = 1\n",
        "def «f»(x):\n    return x\n",
        "# «w» is a tensor\n",
        "s = '«w»'\n",
        "def f(h):\n    return «nn».Linear(h, h)\n",
        "if False:\n    «w».exp()\n",
    ],
)
def test_what_is_no_tensor_is_not_explained(program: str) -> None:
    assert told(program) == []
