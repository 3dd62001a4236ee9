"""Level 3: functions, branches on known conditions, loops, containers."""

from __future__ import annotations

import random
from collections.abc import Callable

from .emit import Shape, Var, Wishes
from .straight import AUGMENTED, BINARY, INPLACE, INPLACE_TWO, SETITEM, UNARY, Straight


class Control(Straight):
    """Adds control flow and containers to the statements of levels 1 and 2."""

    def __init__(self, rng: random.Random, wishes: Wishes) -> None:
        super().__init__(rng, wishes)
        self.helpers: list[str] = []
        self.flags: dict[str, bool] = {}

    def some(self, least: int = 1, most: int = 3) -> None:
        """A few statements of the levels below, of which at least one does something."""
        for _ in range(self.rng.randint(least, most)):
            self.weighted(self.menu(2))

    # -- branches -------------------------------------------------------------------------

    def branch(self) -> None:
        """``if`` on a constant of the program, seldom with an ``else``."""
        if not self.flags or self.chance(0.4):
            name = self.name("training", "use_gate", "verbose", "normalize", "residual", "clip")
            value = self.chance(0.5)
            self.emit(f"{name} = {value}")
            self.flags[name] = value
        name = self.rng.choice(list(self.flags))
        test, holds = self.rng.choice(((name, self.flags[name]), (f"not {name}", not self.flags[name])))
        self.arm(f"if {test}:", holds)
        if self.chance(0.4):
            self.arm("else:", not holds)

    def arm(self, header: str, runs: bool) -> None:
        before = list(self.scope)
        shapes = {var.name: var for var in before}
        with self.block(header):
            self.some(1, 2)
        if not runs:
            self.scope = [var for var in before if shapes[var.name] is var]

    def ternary(self) -> None:
        var = self.pick(lambda v: v.grad)
        if var is not None:
            name = self.rng.choice(list(self.flags) or ["True"])
            one, two = (self.rng.choice(UNARY).format(var.name) for _ in range(2))
            self.assign(f"{one} if {name} else {two}", var.shape, True, var)

    # -- loops ----------------------------------------------------------------------------

    def loop(self) -> None:
        """Repeats statements that rebind or write one tensor."""
        var = self.pick(lambda v: v.grad and not v.leaf)
        other = self.pick(lambda v: var is not None and v.shape == var.shape and v is not var)
        if var is None:
            return
        count = self.rng.randint(2, 4)
        header = self.rng.choice(
            (f"for _ in range({count}):", f"for step in range({count}):", f"for i in range({count}):")
        )
        with self.block(header):
            for _ in range(self.rng.randint(1, 3)):
                self.loop_statement(var, other)

    def loop_statement(self, var: Var, other: Var | None) -> None:
        two = other.name if other else var.name
        kind = self.rng.random()
        if kind < 0.45:
            self.emit(f"{var.name} = {self.rng.choice(UNARY).format(var.name)}")
        elif kind < 0.6:
            self.emit(f"{var.name} = {self.rng.choice(BINARY).format(var.name, two)}")
        else:
            form = self.rng.choice(self.rng.choice((AUGMENTED, INPLACE, INPLACE_TWO if other else SETITEM)))
            self.emit(form.format(var.name, two))

    def recurrence(self) -> None:
        """Rows of a buffer, each from the one before."""
        source = self.pick(lambda v: v.grad and v.shape[0] >= 3)
        if source is None:
            return
        rows = source.shape[0]
        name = self.name("states", "table", "rows", "buf", "alphas")
        start = self.rng.choice(
            (f"torch.zeros_like({source.name})", f"{source.name}.clone()", f"{source.name} * 1")
        )
        self.emit(f"{name} = {start}")
        body = self.rng.choice(
            ("{0}[i] = {0}[i - 1] * {1}[i]", "{0}[i] = {0}[i - 1] + {1}[i]", "{0}[i] = {1}[i].exp()", "{0}[i] *= {1}[i]",
             "{0}[i] = {0}[i - 1].tanh()", "{0}[i] += {0}[i - 1]", "{0}[i] = torch.sin({0}[i - 1].clone()) * {1}[i]")
        )  # fmt: skip
        with self.block(f"for i in range(1, {rows}):"):
            self.emit(body.format(name, source.name))
        self.define(name, source.shape)

    def rows(self) -> None:
        """Iterates over the rows of a tensor: an unbind in disguise."""
        var = self.pick(lambda v: len(v.shape) == 2 and not v.leaf)
        if var is None:
            return
        body = self.rng.choice(
            ("{0}.mul_(2)", "{0} += 1", "total_rows.append({0}.exp())", "total_rows.append({0} * 2)")
        )
        listed = "append" in body
        if listed and "total_rows" in self.taken:
            return
        if listed:
            self.taken.add("total_rows")
            self.emit("total_rows = []")
        with self.block(f"for row in {var.name}:"):
            self.emit(body.format("row"))
        if listed:
            self.assign("torch.stack(total_rows)", var.shape)

    def accumulate(self) -> None:
        """Loss terms collected in a loop, by rebinding or in place."""
        var = self.pick(lambda v: v.grad)
        if var is None:
            return
        name = self.name("acc", "running", "summed")
        self.emit(
            f"{name} = {self.rng.choice((f'torch.zeros_like({var.name})', f'{var.name} * 0', f'{var.name}.exp()'))}"
        )
        with self.block(f"for k in range({self.rng.randint(2, 3)}):"):
            if self.chance(0.4):
                self.emit(f"part = {name}{self.rng.choice(('.pow(2)', '.sin()', ' * 2', '.exp()'))}")
            self.emit(
                self.rng.choice(
                    ("{0} += {1} * k", "{0} = {0} + {1}.sin()", "{0} += {1}.exp()", "{0} *= {1}")
                ).format(name, var.name)
            )
        self.define(name, var.shape)

    # -- containers -----------------------------------------------------------------------

    def listed(self) -> None:
        var = self.pick(lambda v: v.grad)
        if var is None:
            return
        name = self.name("outs", "parts", "layers", "history", "chunks")
        op = self.rng.choice(UNARY)
        if self.chance(0.5):
            self.emit(f"{name} = [{op.format(var.name)} for _ in range(3)]")
        else:
            self.emit(f"{name} = []")
            with self.block(f"for i in range({self.rng.randint(2, 3)}):"):
                self.emit(f"{name}.append({op.format(var.name)})")
        if self.chance(0.6):
            form = self.rng.choice(self.rng.choice((INPLACE, AUGMENTED)))
            if self.chance(0.4):
                with self.block(f"for part in {name}:"):
                    self.emit(form.format("part"))
            else:
                self.emit(form.format(f"{name}[{self.rng.choice((0, 1, -1))}]"))
        text = self.rng.choice(
            (
                f"torch.stack({name}).sum(0)",
                f"sum({name})",
                f"{name}[0] * {name}[-1]",
                f"torch.stack({name}).mean(0)",
            )
        )
        self.assign(text, var.shape)

    def mapped(self) -> None:
        var = self.pick(lambda v: v.grad)
        if var is None:
            return
        name = self.name("cache", "features", "batch_dict", "store")
        one, two = (self.rng.choice(UNARY).format(var.name) for _ in range(2))
        self.emit(f'{name} = {{"main": {one}, "aux": {two}}}')
        if self.chance(0.6):
            self.emit(self.rng.choice(self.rng.choice((INPLACE, AUGMENTED))).format(f'{name}["main"]'))
        if self.chance(0.4):
            with self.block(f"for key, value in {name}.items():"):
                self.emit(
                    self.rng.choice(("{0}[key] = value * 2", "value += 1", "{0}[key] = value.sin()")).format(
                        name
                    )
                )
        self.assign(
            self.rng.choice(
                ('{0}["main"] + {0}["aux"]', '{0}["main"] * {0}["aux"]', "sum({0}.values())")
            ).format(name),
            var.shape,
        )

    # -- functions ------------------------------------------------------------------------

    def call(self) -> None:
        """Calls a helper that this program defines; the helper may write its argument."""
        var = self.pick(lambda v: v.grad)
        other = self.pick(lambda v: var is not None and v.shape == var.shape)
        if var is None or other is None:
            return
        name = self.helper()
        keyword = self.rng.choice(("", "", "scale="))
        if self.chance(0.2):
            self.emit(f"{name}({var.name}, {keyword}{other.name})")
        else:
            self.assign(f"{name}({var.name}, {keyword}{other.name})", var.shape, True, var)

    def helper(self) -> str:
        name = self.name(
            "rescale", "mix_in", "normalize_rows", "activate", "apply_gate", "shift", "blend", "step_fn"
        )
        self.helpers += ["", "", *self.helper_lines(name)]
        return name

    def helper_lines(self, name: str) -> list[str]:
        lines = [f"def {name}(t, scale):"]
        kept = "t"
        for _ in range(self.rng.randint(1, 3)):
            kind = self.rng.random()
            if kind < 0.4:
                form = self.rng.choice(self.rng.choice((INPLACE, AUGMENTED, INPLACE_TWO)))
                lines.append("    " + form.format(kept, "scale"))
            elif kind < 0.8:
                new = self.rng.choice(("u", "t", "v"))
                lines.append(
                    f"    {new} = {self.rng.choice(self.rng.choice((UNARY, BINARY))).format(kept, 'scale')}"
                )
                kept = new
            else:
                lines += ["    if scale.dim() > 5:", f"        return {kept}"]
        lines.append(f"    return {self.rng.choice((kept, kept, f'{kept} * scale', f'{kept} + t'))}")
        return lines

    def closure(self) -> None:
        var = self.pick(lambda v: v.grad)
        if var is None:
            return
        name = self.name("fn", "update", "transform")
        if self.chance(0.5):
            self.emit(f"{name} = lambda t: {self.rng.choice(UNARY).format('t')}")
            self.assign(f"{name}({var.name})", var.shape, True, var)
            return
        with self.block(f"def {name}():"):
            self.emit(self.rng.choice(INPLACE).format(var.name))
            self.emit(f"return {var.name} * 2")
        self.assign(f"{name}()", var.shape)

    def menu_of_level(self) -> list[tuple[float, Callable[[], None]]]:
        loops = 0.2 if self.wishes.of("write") < 1 else 1.0
        return [
            *((weight * 0.35, act) for weight, act in self.menu(2)),
            (0.9, self.branch),
            (0.4, self.ternary),
            (0.9 * loops, self.loop),
            (0.7 * loops, self.recurrence),
            (0.4, self.rows),
            (0.6 * loops, self.accumulate),
            (0.9 * loops, self.listed),
            (0.6 * loops, self.mapped),
            (1.2 * loops, self.call),
            (0.5 * loops, self.closure),
        ]


SHAPES: tuple[Shape, ...] = ((3,), (4, 3), (3, 3), (5,))
