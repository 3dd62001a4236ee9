"""``@decorator`` above a definition, on a small budget of its own.

Decorators of large packages put docstrings together or fill registries, for every class and function of a file. None of that
matters to autograd, but a file's own statements had used up their budget there before the first of them ran.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import External, Unknown
from gradsafe.interp import calls

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

DECORATOR = 500
"""Instructions that one ``@decorator`` may take."""

DECORATORS = 3_000
"""What all those together may take that a root applies."""


def decorate(machine: Machine, path: Path, call: Call) -> Outcomes:
    """``@decorator`` above a definition. What takes longer than a wrapper or a registry keeps books (it puts docstrings
    together, say): it gives back what it was given, as decorators from outside do.
    """
    if isinstance(call.function, (External, Unknown)):
        return calls.call(machine, path, call)
    outer, began, hit, before = machine.budget, machine.ran, dict(machine.hit), path.fork()
    most = began + min(DECORATOR, DECORATORS - machine.decorating)
    machine.budget = replace(outer, instructions=min(outer.instructions, most))
    try:
        outcomes = calls.call(machine, path, call)
    finally:
        cut, machine.budget = machine.spent(), outer
    machine.decorating += machine.ran - began
    if not cut or machine.spent():
        return outcomes
    machine.hit = hit
    machine.note("decorators", call.source.place)
    before.blurred = True
    return [(before, call.args[0])]
