"""Stand-ins for numbers that a dry run does not know: they can be printed and added up, and no decision rests on them."""

from __future__ import annotations

import contextlib
import math
from typing import Any, Iterator


class NeedsValue(BaseException):
    """The program asks for a value that a dry run cannot know. Not an Exception: no ``except Exception`` may go on."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Guess(float):
    """What ``loss.item()`` gives in a dry run. Shown as nan; whoever decides by it ends the run.

    Below it is a plain number, so that C code that only reads it (a logger, a plot) gets one that is finite and positive.
    """

    def __new__(cls) -> Guess:
        return super().__new__(cls, 0.5)

    def __repr__(self) -> str:
        return "nan"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(math.nan, spec.replace("d", ".0f") if spec.endswith("d") else spec)


def _stop(what: str) -> Any:
    def stops(*_operands: Any) -> Any:
        raise NeedsValue(what)

    return stops


def _another(*_operands: Any) -> Guess:
    return Guess()


_BOTH_WAYS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
_ARITHMETIC = (*_BOTH_WAYS, *(f"r{name}" for name in _BOTH_WAYS), "neg", "pos", "abs")
for _name in _ARITHMETIC:
    setattr(Guess, f"__{_name}__", _another)
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "bool"):
    setattr(Guess, f"__{_name}__", _stop("a decision by a number that was taken out of a tensor"))
for _name in ("int", "index", "trunc", "floor", "ceil", "float", "hash"):
    setattr(Guess, f"__{_name}__", _stop("a number that was taken out of a tensor"))


def _round(self: Guess, digits: Any = None) -> Guess:
    return Guess()


Guess.__round__ = _round  # type: ignore[assignment,method-assign]


@contextlib.contextmanager
def guessing_math() -> Iterator[None]:
    """``math.exp(loss.item())`` is a guess again. Numbers are taken to be finite, as in a run that works."""

    def wrapped(original: Any, answer: Any) -> Any:
        def function(*operands: Any) -> Any:
            if any(isinstance(one, Guess) for one in operands):
                return Guess() if answer is None else answer
            return original(*operands)

        return function

    answers = {"isnan": False, "isinf": False, "isfinite": True}
    names = [name for name in vars(math) if callable(getattr(math, name)) and not name.startswith("_")]
    originals = {name: getattr(math, name) for name in names}
    for name, original in originals.items():
        setattr(math, name, wrapped(original, answers.get(name)))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(math, name, original)
