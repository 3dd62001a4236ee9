"""The programs of op_db and module_db: which calls, how many samples, which of them torch runs."""

from __future__ import annotations

import itertools
import random
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch
from tools.op_table import opdb
from tools.op_table.probe import Call

from .programs import Form, Program, forms, out_form, outputs_of, programs

FLAGS = ("inplace",)
HEADER = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def op_programs(samples: int, seed: int = 0, only: frozenset[str] | None = None) -> Iterator[Program]:
    """Programs for ``samples`` calls of each name of op_db (each with its own argument structure, while there are)."""
    by_name: dict[str, list[Call]] = defaultdict(list)
    for call in opdb.calls(only):
        by_name[call.name].append(call)
    for calls in by_name.values():
        for call in _chosen(calls, samples, seed):
            yield from programs_of(with_flags(call))


def with_flags(call: Call) -> list[Call]:
    """The call, and with ``inplace=True`` where it takes that."""
    names = getattr(getattr(call.function, "__code__", None), "co_varnames", ())
    if not call.name.startswith("F.") or "inplace" not in names or "inplace" in call.kwargs:
        return [call]
    return [call, replace(call, kwargs={**call.kwargs, "inplace": True})]


def _chosen(calls: list[Call], samples: int, seed: int) -> list[Call]:
    """Calls that differ in structure first, then others; seeded."""
    shuffled = list(calls)
    random.Random(f"{seed}:{calls[0].name}").shuffle(shuffled)
    seen: set[str] = set()
    first, rest = [], []
    for call in shuffled:
        structure = repr([_structure(value) for value in (*call.args, *call.kwargs.items())])
        (rest if structure in seen else first).append(call)
        seen.add(structure)
    return [*first, *rest][:samples]


def _structure(value: object) -> object:
    if isinstance(value, torch.Tensor):
        return ("tensor", value.ndim, value.dtype)
    if isinstance(value, (tuple, list)):
        return [_structure(item) for item in value][:4]
    return value if isinstance(value, (str, bool, type(None))) else type(value).__name__


def programs_of(calls: Iterable[Call]) -> Iterator[Program]:
    """All programs of a few calls that torch can run at all."""
    for call in calls:
        for form in writable_forms(call):
            outputs = run_head(form)
            if outputs is not None:
                yield from programs(form, outputs)
        for literal in (False, True):
            form_out = out_form(call, literal) if call.name.startswith("torch.") else None
            if form_out is not None and _runs(form_out):
                yield from programs(form_out, ())
                break


def writable_forms(call: Call) -> Iterator[Form]:
    """Each form with random values, or with the sample's own values where torch needs them."""
    for rand, literal in itertools.zip_longest(forms(call, False), forms(call, True)):
        chosen = next((form for form in (rand, literal) if form is not None and _runs(form)), None)
        if chosen is not None:
            yield chosen


def run_head(form: Form) -> list[str] | None:
    """The tensors of the result that can be backpropagated or written, as expressions of ``y``."""
    if form.out:
        return []
    found = _execute(form, True)
    return None if found is None else [name for name, tensor in outputs_of(found) if tensor.requires_grad]


def _runs(form: Form) -> bool:
    return _execute(form, not form.out) is not None


def _execute(form: Form, grad: bool) -> object | None:
    rows = [row for row in form.setup if not row.startswith("#")]
    for variable in form.variables:
        needs = grad and variable.differentiable
        rows.append(f"{variable.name} = {variable.made(needs)}{'.clone()' if needs else ''}")
    rows.append(form.statement)
    if form.setup == ("#augmented",):
        rows.append(f"y = {form.variables[0].name}")
    namespace: dict[str, object] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(0)
            exec(HEADER + "\n".join(rows), namespace)
    except Exception:
        return None
    return namespace["y"]
