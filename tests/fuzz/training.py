"""Level 4, continued: training loops with several networks, states, copies, penalties and hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .nets import Net

Act = Callable[["Net"], None]

OPTIMIZERS = ("torch.optim.SGD({0}, lr=0.1)", "torch.optim.Adam({0}, lr=1e-3)", "torch.optim.AdamW({0}, lr=1e-3)",
              "torch.optim.RMSprop({0}, lr=1e-3)", "torch.optim.NAdam({0})", "torch.optim.Adam({0}, foreach=True)",
              "torch.optim.SGD({0}, lr=0.5, fused=True)")  # fmt: skip


def mlp(net: Net, inner: str = "", out: int = 1, width: int = 4) -> str:
    """A small network with one hidden layer, ``inner`` or any activation after it."""
    acts = ("nn.ReLU()", "nn.Tanh()", "nn.Sigmoid()", "nn.ReLU(inplace=True)", "nn.LeakyReLU(0.2, inplace=True)", "nn.GELU()",
            "nn.Softplus()", "nn.ELU(inplace=True)")  # fmt: skip
    return f"nn.Sequential(nn.Linear({width}, {width}), {inner or net.some(acts)}, nn.Linear({width}, {out}))"


def optimizer(net: Net, parameters: str) -> str:
    return net.some(OPTIMIZERS[:6] if net.chance(0.95) else OPTIMIZERS).format(parameters)


def adversarial(net: Net) -> None:
    """Two losses of two networks; forward, backward and step in any order that Python allows."""
    net.lines += [
        f"gen = {mlp(net, out=4)}",
        f"disc = {mlp(net)}",
        f"opt_g = {optimizer(net, 'gen.parameters()')}",
        f"opt_d = {optimizer(net, 'disc.parameters()')}",
        net.some(("bce = nn.BCEWithLogitsLoss()", "bce = nn.MSELoss()")),
        "",
    ]
    again = net.chance(0.4)
    apart = net.some((".detach()", ""))
    keep = net.some(("retain_graph=True", "retain_graph=True", ""))
    d_part = [f"d_loss = bce(disc(real), torch.ones(5, 1)) + bce(disc(fake{apart}), torch.zeros(5, 1))",
              f"d_loss.backward({keep if not apart else ''})", "opt_d.step()", "opt_d.zero_grad()"]  # fmt: skip
    g_part = [
        "g_loss = bce(disc(fake), torch.ones(5, 1))",
        "g_loss.backward()",
        "opt_g.step()",
        "opt_g.zero_grad()",
    ]
    if again:
        g_part.insert(0, "fake = gen(torch.randn(5, 4))")
    body = ["real = torch.randn(5, 4)", "fake = gen(torch.randn(5, 4))", *merged(net, d_part, g_part)]
    net.loop(body)


def merged(net: Net, one: list[str], other: list[str]) -> list[str]:
    """Both lists, each in its own order: mostly one after the other, at times shuffled into each other."""
    if net.chance(0.5):
        return one + other
    one, other, result = list(one), list(other), []
    while one and other:
        result.append((one if net.chance(0.5) else other).pop(0))
    return result + one + other


def recurrent_layer(net: Net) -> None:
    """``nn.RNN``, ``nn.GRU``, ``nn.LSTM`` with a state that is carried on."""
    kind = net.some(("RNN", "GRU", "LSTM"))
    net.lines += [
        f"rnn = nn.{kind}(3, 4{net.some(('', ', batch_first=True', ', num_layers=2'))})",
        "head = nn.Linear(4, 1)",
        f"opt = {optimizer(net, 'list(rnn.parameters()) + list(head.parameters())')}",
        f"state = {net.some(('None', 'None', '(torch.zeros(1, 2, 4), torch.zeros(1, 2, 4))' if kind == 'LSTM' else 'torch.zeros(1, 2, 4)'))}",
        "",
    ]
    if "num_layers" in net.lines[-5]:
        net.lines[-2] = "state = None"
    if "batch_first" in net.lines[-5]:
        net.lines[-2] = net.lines[-2].replace("zeros(1, 2, 4)", "zeros(1, 2, 4)")
    cut = "state = tuple(s.detach() for s in state)" if kind == "LSTM" else "state = state.detach()"
    after = net.some(
        (
            cut,
            cut,
            "",
            "with torch.no_grad():\n        "
            + (cut if kind != "LSTM" else "state = (state[0].detach(), state[1].detach())"),
        )
    )
    shape = "2, 5, 3" if "batch_first" in net.lines[-5] else "5, 2, 3"
    body = [f"out, state = rnn(torch.randn({shape}), state)"]
    if net.writes():
        body.append(net.some(("out *= 2", "out = out * 2", "out[0] = 0", "out += 0.1", "out = F.relu(out, inplace=True)",
                              "out.masked_fill_(out < 0, 0.0)", "F.dropout(out, 0.5, inplace=True)")))  # fmt: skip
    body += ["loss = head(out).pow(2).mean()", "opt.zero_grad()",
             f"loss.backward({net.some(('', 'retain_graph=True'))})", "opt.step()", *([after] if after else [])]  # fmt: skip
    net.loop(body)


def copies(net: Net) -> None:
    """A slow copy of the network: updated in many idioms, before or after backward, read with and without a graph."""
    net.lines += ["import copy", f"net = {mlp(net, out=4)}", "slow = copy.deepcopy(net)"]
    net.lines += net.some(
        (
            (),
            ("slow.requires_grad_(False)",),
            ("for p in slow.parameters():\n    p.requires_grad = False",),
            ("slow.eval()",),
        )
    )
    net.lines += [f"opt = {optimizer(net, 'net.parameters()')}", ""]
    read = net.some(
        (
            "with torch.no_grad():\n        y = slow(x)",
            "y = slow(x).detach()",
            "y = slow(x)",
            "y = slow(net(x))",
        )
    )
    pairs = "for p, q in zip(slow.parameters(), net.parameters()):"
    quiet = "with torch.no_grad():\n        " + pairs + "\n            "
    update = net.some(
        (
            quiet + "p.mul_(0.9).add_(q, alpha=0.1)",
            quiet + "p.lerp_(q, 0.1)",
            quiet + "p.copy_(0.9 * p + 0.1 * q)",
            pairs + "\n        p.data.mul_(0.9).add_(0.1 * q.data)",
            pairs + "\n        p.data = 0.9 * p.data + 0.1 * q.data",
            pairs + "\n        p.data.copy_(0.9 * p.data + 0.1 * q.data)",
            "slow.load_state_dict(net.state_dict())",
            pairs + "\n        p.mul_(0.9)",
        )
    )
    body = ["x = torch.randn(5, 4)", read, "loss = (net(x) - y).pow(2).mean()", "opt.zero_grad()"]
    body += (
        [update, "loss.backward()", "opt.step()"]
        if net.chance(0.45)
        else ["loss.backward()", "opt.step()", update]
    )
    net.loop(body)


def penalty(net: Net) -> None:
    """A loss on a gradient: double backward, with a step or a write before it now and then."""
    net.lines += [f"net = {mlp(net, inner=net.some(('nn.Tanh()', 'nn.Softplus()', 'nn.Sigmoid()', 'nn.ReLU()')))}",
                  f"opt = {optimizer(net, 'net.parameters()')}", ""]  # fmt: skip
    body = ["x = torch.randn(5, 4, requires_grad=True)", "score = net(x)"]
    body.append(net.some(("(g,) = torch.autograd.grad(score.sum(), x, create_graph=True)",
                          "g = torch.autograd.grad(score, x, torch.ones_like(score), create_graph=True, retain_graph=True)[0]")))  # fmt: skip
    if net.writes():
        body.append(net.some(("opt.step()", "g = g * 2", "g[0] = 0", "x.data.mul_(2)", "with torch.no_grad():\n        x.add_(0.1)",
                              "score = score.clone()", "net.zero_grad()", "g.clamp_(-1, 1)")))  # fmt: skip
    body.append(
        f"pen = {net.some(('((g.norm(dim=1) - 1) ** 2).mean()', 'g.pow(2).sum()', 'g.pow(2).sum(1).mean()'))}"
    )
    body += net.some(
        (
            ("(score.mean() + pen).backward()",),
            ("score.mean().backward(retain_graph=True)", "pen.backward()"),
            ("score.mean().backward(retain_graph=True)", "opt.step()", "pen.backward()"),
            ("pen.backward()",),
        )
    )
    net.loop([*body, "opt.step()", "opt.zero_grad()"])


def mixed_precision(net: Net) -> None:
    """``autocast`` and ``GradScaler``."""
    net.lines += [f"net = {mlp(net)}", f"opt = {net.some(OPTIMIZERS[:2]).format('net.parameters()')}",
                  'scaler = torch.amp.GradScaler("cpu", enabled=False)', ""]  # fmt: skip
    body = ["x, y = torch.randn(5, 4), torch.randn(5, 1)", 'with torch.autocast("cpu", dtype=torch.bfloat16, enabled=False):',
            "    out = net(x)", f"    {net.some(('out = out.sigmoid()', 'out = out * 1', 'out = out.exp()'))}"]  # fmt: skip
    if net.writes():
        body.append("    " + net.some(("out += 1", "out.mul_(2)", "out = out + 1", "out.clamp_(0, 1)")))
    body += ["    loss = F.mse_loss(out, y)", "opt.zero_grad()"]
    body += net.some(
        (
            ("scaler.scale(loss).backward()",),
            ("scaler.scale(loss).backward(retain_graph=True)", "scaler.step(opt)", "loss.backward()"),
        )
    )
    body += net.some(((), ("scaler.unscale_(opt)", "nn.utils.clip_grad_norm_(net.parameters(), 1.0)")))
    net.loop([*body, "scaler.step(opt)", "scaler.update()"])


def actor_critic(net: Net) -> None:
    """A shared body, two heads, two losses; whose step comes when decides."""
    net.lines += [f"body = nn.Sequential(nn.Linear(4, 4), {net.some(('nn.Tanh()', 'nn.ReLU()'))})",
                  "pi, v = nn.Linear(4, 2), nn.Linear(4, 1)",
                  f"opt_pi = {optimizer(net, net.some(('pi.parameters()', 'list(body.parameters()) + list(pi.parameters())')))}",
                  f"opt_v = {optimizer(net, 'v.parameters()')}", ""]  # fmt: skip
    head = net.some(
        (
            "torch.log_softmax(pi(h), -1)[:, 0]",
            "torch.distributions.Categorical(logits=pi(h)).log_prob(torch.zeros(6))",
        )
    )
    steps = [
        "obs, ret = torch.randn(6, 4), torch.randn(6)",
        "h = body(obs)",
        f"logp = {head}",
        "adv = ret - v(h).squeeze(-1)",
    ]
    used = net.some(("adv.detach()", "adv"))
    v_part = [
        "v_loss = adv.pow(2).mean()",
        f"v_loss.backward({net.some(('retain_graph=True', 'retain_graph=True', ''))})",
        "opt_v.step()",
    ]
    pi_part = [f"pi_loss = -(logp * {used}).mean()", "pi_loss.backward()", "opt_pi.step()"]
    if net.chance(0.25):
        steps += [v_part[0], pi_part[0], "(v_loss + pi_loss).backward()", "opt_v.step()", "opt_pi.step()"]
    else:
        steps += merged(net, v_part, pi_part)
    net.loop([*steps, "opt_v.zero_grad()", "opt_pi.zero_grad()"])


def hooked(net: Net) -> None:
    """Hooks around a forward, on a gradient, after an accumulation."""
    act = net.some(
        ("nn.Sigmoid()", "nn.ReLU()", "nn.GELU()", "nn.Tanh()", "nn.Identity()", "nn.ReLU(inplace=True)")
    )
    middle = net.some(("nn.ReLU(inplace=True)", "nn.Identity()", "nn.LayerNorm(4)"))
    net.lines += [f"net = nn.Sequential(nn.Linear(4, 4), {act}, {middle}, nn.Linear(4, 1))", "kept = []"]
    net.lines += net.some(
        (_forward_hook, _forward_hook, _pre_hook, _backward_hook, _gradient_hook, _update_hook)
    )(net)
    if net.chance(0.1):
        net.lines.append("handle.remove()")
    body = ["out = net(torch.randn(5, 4))"]
    if net.writes():
        body.append(
            net.some(("out += 1", "out.mul_(2)", "for k in kept:\n        k.mul_(0.5)", "out = out * 2"))
        )
    body.append(f"loss = out.{net.some(('sum()', 'pow(2).mean()', 'mean()'))}")
    again = "loss.backward(retain_graph=True)\n    out.sum().backward()"
    net.loop([*body, net.some(("loss.backward()", "loss.backward()", again))])


def _forward_hook(net: Net) -> list[str]:
    what = net.some(("output.mul_(2)", "return output * 2", "output += 1", "kept.append(output)", "kept.append(output.detach())",
                     "return output.clamp_(0, 1)"))  # fmt: skip
    at = net.some(("0", "1", "2"))
    head = ["", "", "def hook(module, args, output):", f"    {what}", "", ""]
    return [*head, f"handle = net[{at}].register_forward_hook(hook)"]


def _pre_hook(net: Net) -> list[str]:
    what = net.some(
        ("args[0].add_(1)", "return (args[0] + 1,)", "args[0].clamp_(-1, 1)", "return (args[0].clone(),)")
    )
    at = net.some(("1", "2", "3"))
    head = ["", "", "def hook(module, args):", f"    {what}", "", ""]
    return [*head, f"handle = net[{at}].register_forward_pre_hook(hook)"]


def _backward_hook(net: Net) -> list[str]:
    at = net.some(("0", "1", "2"))
    return [f"handle = net[{at}].register_full_backward_hook(lambda module, g_in, g_out: None)"]


def _gradient_hook(net: Net) -> list[str]:
    return [
        f"handle = net[0].weight.register_hook(lambda g: {net.some(('g * 1', 'None', 'g.clone()', 'g.mul_(1)'))})"
    ]


def _update_hook(net: Net) -> list[str]:
    update = [
        "",
        "",
        "@torch.no_grad()",
        "def update(p):",
        "    p.sub_(0.1 * p.grad)",
        "    p.grad = None",
        "",
        "",
    ]
    return [
        *update,
        "for p in net.parameters():",
        "    handle = p.register_post_accumulate_grad_hook(update)",
    ]


ACTS: tuple[tuple[float, Act], ...] = (
    (2.0, adversarial), (1.5, recurrent_layer), (1.5, copies), (1.2, penalty), (0.8, mixed_precision), (1.2, actor_critic),
    (1.5, hooked),
)  # fmt: skip
