"""Programs for calls as real code writes them: keywords, positions, methods, distributions (``statements.txt``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from .collect import run_head
from .programs import Form, Program, programs
from .render import Variable

LIST = Path(__file__).parent / "statements.txt"
"""``a:3,4 i:3 | expression``: float tensors by their shapes, ``i`` an index below 3, and the call."""


def statement_programs() -> Iterator[Program]:
    """All of them; a line that torch does not run is an error of the list."""
    for line in LIST.read_text(encoding="utf-8").splitlines():
        given, _, expression = line.partition(" | ")
        variables = tuple(map(_variable, given.split()))
        form = Form(expression, f"y = {expression}", variables)
        outputs = run_head(form)
        if outputs is None:
            raise ValueError(f"torch does not run {line!r}")
        if outputs:
            yield from programs(form, outputs)


def _variable(text: str) -> Variable:
    name, _, sizes = text.partition(":")
    shape = [int(size) for size in sizes.split(",")]
    if name == "i":
        count = int(torch.tensor(shape).prod())
        return Variable(name, torch.arange(count).reshape(shape) % 3)
    return Variable(name, torch.rand(shape))
