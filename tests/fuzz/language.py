"""Level 3, continued: the Python around the tensors. Classes, generators, context managers, decorators, exceptions."""

from __future__ import annotations

import random
from collections.abc import Callable

from .control import SHAPES, Control
from .emit import Var, Wishes
from .straight import AUGMENTED, INPLACE, UNARY

IMPORTS = (
    "import collections", "import contextlib", "import functools", "import itertools", "import operator",
    "from dataclasses import dataclass", "", "import torch", "import torch.nn.functional as F",
)  # fmt: skip


class Language(Control):
    """Adds the vocabulary in which people wrap tensor code."""

    def write_of(self, text: str) -> str:
        """One in-place statement on ``text``."""
        return self.rng.choice(self.rng.choice((INPLACE, AUGMENTED))).format(text)

    def unary_of(self, text: str) -> str:
        return self.rng.choice(UNARY).format(text)

    def source(self) -> Var | None:
        return self.pick(lambda v: v.grad)

    def generator(self) -> None:
        """Layers of a generator, taken by a loop that may write what it gets."""
        var = self.source()
        if var is None:
            return
        name, total = self.name("layers", "steps", "walk"), self.name("collected", "kept", "seen")
        count = self.rng.randint(2, 3)
        step = self.unary_of("t")
        self.helpers += [
            "",
            "",
            f"def {name}(t, n):",
            "    for _ in range(n):",
            f"        t = {step}",
            "        yield t",
        ]
        self.emit(f"{total} = []")
        with self.block(f"for piece in {name}({var.name}, {count}):"):
            self.emit(f"{total}.append({self.rng.choice(('piece', 'piece * 2', 'piece.sin()'))})")
            if self.chance(0.4):
                self.emit(self.write_of("piece"))
        self.assign(self.rng.choice((f"sum({total})", f"{total}[0] + {total}[-1]")), var.shape)

    def manager(self) -> None:
        """A context manager, as a generator or as a class, around a write."""
        var = self.pick(lambda v: v.grad and not v.leaf)
        if var is None:
            return
        name = self.name("quiet", "scope", "paused")
        inner = self.rng.choice(("with torch.no_grad():", "with torch.enable_grad():"))
        if self.chance(0.5):
            self.helpers += [
                "",
                "",
                "@contextlib.contextmanager",
                f"def {name}():",
                f"    {inner}",
                "        yield",
            ]
        else:
            on = "True" if "enable" in inner else "False"
            self.helpers += [
                "", "", f"class {name}:", "    def __enter__(self):", "        self.before = torch.is_grad_enabled()",
                f"        torch.set_grad_enabled({on})", "        return self", "    def __exit__(self, *error):",
                "        torch.set_grad_enabled(self.before)",
            ]  # fmt: skip
        self.emit(f"held = {self.unary_of(var.name)}")
        with self.block(f"with {name}():"):
            self.emit(
                self.rng.choice(("held.mul_(2)", "held.add_(1)", f"{var.name}.add_(1)", "other = held * 2"))
            )
        self.assign("held + 1", var.shape)

    def decorated(self) -> None:
        """A decorator that may write the result of what it wraps."""
        var = self.source()
        if var is None:
            return
        deco, name = self.name("logged", "scaled", "checked"), self.name("act", "encode_fn", "head_fn")
        change = self.rng.choice((self.write_of("out"), "out = out * 2", "pass"))
        self.helpers += [
            "", "", f"def {deco}(fn):", "    @functools.wraps(fn)", "    def inner(*args, **kwargs):",
            "        out = fn(*args, **kwargs)", f"        {change}", "        return out", "    return inner",
            "", "", f"@{deco}", f"def {name}(t):", f"    return {self.unary_of('t')}",
        ]  # fmt: skip
        self.assign(f"{name}({var.name})", var.shape, True, var)

    def record(self) -> None:
        """A dataclass that carries tensors and a flag."""
        var = self.source()
        if var is None:
            return
        cls, name = self.name("State", "Batch", "Output"), self.name("state_rec", "rec", "item")
        flag = self.chance(0.5)
        self.helpers += [
            "",
            "",
            "@dataclass",
            f"class {cls}:",
            "    value: torch.Tensor",
            "    inplace: bool = False",
            "    scale: float = 2.0",
        ]
        given = ", inplace=True" if flag else ""
        self.emit(f"{name} = {cls}({self.unary_of(var.name)}{given})")
        with self.block(f"if {name}.inplace:"):
            self.emit(self.write_of(f"{name}.value"))
        self.assign(f"{name}.value * {name}.scale", var.shape)

    def matched(self) -> None:
        """``match`` on a constant."""
        var = self.source()
        if var is None:
            return
        kind = self.rng.choice(("exp", "scale", "none"))
        name = self.name("picked", "chosen")
        self.emit(f'mode_name = "{kind}"')
        with self.block("match mode_name:"):
            with self.block('case "exp" | "grow":'):
                self.emit(f"{name} = {var.name}.exp()")
            with self.block('case "scale":'):
                self.emit(f"{name} = {var.name} * 2")
            with self.block("case _:"):
                self.emit(f"{name} = {self.unary_of(var.name)}")
        self.emit(self.write_of(name))
        self.define(name, var.shape)

    def attempt(self) -> None:
        """``try`` whose handler or ``finally`` writes."""
        var = self.pick(lambda v: v.grad and not v.leaf)
        if var is None:
            return
        table, name = self.name("cache_tbl", "lookup"), self.name("found", "hit")
        key = self.rng.choice(('"a"', '"b"'))
        self.emit(f'{table} = {{"a": {self.unary_of(var.name)}}}')
        with self.block("try:"):
            self.emit(f"{name} = {table}[{key}]")
        with self.block("except KeyError:"):
            self.emit(f"{name} = {var.name} * 3")
        if self.chance(0.5):
            with self.block("finally:"):
                self.emit(self.write_of(f'{table}["a"]'))
        else:
            self.emit(self.write_of(name))
        self.assign(f'{name} + {table}["a"]', var.shape)

    def folded(self) -> None:
        """``reduce``, ``zip``, ``sorted``, ``deque``, ``operator``."""
        var = self.source()
        if var is None:
            return
        name = self.name("terms", "group", "pieces")
        self.emit(f"{name} = [{', '.join(self.unary_of(var.name) for _ in range(3))}]")
        form = self.rng.choice(
            ("functools.reduce(operator.mul, {0})", "functools.reduce(lambda a, b: a + b, {0})",
             "sum(a * b for a, b in zip({0}, {0}[1:]))", "sum(reversed({0}))", "collections.deque({0}, maxlen=2)[0]",
             "{0}[max(0, len({0}) - 2)]", "next(iter({0}))", "sum(itertools.chain({0}, {0}[:1]))")
        ).format(name)  # fmt: skip
        result = self.assign(form, var.shape)
        if self.chance(0.6):
            target = self.rng.choice((f"{name}[0]", f"{name}[-1]", f"{name}[1]"))
            if self.chance(0.3):
                self.emit(f"operator.iadd({target}, 1)")
            else:
                self.emit(self.write_of(target))
        elif not result.leaf:
            self.emit(self.write_of(result.name))

    def menu_of_level(self) -> list[tuple[float, Callable[[], None]]]:
        loops = 0.2 if self.wishes.of("write") < 1 else 1.0
        extra = (
            self.generator,
            self.manager,
            self.decorated,
            self.record,
            self.matched,
            self.attempt,
            self.folded,
        )
        return [*super().menu_of_level(), *((0.5 * loops, act) for act in extra)]


def write_language(rng: random.Random, wishes: Wishes) -> str:
    """A program of level 3."""
    out = Language(rng, wishes)
    wrapped = rng.random() < 0.6
    out.depth = 1 if wrapped else 0
    first = out.leaf(rng.choice(SHAPES))
    if rng.random() < 0.6:
        out.leaf(first.shape)
    for _ in range(rng.randint(3, 7)):
        out.weighted(out.menu_of_level())
    out.finish()
    body = ["", "", "def main():", *out.lines, "", "", "main()"] if wrapped else ["", "", *out.lines]
    return "\n".join([*IMPORTS, *out.helpers, *body]) + "\n"
