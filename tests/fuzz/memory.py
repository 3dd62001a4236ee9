"""Statements about memory: every view operation, indexed writes, buffers, NumPy, ``out=``, lists of tensors, layers."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from .emit import Shape, Var
from .straight import Straight

INDEXED = (
    "{0}.index_fill_(0, torch.tensor([0, 1]), 0.5)", "{0}.index_add_(0, torch.tensor([0, 1]), torch.ones_like({0}[:2]))",
    "{0}.index_copy_(0, torch.tensor([1, 0]), torch.zeros_like({0}[:2]))", "{0}.masked_scatter_({0} > 0, torch.ones({2}))",
    "{0}.index_put_((torch.tensor([0, 1]),), torch.tensor(0.5))", "{0}.scatter_(0, torch.zeros_like({0}, dtype=torch.long), 0.5)",
    "{0}.scatter_add_(0, torch.zeros_like({0}, dtype=torch.long), torch.ones_like({0}))", "{0}[torch.tensor([0, 1])] = 0.5",
    "{0}[torch.tensor([0, 1])] += 1", "{0}[torch.tensor([True] + [False] * ({3} - 1))] = 0.0", "{0}.masked_fill_({0} > 1, 1.0)",
    "{0}[..., 0] = 0.1", "{0}[None, 1].mul_(2)", "{0}[::2] = 0.2", "{0}[-1:] -= 0.5", "{0}[1:][0] = 0.3", "{0}[:2][1:].zero_()",
    "{0}[[0, 1]] *= 2", "{0}.select(0, 0).fill_(0.4)", "{0}.narrow(0, 1, 1).mul_(0.5)", "{0}.unsqueeze(0)[0, 1] = 0.6",
    "{0}.view(-1)[0] = 0.7", "{0}.flatten()[1] = 0.8", "{0}.reshape(-1).add_(1)", "{0}.detach()[0] = 0.0", "{0}.detach().mul_(2)",
    "{0}.fill_diagonal_(0.0)", "{0}.T[0] = 0.9", "{0}.t().mul_(2)", "{0}.diagonal().zero_()", "{0}.unsqueeze_(0)", "{0}.t_()",
    "{0}.copy_({0}.flip(0))", "{0}[0], {0}[1] = {0}[1] * 2, {0}[0] * 3", "{0}[1:] += {0}[:-1]", "{0}[1:] = {0}[:-1].clone()",
    "{0}.addcdiv_({0}.detach().clone(), {0}.detach().abs() + 1)", "{0}.add_({0}.mean(0))", "{0}.sub_({0}.max())", "{0}.cumsum_(0)",
    "{0}.requires_grad_()", "{0}.retain_grad()", "torch.nn.init.constant_({0}, 0.5)", "{0}.detach_()", "{0}.normal_()",
    "{0}.nan_to_num_()", "{0}.clamp_min_(0)", "{0}.triu_()", "{0}.expand(2, *{0}.shape)[0].mul_(2)", "torch.add({0}, 1, out={0})",
    "F.softplus({0}, out={0})" , "F.normalize({0}, dim=0, out={0})", "torch.square_({0})", "{0}.bernoulli_(0.5)", "F.elu_({0})",
    "F.selu({0}, inplace=True)", "F.threshold({0}, 0.1, 0.0, inplace=True)", "F.hardswish({0}, inplace=True)", "{0}.erf_()",
    "{0}.log1p_()", "{0}.logit_(0.1)", "{0}.atan_()", "{0}.round_()", "{0}.sign_()", "{0}.lerp_(torch.ones_like({0}), 0.5)",
)  # fmt: skip
FOREACH = (
    "torch._foreach_mul_([{0}, {1}], 2.0)", "torch._foreach_add_([{0}, {1}], 1.0)", "torch._foreach_exp_([{0}])",
    "torch._foreach_add_([{0}], [{1}], alpha=0.1)", "torch._foreach_mul_([{0}], [{1}])", "torch._foreach_zero_([{0}, {1}])",
)  # fmt: skip
TOGETHER = (
    "torch.stack([{0}, {1}])[0]", "torch.cat([{0}, {1}])[:{3}]", "torch.where({0} > {1}, {0}, {1})", "{0}.addcmul({1}, {1})",
    "torch.stack([{0}, {1}], dim=-1).sum(-1)", "{0} * {1}.mean(0)", "torch.outer({0}.reshape(-1), {1}.reshape(-1)).diagonal().reshape({4})",
    "torch.minimum({0}, {1})", "{0}.expand_as({1}) * {1}", "{0}.type_as({1}) + {1}", "torch.einsum('i,i->i', {0}.reshape(-1), {1}.reshape(-1)).reshape({4})",
    "F.linear({0}, {1})[..., :1] * {0}", "torch.hypot({0}, {1} + 3)", "{0}.where({1} > 0, {1})", "({0}[None] * {1}).squeeze(0)",
    "torch.cdist({0}, {1}).sum() + {0}", "({0} @ {1}.transpose(-1, -2)).sum(-1, keepdim=True) + {0}",
)  # fmt: skip
WHOLE = (
    "{0}.to(torch.float32)", "{0}.float()", "{0}.to('cpu')", "{0}.contiguous()", "{0}.view_as({0})", "{0}.reshape({0}.shape)", "{0}[...]", "{0}[:]",
    "{0}.clone()", "{0}.detach().clone()", "{0}.double().float()", "{0}.squeeze()", "F.pad({0}, (1, 0))[..., 1:]", "{0}.repeat_interleave(2, 0)[::2]",
    "{0}.index_select(0, torch.arange({3}))", "{0}[torch.arange({3})]", "{0}.gather(0, torch.zeros_like({0}, dtype=torch.long))", "F.layer_norm({0}, {0}.shape[-1:])",
    "{0}.sort(0)[0]", "{0}.topk({3}, dim=0).values", "{0}.cummax(0).values", "{0}.max(dim=0, keepdim=True)[0] * {0}", "{0}.std(0) + {0}", "F.normalize({0}, dim=-1)",
    "torch.zeros_like({0}).copy_({0})", "torch.empty_like({0}).copy_({0} * 2)", "{0}.new_zeros({4}) + {0}", "F.mish({0})", "F.glu(torch.cat([{0}, {0}], -1))",
    "F.selu({0})", "torch.expm1({0})", "{0}.prod() * {0}", "{0}.amax(0) + {0}", "{0}.tril() if {0}.dim() > 1 else {0}.tanh()", "{0}.roll(1, 0)", "{0}.T.T", "{0}.mT.mT",
    "{0}.movedim(0, -1).movedim(-1, 0)", "{0}.chunk(1)[0]", "{0}.split({3})[0]", "{0}.unbind()[0] + {0}", "{0}.unfold(0, 1, 1)[..., 0]", "{0}.real", "+{0}", "{0}.data.clone() * {0}",
)  # fmt: skip


class Memory(Straight):
    """The statements of level 2 that are about memory."""

    def form(self, forms: tuple[str, ...], one: Var, two: Var | None = None) -> str:
        """One of ``forms``: the names, then number of elements, rows and sizes."""
        shape = one.shape
        return self.rng.choice(forms).format(one.name, two.name if two else "", prod(shape), shape[0], shape)

    def whole(self) -> None:
        """Something of the same shape, which may share memory."""
        var = self.pick()
        if var is not None:
            self.assign(self.form(WHOLE, var), var.shape, var.grad, var)

    def together(self) -> None:
        pair = self.pair()
        if pair:
            one, two = pair
            self.assign(self.form(TOGETHER, one, two), one.shape, one.grad or two.grad, one)

    def indexed(self) -> None:
        """A write that people make with indices, masks, or through a view of a view."""
        var = self.target()
        if var is None:
            return
        two = self.pick(lambda v: v.shape == var.shape and v is not var and not v.leaf)
        if two is not None and self.chance(0.15):
            self.emit(self.form(FOREACH, var, two))
        else:
            self.emit(self.form(INDEXED, var))

    def deep_view(self) -> None:
        """A view with a shape of its own; often it is written at once, or its base is."""
        var = self.pick()
        if var is None:
            return
        text, shape = self.rng.choice(self.view_forms(var))
        new = self.assign(text, shape, var.grad)
        if self.chance(0.3):
            target = self.rng.choice((new, new, var))
            if not target.leaf:
                self.emit(
                    self.rng.choice(
                        ("{0}.mul_(2)", "{0} += 1", "{0}.zero_()", "{0}[0] = 0.5", "{0}.exp_()")
                    ).format(target.name)
                )

    def view_forms(self, var: Var) -> list[tuple[str, Shape]]:
        """Views of a tensor of this shape, and their shapes."""
        name, shape = var.name, var.shape
        rows, rest = shape[0], shape[1:]
        forms: list[tuple[str, Shape]] = [
            (f"{name}[::2]", (-(-rows // 2), *rest)), (f"{name}[-2:]", (min(rows, 2), *rest)), (f"{name}[None]", (1, *shape)),
            (f"{name}[..., None]", (*shape, 1)), (f"{name}.unsqueeze(-1)", (*shape, 1)), (f"{name}[None].squeeze(0)", shape),
            (f"{name}.view(1, -1)", (1, prod(shape))), (f"{name}.flatten()", (prod(shape),)), (f"{name}.ravel()", (prod(shape),)),
            (f"{name}.unflatten(0, (1, -1))", (1, *shape)), (f"{name}.as_strided((2,), (1,))", (2,)), (f"{name}.split(1)[1]", (1, *rest)),
            (f"{name}.unsqueeze(0).expand(2, *{name}.shape)", (2, *shape)), (f"{name}.swapaxes(0, -1)", (shape[-1], *shape[1:-1], rows) if rest else shape),
            (f"{name}.movedim(0, -1)", (*rest, rows)), (f"{name}.tensor_split(2)[0]", (-(-rows // 2), *rest)), (f"{name}.select(-1, 0)", shape[:-1] or (1,)),
            (f"{name}.narrow(-1, 0, 1)", (*shape[:-1], 1)), (f"{name}.unfold(0, 2, 1)", (rows - 1, *rest, 2)), (f"{name}.data", shape),
            (f"torch.unsafe_chunk({name}, 2)[0]", (-(-rows // 2), *rest)),
        ]  # fmt: skip
        if rest:
            forms += [
                (f"{name}.mT", (*shape[:-2], shape[-1], shape[-2])), (f"{name}.transpose(0, 1).reshape(-1)", (prod(shape),)),
                (f"{name}.transpose(-1, -2).contiguous()", (*shape[:-2], shape[-1], shape[-2])), (f"{name}[:, :1]", (rows, 1, *rest[1:])),
                (f"{name}[:, :1].reshape(-1)", (prod((rows, *rest[1:])),)), (f"{name}.diagonal()", (*rest[1:], min(rows, rest[0]))),
                (f"{name}.flatten(0, 1)", (rows * rest[0], *rest[1:])), (f"{name}[0, 0:1]", (1, *rest[1:])), (f"{name}.unbind(1)[0]", (rows, *rest[1:])),
                (f"{name}[1][None]", (1, *rest)), (f"{name}.chunk(2, dim=-1)[0]", (*shape[:-1], -(-shape[-1] // 2))),
            ]  # fmt: skip
        return [(text, shape) for text, shape in forms if 0 not in shape]

    def buffer(self) -> None:
        """A plain buffer that is filled with what requires grad, whole or row by row."""
        var = self.pick(lambda v: v.grad)
        if var is None:
            return
        name = self.name("buf", "cache", "table", "store", "grid")
        rows = self.rng.choice((2, 3))
        self.emit(f"{name} = torch.zeros({', '.join(map(str, (rows, *var.shape)))})")
        form = self.rng.choice((
            "{0}[0] = {1}", "{0}[0].copy_({1})", "{0}[:] = {1}", "{0} += {1}", "{0}[1] += {1}", "{0}[0] = {1} * {0}[1]",
            "{0}.select(0, 1).add_({1})", "{0}[-1:] = {1}", "torch.mul({1}.detach(), 2, out={0}[0])", "for row in {0}: row.copy_({1})",
            "for at in range({2}): {0}[at] = {1} * at", "for at in range(1, {2}): {0}[at] = {0}[at - 1] * {1}",
            "for at in range(1, {2}): {0}[at] = {0}[at - 1] + {1}", "{0}.unbind()[0].add_({1})", "{0}.view(-1)[:{3}] = {1}.reshape(-1)",
        ))  # fmt: skip
        early = self.chance(0.25)
        if early:
            self.emit(f"{name}_head = {name}[:1]")
        line = form.format(name, var.name, rows, prod(var.shape))
        header, _, body = line.partition(": ")
        if body:
            with self.block(f"{header}:"):
                self.emit(body)
        else:
            self.emit(line)
        self.define(name, (rows, *var.shape))
        if early:
            self.define(f"{name}_head", (1, *var.shape))

    def numpy_bridge(self) -> None:
        """The same memory as NumPy sees it."""
        var = self.pick(lambda v: not v.leaf)
        if var is None:
            return
        name = self.name("arr", "array", "host", "raw")
        form = self.rng.choice(
            (
                "{0}.detach().numpy()",
                "{0}.detach().cpu().numpy()",
                "{0}.detach().numpy().copy()",
                "{0}.data.numpy()",
            )
        )
        self.emit(f"{name} = {form.format(var.name)}")
        if self.chance(0.7):
            self.emit(
                self.rng.choice(
                    (
                        "{0} *= 2",
                        "{0}[0] = 0.5",
                        "{0} += 1",
                        "{0}[...] = 0.25",
                        "{0} = {0} * 2",
                        "{0}.fill(0.5)",
                    )
                ).format(name)
            )

    def held(self) -> None:
        """A tensor under another name: a list, a dict, an attribute, an alias, a function's argument."""
        var = self.pick(lambda v: not v.leaf)
        if var is None:
            return
        name = self.name("alias", "items", "store", "holder", "same")
        write = self.rng.choice(
            ("{0}.mul_(2)", "{0} += 1", "{0}.zero_()", "{0}[0] = 0.5", "{0} = {0} * 2", "{0} = {0} + 1")
        )
        making, path = self.rng.choice((
            ("{0} = {1}", "{0}"), ("{0} = [{1}, {1} * 2]", "{0}[0]"), ("{0} = {{'value': {1}}}", "{0}['value']"), ("{0} = ({1},)[0]", "{0}"),
            ("{0} = list({1})", "{0}[0]"), ("{0} = dict(x={1}).get('x')", "{0}"),
        ))  # fmt: skip
        self.emit(making.format(name, var.name))
        if self.chance(0.7):
            self.emit(write.format(path.format(name)))

    def no_grad_view(self) -> None:
        """A view made without grad, and the write that comes later: with grad, without, to the base."""
        var = self.pick(lambda v: not v.leaf)
        if var is None:
            return
        name = self.name("head", "part", "window", "slot")
        text, shape = self.rng.choice(self.view_forms(var)[:9])
        with self.block("with torch.no_grad():"):
            self.emit(f"{name} = {text}")
            if self.chance(0.3):
                self.emit(f"{name}.mul_(2)")
        if self.chance(0.5):
            self.emit(
                self.rng.choice(
                    (f"{name}.mul_(2)", f"{var.name} += 1", f"{name}[0] = 0.5", f"{var.name}.mul_(2)")
                )
            )
        self.define(name, shape, False)

    def memory_menu(self) -> list[tuple[float, Callable[[], None]]]:
        """The statements by weight."""
        of = self.wishes.of
        return [
            (2.0, self.whole), (1.2, self.together), (2.0 * of("write"), self.indexed), (2.0, self.deep_view),
            (0.7, self.buffer), (0.4 * of("data"), self.numpy_bridge), (0.6, self.held), (0.4 * of("nograd"), self.no_grad_view),
        ]  # fmt: skip

    def menu(self, level: int) -> list[tuple[float, Callable[[], None]]]:
        return super().menu(level) + (self.memory_menu() if level >= 2 else [(1.0, self.whole_of_level_one)])

    def whole_of_level_one(self) -> None:
        """Level 1 has no views: only what makes or writes whole tensors."""
        if self.chance(0.5):
            self.together()
        else:
            self.whole()
