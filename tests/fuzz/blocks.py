"""Level 4, continued: building blocks: containers, attention, memory, custom Functions, checkpoints, frozen layers, statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .training import Act, mlp, optimizer

if TYPE_CHECKING:
    from .nets import Net

_INPLACE = ("nn.ReLU(inplace=True)", "nn.Hardtanh(inplace=True)", "nn.SiLU(True)", "nn.Dropout(0.5, True)", "nn.LeakyReLU(0.1, True)",
            "nn.ReLU6(inplace=True)", "nn.Identity()", "nn.Hardswish(inplace=True)")  # fmt: skip
_BEFORE = ("nn.Sigmoid()", "nn.Tanh()", "nn.ReLU()", "nn.GELU()", "nn.Softmax(-1)", "nn.BatchNorm1d(4)", "nn.LayerNorm(4)",
           "nn.Identity()", "nn.Softplus()", "nn.Dropout(0.0)")  # fmt: skip


def containers(net: Net) -> None:
    """One network, put together in many ways."""
    before, act = net.some(_BEFORE), net.some(_INPLACE)
    ways = {
        "by name": ["net = nn.Sequential()", 'net.add_module("fc", nn.Linear(4, 4))', f'net.add_module("pre", {before})', f'net.add_module("act", {act})'],
        "appended": ["net = nn.Sequential(nn.Linear(4, 4))", f"for layer in ({before}, {act}):", "    net.append(layer)"],
        "star": [f"layers = [nn.Linear(4, 4), {before}]", f"layers += [{act}, nn.Linear(4, 4)]", "net = nn.Sequential(*layers)"],
        "ordered": ["from collections import OrderedDict", f'net = nn.Sequential(OrderedDict(fc=nn.Linear(4, 4), pre={before}, act={act}))'],
        "sliced": [f"whole = nn.Sequential(nn.Linear(4, 4), {before}, nn.Linear(4, 4), {act})", f"net = {net.some(('whole[:2]', 'whole[:-1]', 'nn.Sequential(*list(whole.children())[:2])'))}", f"net.append({net.some(_INPLACE)})"],
        "inserted": [f"net = nn.Sequential(nn.Linear(4, 4), {act})", f"net.insert(1, {before})"],
        "replaced": [f"net = nn.Sequential(nn.Linear(4, 4), {net.some(_BEFORE)}, {act})", f"net[1] = {before}"],
        "deleted": [f"net = nn.Sequential(nn.Linear(4, 4), {before}, {net.some(_BEFORE)}, {act})", "del net[1]"],
        "nested": [f"net = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), {before}, {act}) for _ in range(2)])"],
        "switched": [f"net = nn.Sequential(nn.Linear(4, 4), {before}, {act})", "for name, module in net.named_modules():",
                     f"    if hasattr(module, 'inplace'):\n        module.inplace = {net.some(('True', 'False'))}"],
        "factory": ["from functools import partial", "", "", f"def block(act=partial(nn.{net.some(('ReLU', 'Hardtanh', 'SiLU'))}, inplace=True)):", f"    return nn.Sequential(nn.Linear(4, 4), {before}, act())", "", "", "net = nn.Sequential(block(), block())"],
    }  # fmt: skip
    net.lines += ways[net.some(tuple(ways))]
    net.lines += net.some(((), ("net.eval()",), ("net = nn.DataParallel(net)",), ("net.train()",)))
    net.lines += [f"opt = {optimizer(net, 'net.parameters()')}", ""]
    body = ["out = net(torch.randn(6, 4))"]
    if net.chance(0.2):
        body.append(net.some(("out += 1", "out.mul_(0.5)")))
    net.loop([*body, "loss = out.pow(2).mean()", "opt.zero_grad()", "loss.backward()", "opt.step()"])


def attention(net: Net) -> None:
    """Scores, masks, dropout; each in place or not."""
    qkv = net.some(("q, k, v = self.qkv(x).chunk(3, dim=-1)", "q, k, v = self.qkv(x).split(4, dim=-1)", "q, k, v = self.q(x), self.k(x), self.v(x)",
                    "q, k, v = self.qkv(x).view(2, 3, 3, 4).unbind(2)"))  # fmt: skip
    scale = net.some(("q = q * 0.5", "q *= 0.5", "q.mul_(0.5)", ""))
    mask = net.some(
        (
            "score.masked_fill_(mask, -1e9)",
            "score = score.masked_fill(mask, -1e9)",
            "score[:, mask] = -1e9",
            "score += bias",
            "",
        )
    )
    after = net.some(("attn.masked_fill_(mask, 0.0)", "attn = attn.masked_fill(mask, 0.0)", "F.dropout(attn, 0.1, self.training, inplace=True)",
                      "attn = F.dropout(attn, 0.1)", "", "", "attn /= attn.sum(-1, keepdim=True)", "attn *= 0.9"))  # fmt: skip
    last = net.some(("out += x", "out = out + x", "", "out.relu_()"))
    steps = [
        qkv,
        scale,
        "score = q @ k.transpose(-2, -1)",
        mask,
        "attn = score.softmax(-1)",
        after,
        "out = attn @ v",
        last,
    ]
    net.lines += [
        "class Attention(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        "        self.qkv = nn.Linear(4, 12)",
        "        self.q, self.k, self.v = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)",
        "",
        "    def forward(self, x, mask, bias):",
        *(f"        {step}" for step in steps if step),
        f"        return {net.some(('out', 'self.q(out)'))}",
        "",
        "",
        "net = Attention()",
        "mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)",
        "bias = torch.zeros(3, 3)",
        "out = net(torch.randn(2, 3, 4), mask, bias)",
        *net.some(((), ("mask.fill_(False)",), ("bias.add_(1)",))),
        "out.pow(2).mean().backward()",
    ]


def memory(net: Net) -> None:
    """A buffer that a forward reads and updates."""
    read = net.some(("out = h * self.mean", "out = h - self.mean", "out = h @ self.bank", "out = h + self.mean.clone()",
                     "out = h @ self.bank.clone()", "out = (h * self.mean).sigmoid()", "out = F.linear(h, self.bank)", "out = F.mse_loss(h, self.mean.expand(6, 4))"))  # fmt: skip
    update = net.some(("self.mean.mul_(0.9).add_(h.mean(0).detach(), alpha=0.1)", "self.mean = 0.9 * self.mean + 0.1 * h.mean(0).detach()",
                       "self.mean.copy_(h.detach().mean(0))", "self.bank[0] = h[0].detach()", "self.bank[0] = h[0]",
                       "with torch.no_grad():\n            self.mean.lerp_(h.mean(0), 0.1)", "self.bank = torch.cat([self.bank[1:], h[:1].detach()])",
                       "self.mean.mul_(0.9).add_(h.mean(0), alpha=0.1)", "self.mean += 0.1 * h.mean(0).data"))  # fmt: skip
    order = [read, update] if net.chance(0.6) else [update, read]
    net.lines += [
        "class Memory(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        "        self.fc = nn.Linear(4, 4)",
        '        self.register_buffer("mean", torch.zeros(4))',
        '        self.register_buffer("bank", torch.randn(4, 4))',
        "",
        "    def forward(self, x):",
        "        h = self.fc(x)",
        *(f"        {step}" for step in order),
        "        return out.pow(2).mean()",
        "",
        "",
        "net = Memory()",
        f"opt = {optimizer(net, 'net.parameters()')}",
    ]
    net.loop(["loss = net(torch.randn(6, 4))", "opt.zero_grad()", "loss.backward()", "opt.step()"])


def custom_function(net: Net) -> None:
    """A custom Function that keeps its input, its output, or writes its input."""
    kept, gradient = net.some((("x", "2 * x * g"), ("y", "y * g"), ("x, y", "x * y * g"), ("", "g")))
    formula = {
        "x": "x * x",
        "y": "x.exp()",
        "x, y": "x * x",
        "": net.some(("x.clone()", "x.view_as(x)", "x")),
    }[kept]
    writes = not kept and net.chance(0.3)
    forward = (
        ["x.mul_(2)", "ctx.mark_dirty(x)", "return x"]
        if writes
        else [f"y = {formula}", *([f"ctx.save_for_backward({kept})"] if kept else []), "return y"]
    )
    backward = [f"{kept}{',' if ',' not in kept else ''} = ctx.saved_tensors"] if kept else []
    net.lines += [
        "class Own(torch.autograd.Function):",
        "    @staticmethod",
        "    def forward(ctx, x):",
        *(f"        {line}" for line in forward),
        "",
        "    @staticmethod",
        "    def backward(ctx, g):",
        *(f"        {line}" for line in backward),
        f"        return {gradient}",
        "",
        "",
        "w = torch.randn(3, requires_grad=True)",
        f"h = {net.some(('w * 1', 'w.sigmoid()', 'w.exp()', 'w'))}",
        "out = Own.apply(h)",
        *net.some(
            (
                ("out += 1",),
                ("h.mul_(2)",),
                ("out = out + 1",),
                ("h = h * 2",),
                ("h[0] = 0",),
                ("out.clamp_(min=0)",),
            )
        ),
        "(out * 2).sum().backward()",
    ]


def checkpointed(net: Net) -> None:
    """A region that runs again in backward."""
    inner = net.some(("torch.tanh(x)", "torch.exp(x)", "layer(x).sigmoid()", "layer(x)", "x * 2"))
    inside = net.some(("", "", "h += 1", "h = h + 1", "h.mul_(2)", "x += 1"))
    mode = net.some(("use_reentrant=False", "use_reentrant=True"))
    net.lines += [
        "from torch.utils.checkpoint import checkpoint",
        "",
        "layer = nn.Linear(4, 4)",
        f"opt = {optimizer(net, 'layer.parameters()')}",
        "layer(torch.randn(2, 4)).sum().backward()",
        "",
        "",
        "def region(x):",
        f"    h = {inner}",
        *([f"    {inside}"] if inside else []),
        f"    return {net.some(('h * 2', 'h', 'torch.relu(h)', 'h.sin()'))}",
        "",
        "",
        f"a = torch.randn(2, 4, requires_grad=True){net.some((' * 2', ''))}",
        f"out = checkpoint(region, a, {mode})",
        *net.some(
            (
                ("a = a * 2",),
                ("out += 1",),
                ("with torch.no_grad():\n    a.mul_(2)",),
                ("opt.step()",),
                (),
                ("out = out.exp()",),
            )
        ),
        "loss = out.pow(2).mean()",
        "loss.backward()",
        *net.some(((), (), ("loss.backward()",))),
    ]


def frozen(net: Net) -> None:
    """Some layers require no grad; what they save then is another matter."""
    net.lines += [f"front = {mlp(net, out=4)}", f"back = {mlp(net)}"]
    part = net.some(("front", "back"))
    net.lines += net.some(
        (
            (f"{part}.requires_grad_(False)",),
            (f"for p in {part}.parameters():", "    p.requires_grad = False"),
            (
                f"for name, p in {part}.named_parameters():",
                "    if name.endswith('weight'):",
                "        p.requires_grad_(False)",
            ),
            (),
        )
    )
    net.lines.append(
        f"params = {net.some(('[p for p in [*front.parameters(), *back.parameters()] if p.requires_grad]', 'list(front.parameters()) + list(back.parameters())', 'list(back.parameters())'))}"
    )
    net.lines += [f"opt = {optimizer(net, 'params')}", ""]
    between = net.some(("h.mul_(2)", "x.mul_(2)", "h = h * 2", "opt.step()", "with torch.no_grad():\n        front[0].weight.mul_(0.9)",
                        "with torch.no_grad():\n        back[0].weight.mul_(0.9)", "h += 1", "nn.init.zeros_(back[0].bias)", "", "back[2].weight.data.mul_(0.5)"))  # fmt: skip
    body = ["x = torch.randn(5, 4)", "h = front(x)", "out = back(h)", *([between] if between else []), "loss = out.pow(2).mean()",
            "opt.zero_grad()", "if loss.requires_grad:\n        loss.backward()", "opt.step()"]  # fmt: skip
    net.loop(body)


def statistics(net: Net) -> None:
    """Running statistics: train and eval mixed, read, reset."""
    norm = net.some(
        ("nn.BatchNorm1d(4)", "nn.BatchNorm1d(4, affine=False)", "nn.BatchNorm1d(4, momentum=0.5)")
    )
    net.lines += [f"norm = {norm}", "fc = nn.Linear(4, 4)", net.some(("norm.eval()", "norm.train()", "")), ""]
    between = net.some(("norm.running_mean.zero_()", "norm.running_var.fill_(1)", "norm.reset_running_stats()", "norm.eval()", "",
                        "norm.running_mean = torch.zeros(4)", "norm.load_state_dict(norm.state_dict())", "norm.num_batches_tracked.add_(1)",
                        "norm.momentum = 0.1", "h.mul_(2)", "out += 1"))  # fmt: skip
    net.loop(
        [
            "h = fc(torch.randn(6, 4))",
            "out = norm(h)",
            *([between] if between else []),
            "out.pow(2).mean().backward()",
        ]
    )


ACTS: tuple[tuple[float, Act], ...] = (
    (2.0, containers), (1.5, attention), (1.2, memory), (0.8, custom_function), (1.0, checkpointed), (1.2, frozen),
    (0.8, statistics),
)  # fmt: skip
