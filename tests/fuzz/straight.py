"""Statements of levels 1 and 2: pointwise code, writes, then views and grad modes."""

from __future__ import annotations

from collections.abc import Callable

from .emit import Shape, Var, Writer

UNARY = (
    "{0}.exp()", "{0}.sigmoid()", "{0}.tanh()", "torch.relu({0})", "torch.sin({0})", "{0}.cos()", "F.softplus({0})",
    "F.gelu({0})", "{0}.pow(2)", "{0} ** 2", "{0}.abs()", "{0} * 2", "{0} + 1", "1 - {0}", "-{0}", "{0} / 3",
    "torch.softmax({0}, -1)", "{0}.log_softmax(-1)", "{0}.clamp(min=0)", "F.relu({0})", "{0}.clone()", "{0} * 0.5 + 0.1",
    "torch.sigmoid({0})", "F.leaky_relu({0}, 0.1)", "{0}.sqrt()", "{0}.square()", "F.silu({0})", "torch.log({0} + 4)",
    "{0}.cumsum(-1)", "F.elu({0})", "{0}.exp().sum(-1, keepdim=True) * {0}", "{0}.contiguous()", "F.dropout({0}, 0.2)",
    "{0}.rsqrt()", "F.hardswish({0})", "{0}.masked_fill({0} > 0.5, 0.0)", "{0}.flip(0)", "{0}.reciprocal()",
)  # fmt: skip
BINARY = (
    "{0} * {1}", "{0} + {1}", "{0} - {1}", "{0} / ({1} + 3)", "torch.maximum({0}, {1})", "{0} * {1}.detach()",
    "torch.where({0} > 0, {0}, {1})", "torch.mul({0}, {1})", "torch.lerp({0}, {1}, 0.3)", "{0} + 0.1 * {1}",
    "{0}.mul({1})", "torch.atan2({0}, {1} + 3)", "torch.add({0}, {1}, alpha=2)", "{0} * {1} + {0}",
)  # fmt: skip
INPLACE = (
    "{0}.add_(1)", "{0}.mul_(2)", "{0}.zero_()", "{0}.clamp_(min=0)", "{0}.neg_()", "{0}.div_(2)", "{0}.sub_(0.5)",
    "{0}.relu_()", "{0}.sigmoid_()", "{0}.tanh_()", "{0}.exp_()", "torch.relu_({0})", "{0}.fill_(0.5)", "{0}.pow_(2)",
    "F.relu({0}, inplace=True)", "F.leaky_relu_({0}, 0.1)", "F.dropout({0}, 0.3, inplace=True)", "{0}.clamp_(-1, 1)",
    "{0}.masked_fill_({0} > 0.5, 0.0)", "{0}.sqrt_()", "F.silu({0}, inplace=True)", "{0}.mul_({0}.detach())",
    "{0}.square_()", "F.hardtanh_({0})", "{0}.abs_()", "{0}.sin_()",
)  # fmt: skip
AUGMENTED = ("{0} += 1", "{0} *= 2", "{0} -= 0.1", "{0} /= 2", "{0} -= {0}.mean()", "{0} /= {0}.norm()",
             "{0} *= {0}.sigmoid()", "{0} += {0}", "{0} **= 2", "{0} *= {0}", "{0} /= {0}.sum()")  # fmt: skip
INPLACE_TWO = (
    "{0}.add_({1})", "{0}.mul_({1})", "{0}.copy_({1})", "{0} += {1}", "{0} *= {1}", "{0} -= {1}", "{0}.sub_({1})",
    "{0}.lerp_({1}, 0.2)", "{0}.addcmul_({1}, {1})", "{0}.div_({1} + 3)", "{0} += {1} * 2", "{0}.add_({1}, alpha=0.1)",
)  # fmt: skip
SETITEM = (
    "{0}[0] = 0.0", "{0}[{0} < 0] = 0", "{0}[1:] *= 2", "{0}[0] += 1", "{0}[:2] = 0.3", "{0}[-1] = {0}[0] * 2",
    "{0}[0] = {0}[1].exp()", "{0}[0] = {0}[1] * {0}[2]", "{0}[...] = {0} * {0}", "{0}[:] = {0}.tanh()",
    "{0}[1].mul_(3)", "{0}[:1].zero_()", "{0}[{0} > 1] *= 0.5", "{0}[[0, 1]] = 0.1", "{0}[[0, 1]].add_(1)",
)  # fmt: skip
SCALARS = ("{0}.sum()", "{0}.mean()", "{0}.pow(2).mean()", "{0}.norm()", "{0}.abs().sum()", "{0}.var()",
           "{0}.logsumexp(-1).sum()", "{0}.max()", "{0}.amax(-1).sum()", "F.mse_loss({0}, torch.zeros_like({0}))")  # fmt: skip


