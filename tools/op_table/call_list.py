"""Calls that op_db does not make: Python functions, conversions, subscripts, ``inplace=True``, ``nn.init``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import torch

from tools.op_table.declared import resolve
from tools.op_table.module_cases import f, i
from tools.op_table.probe import Call

CALLS = Path(__file__).parent / "calls.txt"
"""One call a line, of a name of the table, with the values below."""


def calls() -> Iterator[Call]:
    """The list as calls."""
    torch.manual_seed(0)
    values = _values()
    for line in CALLS.read_text(encoding="utf-8").splitlines():
        tree = ast.parse(line, mode="eval").body
        assert isinstance(tree, ast.Call), line
        name = ast.unparse(tree.func)
        function = resolve(name)
        assert callable(function), name
        args = tuple(_value(node, values) for node in tree.args)
        kwargs = {str(keyword.arg): _value(keyword.value, values) for keyword in tree.keywords}
        yield Call(name, function, args, kwargs)


def _value(node: ast.expr, values: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(node), "call_list", "eval"), values)


def _values() -> dict[str, Any]:
    """The tensors that the list speaks of; ``plain``, ``other`` and ``third`` are those that must not require grad."""
    logits = f(3, 4) - 0.5
    spd = f(4, 4)
    return {
        "torch": torch, "slice": slice, "float": float, "Ellipsis": Ellipsis,
        "x": logits, "y": f(3, 4), "d": f(3, 4).double(), "wxy": f(3, 4), "row": f(4), "s": f(),
        "v": f(4), "w": f(4), "bias": f(4), "v3": f(3), "w3": f(3), "bias3": f(3), "v4": f(5), "cw": f(4),
        "m": f(4, 4), "m2": f(4, 4), "m3": f(4, 4), "m4": f(5, 4), "bil": f(2, 4, 4), "spd": spd @ spd.t() + torch.eye(4),
        "b3": f(2, 3, 4), "b3b": f(2, 3, 4), "b3c": f(2, 3, 4), "c3": f(2, 4, 3),
        "q": f(1, 2, 3, 4), "k": f(1, 2, 3, 4), "val": f(1, 2, 3, 4), "attn": f(3, 3),
        "img": f(1, 2, 6, 6), "img4": f(1, 4, 4, 4), "vol": f(1, 1, 4, 4, 4), "columns": f(1, 12, 12),
        "grid": f(1, 3, 3, 2), "theta": f(1, 2, 3), "slope": f(1), "p": f(3, 4) * 0.8, "t": f(3, 4) * 0.8,
        "mean": f(4), "var": f(4), "table": f(5, 3), "z": torch.randn(3, dtype=torch.complex64),
        "n": i(5, 3, 4), "idx": i(5, 6), "idx2": i(5, 3, 2), "idx3": i(4, 3), "index": torch.tensor([0, 1]),
        "offsets": torch.tensor([0, 2]), "sgn": torch.ones(3), "zero": torch.tensor(0), "mask": torch.eye(3, 4, dtype=torch.bool),
        "mask3": torch.tensor([True, False, True]), "coords": i(3, 2, 3),
        "spectrum": torch.stft(f(1, 16), 4, return_complex=True, window=torch.ones(4)),
        "plain": i(5, 3, 4), "other": i(5, 3, 4), "third": i(5, 3, 4),
        "array": numpy.ones(3, dtype=numpy.float32), "buffer": bytearray(16),
        "f1": lambda a: a, "f2": lambda a, b: a, "f3": lambda a, b, c: a,
    }  # fmt: skip
