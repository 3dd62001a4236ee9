"""The lines of the op table that tell of constructors: ``@module`` and ``@optimizer``.

::

    @module nn.Linear(in_features, out_features, bias=True, ...) parameters weight, bias if bias; ...
    @optimizer optim.SGD(params, lr=0.001, ...) bumps 1 foreach 1 fused 0

A state reads ``name``, or ``name if arg`` (truthy), ``name if !arg`` (falsy), joined by ``&``.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

from gradsafe.ops.entry import ModuleSpec, ModuleState, OptimizerSpec
from gradsafe.ops.notation import OPAQUE, REQUIRED, NotationError

_ROLES = {"parameters": "parameter", "buffers": "buffer", "modules": "module"}


def module_text(spec: ModuleSpec) -> str:
    """The line of a module, without ``@module``."""
    parts = [f"{spec.name}({_signature_text(spec.signature)})"]
    for plural, role in _ROLES.items():
        states = [_state_text(state) for state in spec.states if state.role == role]
        if states:
            parts.append(f"{plural} {', '.join(states)}")
    if spec.attributes:
        pairs = (name if name == source else f"{name}={source}" for name, source in spec.attributes.items())
        parts.append(f"attributes {', '.join(pairs)}")
    if spec.container:
        parts.append(f"container {spec.container}")
    if not spec.forward:
        parts.append("abstract")
    return "; ".join(parts)


@functools.cache
def parse_module(text: str) -> ModuleSpec:
    """Read such a line.

    Raises:
        NotationError: it does not print as it was read.
    """
    name, signature, clauses = _head(text)
    states: list[ModuleState] = []
    attributes: dict[str, str] = {}
    container, forward = "", True
    for clause in clauses:
        verb, _, body = clause.partition(" ")
        if verb in _ROLES:
            states += (_parse_state(item, _ROLES[verb]) for item in body.split(", "))
        elif verb == "attributes":
            for item in body.split(", "):
                attribute, _, source = item.partition("=")
                attributes[attribute] = source or attribute
        elif verb == "container":
            container = body
        elif verb == "abstract":
            forward = False
    spec = ModuleSpec(name, signature, tuple(states), attributes, container, forward)
    if module_text(spec) != text:
        raise NotationError(f"does not round-trip: {text!r} prints as {module_text(spec)!r}")
    return spec


def optimizer_text(spec: OptimizerSpec) -> str:
    """The line of an optimizer, without ``@optimizer``."""
    fused = "" if spec.fused_bumps is None else f" fused {spec.fused_bumps}"
    return f"{spec.name}({_signature_text(spec.signature)}); bumps {spec.bumps} foreach {spec.foreach_bumps}{fused}"


@functools.cache
def parse_optimizer(text: str) -> OptimizerSpec:
    """Read such a line.

    Raises:
        NotationError: it does not print as it was read.
    """
    name, signature, clauses = _head(text)
    words = clauses[0].split(" ")
    facts = dict(zip(words[::2], map(int, words[1::2]), strict=True))
    spec = OptimizerSpec(name, signature, facts["bumps"], facts["foreach"], facts.get("fused"))
    if optimizer_text(spec) != text:
        raise NotationError(f"does not round-trip: {text!r} prints as {optimizer_text(spec)!r}")
    return spec


def recurrent_states(
    num_layers: int, bias: bool, bidirectional: bool, projected: bool = False
) -> Iterator[str]:
    """The parameters of ``nn.RNN``, ``nn.GRU`` and ``nn.LSTM``, in torch's order (torch/nn/modules/rnn.py)."""
    for layer in range(num_layers):
        for suffix in ("", "_reverse")[: 2 if bidirectional else 1]:
            yield f"weight_ih_l{layer}{suffix}"
            yield f"weight_hh_l{layer}{suffix}"
            if bias:
                yield f"bias_ih_l{layer}{suffix}"
                yield f"bias_hh_l{layer}{suffix}"
            if projected:
                yield f"weight_hr_l{layer}{suffix}"


def _signature_text(signature: tuple[tuple[str, object], ...]) -> str:
    return ", ".join(name if default is REQUIRED else f"{name}={default!r}" for name, default in signature)


def _state_text(state: ModuleState) -> str:
    return f"{state.name} if {'&'.join(state.needs)}" if state.needs else state.name


def _parse_state(text: str, role: str) -> ModuleState:
    name, _, needs = text.partition(" if ")
    return ModuleState(name, role, tuple(needs.split("&")) if needs else ())


def _head(text: str) -> tuple[str, tuple[tuple[str, object], ...], list[str]]:
    name, _, rest = text.partition("(")
    inside, *clauses = _split_clauses(rest)
    signature: list[tuple[str, object]] = []
    for part in _split_commas(inside.removesuffix(")")):
        parameter, equals, default = part.partition("=")
        literal = REQUIRED if not equals else OPAQUE if default == "..." else ast.literal_eval(default)
        signature.append((parameter, literal))
    return name, tuple(signature), clauses


def _split_clauses(text: str) -> list[str]:
    head, *clauses = text.split("; ")
    return [head, *clauses]


def _split_commas(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for index, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and text.startswith(", ", index):
            yield text[start:index]
            start = index + 2
    if text:
        yield text[start:]