class Straight(Writer):
    """Emits random statements; each method is one thing that people write."""

    # -- making tensors -------------------------------------------------------------------

    def leaf(self, shape: Shape | None = None) -> Var:
        shape = shape or self.rng.choice(((3,), (4, 3), (3,), (5,), (3, 3), (3, 2, 2), (3, 1)))
        sizes = ", ".join(map(str, shape))
        name = self.name("x", "w", "a", "b", "weight", "scale", "theta", "alpha", "params", "inputs")
        form = self.rng.choice(
            ("torch.randn({0}, requires_grad=True)", "torch.rand({0}, requires_grad=True)",
             "torch.nn.Parameter(torch.rand({0}))", "torch.ones({0}, requires_grad=True)",
             "torch.rand({0}).requires_grad_()")
        )  # fmt: skip
        self.emit(f"{name} = {form.format(sizes)}")
        return self.define(name, shape, True, True)

    def data(self, shape: Shape | None = None) -> Var:
        like = self.pick()
        shape = shape or (like.shape if like else (3,))
        sizes = ", ".join(map(str, shape))
        name = self.name("target", "noise", "batch", "coeff", "bias", "labels", "buffer")
        self.emit(f"{name} = torch.{self.rng.choice(('rand', 'randn', 'ones', 'zeros'))}({sizes})")
        return self.define(name, shape, False, False)

    def unary(self) -> None:
        var = self.pick(lambda v: v.grad) or self.pick()
        if var is not None:
            self.assign(self.rng.choice(UNARY).format(var.name), var.shape, var.grad, var)

    def binary(self) -> None:
        pair = self.pair()
        if pair:
            one, two = pair
            text = self.rng.choice(BINARY).format(one.name, two.name)
            self.assign(text, one.shape, one.grad or two.grad, one)

    def pair(self) -> tuple[Var, Var] | None:
        one = self.pick()
        two = self.pick(lambda v: one is not None and v.shape == one.shape)
        return (one, two) if one is not None and two is not None else None

    def scalar(self, var: Var) -> str:
        return self.rng.choice(SCALARS).format(var.name)

    # -- writing --------------------------------------------------------------------------

    def target(self) -> Var | None:
        """Whom to write: leaves seldom, unless the program is to be about leaves."""
        leaves = self.wishes.of("leaf") > 1
        return self.pick(
            lambda v: v.leaf if leaves and self.chance(0.7) else (not v.leaf or self.chance(0.05))
        )

    def write(self) -> None:
        var = self.target()
        if var is None:
            return
        two = self.pick(lambda v: v.shape == var.shape and v is not var)
        forms = [(4.0, INPLACE), (3.0, AUGMENTED), (2.5 * self.wishes.of("setitem"), SETITEM)]
        if two is not None:
            forms.append((3.0, INPLACE_TWO))
        form = self.rng.choice(self.rng.choices([f for _, f in forms], [w for w, _ in forms])[0])
        self.emit(form.format(var.name, two.name if two else ""))
        if self.chance(0.15) and form.endswith(")") and "inplace" in form:
            self.lines[-1] = self.lines[-1].replace(
                form.format(var.name), f"{var.name} = {form.format(var.name)}"
            )

    # -- views ----------------------------------------------------------------------------

    def view(self) -> None:
        var = self.pick()
        if var is None:
            return
        rows = var.shape[0]
        choices: list[tuple[str, Shape]] = [
            (f"{var.name}[:2]", (min(2, rows), *var.shape[1:])),
            (f"{var.name}[1:]", (rows - 1, *var.shape[1:])),
            (f"{var.name}.unsqueeze(0)", (1, *var.shape)),
            (f"{var.name}.detach()", var.shape),
            (f"{var.name}.view(-1)", (_size(var.shape),)),
            (f"{var.name}.reshape(-1)", (_size(var.shape),)),
            (f"{var.name}.narrow(0, 0, 2)", (2, *var.shape[1:])),
        ]
        if len(var.shape) == 2:
            choices += [
                (f"{var.name}.t()", var.shape[::-1]),
                (f"{var.name}.transpose(0, 1)", var.shape[::-1]),
                (f"{var.name}[0]", var.shape[1:]),
                (f"{var.name}[:, 0]", var.shape[:1]),
                (f"{var.name}.flatten()", (_size(var.shape),)),
                (f"{var.name}.T", var.shape[::-1]),
            ]
        text, shape = self.rng.choice(choices)
        self.assign(text, shape, var.grad and "detach" not in text)

    def several_views(self) -> None:
        var = self.pick(lambda v: v.shape[0] >= 3)
        if var is None:
            return
        one, two = self.name(), self.name()
        form = self.rng.choice(
            (f"{var.name}[:2].unbind()", f"{var.name}[:2].chunk(2)", f"{var.name}.split([1, {var.shape[0] - 1}])",
             f"{var.name}.tensor_split(2)", f"{var.name}[0], {var.name}[1]", f"torch.unbind({var.name}[:2])")
        )  # fmt: skip
        rest = var.shape[1:]
        shapes: tuple[Shape, Shape] = (rest or (1,), rest or (1,))
        if "split([" in form:
            shapes = ((1, *rest), (var.shape[0] - 1, *rest))
        elif "tensor_split" in form or "chunk" in form:
            shapes = ((1, *rest), (1, *rest))
        self.emit(f"{one}, {two} = {form}")
        self.define(one, shapes[0], var.grad)
        self.define(two, shapes[1], var.grad)
        if self.chance(0.3 * self.wishes.of("multi")):
            self.emit(self.rng.choice((f"{one}.mul_(2)", f"{one} += 1", f"{two}.zero_()", f"{two} *= 0.5")))

    def expand(self) -> None:
        var = self.pick(lambda v: len(v.shape) == 1)
        if var is None:
            return
        sizes = ", ".join(map(str, (2, *var.shape)))
        new = self.assign(
            self.rng.choice(
                (
                    f"{var.name}.expand({sizes})",
                    f"{var.name}.repeat(2, 1)",
                    f"{var.name}.expand({sizes}).clone()",
                )
            ),
            (2, *var.shape),
            var.grad,
        )
        if self.chance(0.4 * self.wishes.of("expand")):
            self.emit(
                self.rng.choice(
                    ("{0}.add_(1)", "{0} *= 2", "{0}[0] = 0.0", "{0}.relu_()", "{0}.zero_()")
                ).format(new.name)
            )

    def index_edited(self) -> None:
        var = self.pick(lambda v: v.grad)
        if var is None:
            return
        index = self.name("idx", "index", "rows", "mask")
        if self.chance(0.5):
            self.emit(f"{index} = torch.tensor([0, 1, 1])")
            text = self.rng.choice((f"{var.name}[{index}]", f"{var.name}.index_select(0, {index})"))
            edit = self.rng.choice(
                (f"{index}.fill_(0)", f"{index}[0] = 1", f"{index} -= {index}", f"{index} = {index} * 0")
            )
            shape: Shape = (3, *var.shape[1:])
        else:
            self.emit(f"{index} = {var.name} > 0.5")
            text = self.rng.choice(
                (
                    f"torch.where({index}, {var.name}, 0.0)",
                    f"{var.name}.masked_fill({index}, 0.0)",
                    f"{var.name} * {index}",
                )
            )
            edit = self.rng.choice(
                (f"{index}.fill_(False)", f"{index}[0] = True", f"{index} = ~{index}", f"{index} |= True")
            )
            shape = var.shape
        self.assign(text, shape, True)
        if self.chance(0.6):
            self.emit(edit)

    # -- grad modes and .data -------------------------------------------------------------

    def no_grad(self) -> None:
        header = self.rng.choice(
            ("with torch.no_grad():", "with torch.no_grad():", "with torch.set_grad_enabled(False):")
        )
        before = list(self.scope)
        with self.block(header):
            for _ in range(self.rng.choice((1, 1, 2))):
                self.weighted(((3, self.write_any), (1, self.view), (1, self.unary)))
        for var in self.scope:
            if var not in before:
                var.grad = False

    def write_any(self) -> None:
        var = self.pick()
        if var is not None:
            form = self.rng.choice(self.rng.choice((INPLACE, AUGMENTED, SETITEM)))
            self.emit(form.format(var.name))

    def inference(self) -> None:
        var = self.pick()
        if var is None:
            return
        name = self.name("ref", "old", "cached", "frozen", "baseline")
        with self.block("with torch.inference_mode():"):
            self.emit(f"{name} = {self.rng.choice(UNARY).format(var.name)}")
        self.define(name, var.shape, False)
        other = self.pick(lambda v: v.grad and v.shape == var.shape)
        use = [
            "{1} = {0} * {1}",
            "{1} = {0} + {1}",
            "{0}.add_(1)",
            "{1} = F.mse_loss({1}, {0}) + {1}",
            "{1} = {0}.clone() * {1}",
        ]
        if other is not None and not other.leaf:
            self.emit(self.rng.choice(use).format(name, other.name))

    def through_data(self) -> None:
        var = self.pick(lambda v: v.grad)
        if var is not None:
            self.emit(
                self.rng.choice(
                    ("{0}.data.mul_(2)", "{0}.data = {0}.data * 0.5", "{0}.data.add_(1)", "{0}.data[0] = 0.0", "{0}.data.clamp_(0, 1)",
                     "{0}.data -= 0.1 * {0}.detach()", "{0}.data = {0} * 3")
                ).format(var.name)
            )  # fmt: skip

    # -- backward -------------------------------------------------------------------------

    def early_backward(self) -> None:
        var = self.pick(lambda v: v.grad and not v.leaf)
        if var is not None:
            keep = (
                self.rng.choice(("", "", "retain_graph=True"))
                if self.wishes.of("twice") > 1
                else "retain_graph=True"
            )
            self.emit(f"{self.scalar(var)}.backward({keep})")

    def finish(self) -> None:
        """The loss, of one to three tensors, and its backward; now and then twice."""
        found = [var for var in self.scope if var.grad and not var.leaf] or [v for v in self.scope if v.grad]
        chosen = self.rng.sample(found, min(len(found), self.rng.choice((1, 2, 3)))) if found else []
        if found and found[-1] not in chosen:
            chosen.append(found[-1])
        terms = [self.scalar(var) for var in chosen]
        if not terms:
            return
        if self.chance(0.3) and len(terms) == 1:
            self.emit(f"{terms[0]}.backward()")
            return
        loss = self.name("loss", "total", "objective", "cost")
        self.emit(f"{loss} = {' + '.join(terms)}")
        twice = self.chance(0.1 * self.wishes.of("twice"))
        form = self.rng.choice(("{0}.backward({1})", "{0}.backward({1})", "torch.autograd.backward({0}{2})"))
        keep = "retain_graph=True" if twice and self.chance(0.4) else ""
        self.emit(form.format(loss, keep, f", {keep}" if keep else ""))
        if twice:
            self.emit(f"{loss}.backward()")

    def menu(self, level: int) -> list[tuple[float, Callable[[], None]]]:
        """The statements of a level, by weight."""
        of = self.wishes.of
        menu: list[tuple[float, Callable[[], None]]] = [
            (4, self.unary),
            (3, self.binary),
            (3 * of("write"), self.write),
        ]
        if level >= 2:
            menu += [
                (2.5, self.view),
                (0.8 * of("multi"), self.several_views),
                (0.4 * of("expand"), self.expand),
                (0.8, self.index_edited),
                (1.2 * of("nograd"), self.no_grad),
                (0.3 * of("inference"), self.inference),
                (0.3 * of("data"), self.through_data),
                (0.3 * of("twice"), self.early_backward),
            ]
        return menu


def _size(shape: Shape) -> int:
    total = 1
    for size in shape:
        total *= size
    return total
