"""Errors that a program says it expects: ``contextlib.suppress``, ``pytest.raises``, ``TestCase.assertRaises``.

Whoever names the error around the statement that raises knows of it, so nothing is told of what is caught there. Any other error is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsafe.domain.state import Path
from gradsafe.domain.values import Bound, Manager, TupleValue, Unknown, Value
from gradsafe.interp import calls
from gradsafe.interp.builtin_calls import builtin
from gradsafe.interp.exceptions import ANY

if TYPE_CHECKING:
    from gradsafe.interp.calls import Call
    from gradsafe.interp.machine import Machine, Outcomes

MODE = "expects"
"""Of the context manager."""

_METHODS = {"assertRaises": 1, "assertRaisesRegex": 2}
"""Of ``unittest.TestCase``, with how many arguments make a context manager; torch's own tests have a base class that is not looked into."""


@builtin("contextlib.suppress")
def _suppress(machine: Machine, path: Path, call: Call) -> Outcomes:
    return [(path, _manager(call.args))]


@builtin("pytest.raises")
def _raises(machine: Machine, path: Path, call: Call) -> Outcomes | None:
    if len(call.args) > 1:  # a function, to be called at once
        return None
    expected = call.argument(0, "expected_exception")
    return [(path, _manager(() if expected is None else (expected,)))]


def call_method(call: Call) -> Manager | None:
    """The context manager that ``self.assertRaises(ValueError)`` gives; None for any other call."""
    function = call.function
    if isinstance(function, Bound):
        name: object = function.function
    elif isinstance(function, Unknown) and isinstance(function.token, tuple) and len(function.token) == 3:
        name = function.token[2] if function.token[0] == "attr" else None
    else:
        return None
    most = _METHODS.get(str(name), 0)
    return _manager(call.args[:1]) if 0 < len(call.args) <= most else None


def _manager(types: tuple[Value, ...]) -> Manager:
    each = [one for given in types for one in (given.items if isinstance(given, TupleValue) else (given,))]
    return Manager(
        MODE, expected=frozenset(calls.exception_name(one) or ANY for one in each) or frozenset({ANY})
    )
