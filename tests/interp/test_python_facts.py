"""The machine is a Python interpreter before it is anything else: what it takes names and values for is asked of Python.

Each paragraph of ``python_facts`` becomes two programs, of which one goes wrong under torch. To add a fact, write a paragraph.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from tests.fuzz.compare import predictions  # noqa: E402

pytestmark = pytest.mark.torch

FACTS = Path(__file__).with_name("python_facts")
CODE = "saved-tensor-modified"


def paragraphs(name: str) -> list[tuple[str, bool]]:
    """The facts of a file, and whether each is marked as unknown."""
    _, *found = (FACTS / name).read_text("utf-8").strip().split("\n\n")
    return [(text.removeprefix("# unknown\n"), text.startswith("# unknown\n")) for text in found]


def by_value(fact: str) -> tuple[str, str]:
    """What is saved is written where ``flag`` holds, and where it does not."""
    program = (
        "{}\nimport torch\nw = torch.rand(3, requires_grad=True)\nif {}:\n    h = w.exp()\nelse:\n    h = w * 2\n"
        "h.mul_(2)\nh.sum().backward()\n"
    )
    return program.format(fact, "flag"), program.format(fact, "not flag")


def by_alias(fact: str) -> tuple[str, str]:
    """What is saved is ``A``, and ``B``."""
    program = (
        "import torch\nw = torch.rand(3, requires_grad=True)\nh = w.exp()\nk = w * 2\n{}\nt.mul_(2)\n"
        "(h.sum() + k.sum()).backward()\n"
    )
    return program.format(named(fact, A="h", B="k")), program.format(named(fact, A="k", B="h"))


def by_module(fact: str) -> tuple[str, str]:
    """The weight that is written is that of the module that was used, and that of another."""
    program = (
        "import torch\nfrom torch import nn\nx = torch.rand(2, 3, requires_grad=True)\n"
        "used, other = nn.Linear(3, 3), nn.Linear(3, 3)\nout = used(x)\n{}\nwith torch.no_grad():\n    t.mul_(2)\n"
        "out.sum().backward()\n"
    )
    return program.format(named(fact, A="used", B="other")), program.format(named(fact, A="other", B="used"))


def by_mode(fact: str) -> tuple[str, str]:
    """A result is modified that has a graph, and one that has none."""
    program = (
        "import torch\nw = torch.rand(3, requires_grad=True)\n{}\nt.mul_(2)\n(t.sum() + w.sum()).backward()\n"
    )
    on, off = "torch.enable_grad", "torch.no_grad"
    one = named(fact, A=on, B=off, G="True", H="False")
    return program.format(one), program.format(named(fact, A=off, B=on, G="False", H="True"))


def by_write(fact: str) -> tuple[str, str]:
    """The module that is changed is the one that was used, and another."""
    program = (
        "import torch\nfrom torch import nn\nx = torch.rand(2, 3, requires_grad=True)\n"
        "used, other = nn.Linear(3, 3), nn.Linear(3, 3)\nfor p in [*used.parameters(), *other.parameters()]:\n"
        "    p.grad = torch.ones_like(p)\nout = used(x)\n{}\nout.sum().backward()\n"
    )
    return program.format(named(fact, A="used", B="other")), program.format(named(fact, A="other", B="used"))


def named(fact: str, **names: str) -> str:
    return re.sub(rf"\b[{''.join(names)}]\b", lambda found: names[found.group()], fact)


def raises(program: str) -> bool:
    try:
        exec(compile(program, "program.py", "exec", dont_inherit=True), {"__name__": "facts"})
    except RuntimeError as error:
        assert "inplace operation" in str(error), program
        return True
    return False


FILES = {
    "values.txt": by_value, "aliases.txt": by_alias, "modules.txt": by_module, "modes.txt": by_mode, "writes.txt": by_write,
}  # fmt: skip


@pytest.mark.parametrize("file", FILES)
def test_gradsafe_knows_what_python_does(file: str) -> None:
    facts = paragraphs(file)
    programs = [program for fact, _ in facts for program in FILES[file](fact)]
    said = [{each.severity for each in found if each.slug == CODE} for found in predictions(programs)]
    wrong = []
    for number, (fact, unknown) in enumerate(facts):
        goes_wrong, is_safe = said[2 * number], said[2 * number + 1]
        if unknown:
            # What is open is explored both ways. Taken for its opposite it would be wrong.
            good = bool(goes_wrong) or not is_safe
        else:
            good = goes_wrong == {"error"} and not is_safe
        if not good:
            wrong.append(f"{fact}\n# {sorted(goes_wrong)} where torch raises, {sorted(is_safe)} where not")
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("file", FILES)
def test_python_says_so(file: str) -> None:
    for fact, _ in paragraphs(file):
        goes_wrong, is_safe = FILES[file](fact)
        assert raises(goes_wrong), goes_wrong
        assert not raises(is_safe), is_safe
