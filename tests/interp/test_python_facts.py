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


def named(fact: str, **names: str) -> str:
    return re.sub(r"\b[AB]\b", lambda found: names[found.group()], fact)


def raises(program: str) -> bool:
    try:
        exec(compile(program, "program.py", "exec", dont_inherit=True), {"__name__": "facts"})
    except RuntimeError as error:
        assert "inplace operation" in str(error), program
        return True
    return False


FILES = {"values.txt": by_value, "aliases.txt": by_alias}


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
