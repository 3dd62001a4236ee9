"""Programs for each ``nn.Module`` class: input, output, each parameter and buffer written after forward, train and eval."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import torch
from tools.op_table.module_cases import cases
from tools.op_table.modules import classes
from torch.testing._internal.common_modules import module_db

from .collect import HEADER, run_head
from .programs import Form, Program, programs
from .render import Namer, Unwritable, literal_text

Given = tuple[str, tuple[Any, ...], dict[str, Any]]

NESTED = (
    ("nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0)", ((3, 2, 4),)),
    ("nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, norm_first=True)", ((2, 3, 4),)),
    ("nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)", ((3, 2, 4),)),
    ("nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0)", ((3, 2, 4), (5, 2, 4))),
    ("nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 2)", ((3, 2, 4), (5, 2, 4))),
    ("nn.Transformer(4, 2, 1, 1, 8)", ((3, 2, 4), (5, 2, 4))),
    ("nn.MultiheadAttention(4, 2)", ((3, 2, 4), (5, 2, 4), (5, 2, 4))),
    ("nn.MultiheadAttention(4, 2, batch_first=True)", ((2, 3, 4), (2, 5, 4), (2, 5, 4))),
    ("nn.MultiheadAttention(4, 2, bias=False)", ((3, 2, 4), (3, 2, 4), (3, 2, 4))),
    ("nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))", ((5, 3),)),
    ("nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(4, 2))", ((5, 3),)),
    ("nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True))", ((2, 3, 6, 6),)),
    ("nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.SiLU(inplace=True))", ((2, 3, 6, 6),)),
    ("nn.Sequential(nn.Flatten(), nn.Linear(12, 2), nn.Sigmoid())", ((2, 3, 4),)),
    ("nn.ModuleList([nn.Linear(3, 3), nn.Tanh()])[0]", ((5, 3),)),
)
"""Modules that are built of modules, and the shapes of their inputs."""


def module_programs(samples: int, seed: int = 0, only: frozenset[str] | None = None) -> Iterator[Program]:
    """``samples`` constructions of each class, in train and in eval, ``inplace`` both ways."""
    by_name: dict[str, list[tuple[Given, tuple[tuple[Any, ...], dict[str, Any]]]]] = defaultdict(list)
    torch.manual_seed(0)
    for name, args, kwargs, inputs in cases():
        by_name[name].append(((name, args, kwargs), (inputs(), {})))
    for info in module_db:
        name = info.name.removeprefix("nn.")
        if info.is_lazy or not hasattr(torch.nn, name):
            continue
        found = info.module_inputs_func(
            info, device="cpu", dtype=torch.float32, requires_grad=False, training=True
        )
        for sample in found:
            given = sample.constructor_input
            forward = (sample.forward_input.args, dict(sample.forward_input.kwargs))
            by_name[name].append(((name, given.args, dict(given.kwargs)), forward))
    for name, found in sorted(by_name.items()):
        if only is not None and f"nn.{name}" not in only:
            continue
        chosen = list(found)
        random.Random(f"{seed}:{name}").shuffle(chosen)
        for given, inputs in chosen[:samples]:
            for made in _constructions(given):
                yield from _programs_of(f"nn.{name}", made, inputs)
    for made, shapes in NESTED:
        name = made.partition("(")[0]
        if only is None or name in only:
            yield from _programs_of(name, made, (tuple(torch.rand(shape) for shape in shapes), {}))


def _constructions(given: Given) -> Iterator[str]:
    name, args, kwargs = given
    variants = [kwargs]
    if "inplace" in getattr(classes()[name].__init__, "__code__", _constructions.__code__).co_varnames:
        variants.append({**kwargs, "inplace": True})
    for options in variants:
        try:
            parts = [literal_text(value) for value in args]
            parts += [f"{key}={literal_text(value)}" for key, value in options.items()]
        except Unwritable:
            continue
        yield f"nn.{name}({', '.join(parts)})"


def _programs_of(name: str, made: str, inputs: tuple[tuple[Any, ...], dict[str, Any]]) -> Iterator[Program]:
    states = _states(made)
    if states is None:
        return
    for mode in ("train", "eval"):
        form = _form(name, made, mode, inputs, states)
        outputs = run_head(form) if form is not None else None
        if form is not None and outputs:
            yield from programs(form, outputs)


def _form(
    name: str, made: str, mode: str, inputs: tuple[tuple[Any, ...], dict[str, Any]], states: tuple[str, ...]
) -> Form | None:
    setup = (f"m = {made}", *(("m.eval()",) if mode == "eval" else ()))
    for literal in (False, True):
        namer = Namer(literal=literal)
        try:
            parts = [namer.text(value) for value in inputs[0]]
            parts += [f"{key}={namer.text(value)}" for key, value in inputs[1].items()]
        except Unwritable:
            return None
        form = Form(name, f"y = m({', '.join(parts)})", tuple(namer.variables.values()), setup, states)
        if run_head(form) is not None:
            return form
    return None


def _states(made: str) -> tuple[str, ...] | None:
    """The parameters and floating buffers of a module, as expressions of ``m``; a few of many."""
    try:
        torch.manual_seed(0)
        module = eval(made, _namespace())
        found = [
            name for name, value in [*module.named_parameters(), *module.named_buffers()] if value is not None
        ]
    except Exception:
        return None
    if len(found) > 12:
        found = found[:: len(found) // 10]
    return tuple(re.sub(r"[.]([0-9]+)", r"[\1]", f"m.{name}") for name in found)


def _namespace() -> dict[str, object]:
    namespace: dict[str, object] = {}
    exec(HEADER, namespace)
    return namespace
