"""Writes a program line by line, and knows which tensors are in scope and of what shape."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

NAMES = (
    "h", "out", "feats", "z", "act", "hidden", "logits", "emb", "score", "attn", "gate", "state", "y", "q", "k",
    "ctx", "val", "proj", "res", "delta", "energy", "field", "mix", "code",
)  # fmt: skip

Shape = tuple[int, ...]


@dataclass(eq=False)
class Var:
    """A tensor in scope. ``grad`` is what the writer believes; torch has the last word."""

    name: str
    shape: Shape
    grad: bool = True
    leaf: bool = False


@dataclass
class Wishes:
    """Which features a program should lean to, so that every kind of outcome gets its share."""

    weights: dict[str, float] = field(default_factory=dict)

    def of(self, feature: str) -> float:
        return self.weights.get(feature, 1.0)


class Writer:
    """Lines, indentation, names and scope."""

    def __init__(self, rng: random.Random, wishes: Wishes) -> None:
        self.rng = rng
        self.wishes = wishes
        self.lines: list[str] = []
        self.depth = 0
        self.scope: list[Var] = []
        self.taken: set[str] = set()
        self.used: set[str] = set()

    # -- text -----------------------------------------------------------------------------

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        self.emit(header)
        self.depth += 1
        start = len(self.lines)
        try:
            yield
        finally:
            if len(self.lines) == start:
                self.emit("pass")
            self.depth -= 1

    def name(self, *wanted: str) -> str:
        """A new name: one of ``wanted``, else from the pool, numbered where taken."""
        pool = wanted or NAMES
        name = self.rng.choice(pool)
        number = 2
        base = name
        while name in self.taken:
            name, number = f"{base}{number}", number + 1
        self.taken.add(name)
        return name

    # -- scope ----------------------------------------------------------------------------

    def define(self, name: str, shape: Shape, grad: bool = True, leaf: bool = False) -> Var:
        self.scope = [var for var in self.scope if var.name != name]
        var = Var(name, shape, grad, leaf)
        self.scope.append(var)
        return var

    def assign(self, expression: str, shape: Shape, grad: bool = True, rebinds: Var | None = None) -> Var:
        """``name = expression``; three times in ten under the name of the operand, as people do."""
        if rebinds is not None and not rebinds.leaf and self.rng.random() < 0.3:
            name = rebinds.name
        else:
            name = self.name()
        self.emit(f"{name} = {expression}")
        return self.define(name, shape, grad)

    def pick(self, test: Callable[[Var], bool] = lambda var: True) -> Var | None:
        """A tensor in scope, the recent ones rather."""
        found = [var for var in self.scope if test(var)]
        if not found:
            return None
        weights = [1.0 + index for index in range(len(found))]
        return self.rng.choices(found, weights)[0]

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def weighted(self, choices: Sequence[tuple[float, Callable[[], None]]]) -> None:
        self.rng.choices([act for _, act in choices], [weight for weight, _ in choices])[0]()
