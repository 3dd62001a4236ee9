# class: saved-output-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F

LOSSES = {}


def register(name):
    def wrap(fn):
        LOSSES[name] = fn
        return fn

    return wrap


@register("dice")
def dice(p, t):
    return 1 - 2 * (p * t).sum() / (p.sum() + t.sum() + 1)


@register("tversky")
def tversky(p, t, alpha=0.7):
    p.clamp_(1e-4, 1 - 1e-4)
    tp = (p * t).sum()
    return 1 - tp / (tp + alpha * (p * (1 - t)).sum() + (1 - alpha) * ((1 - p) * t).sum())


def total_loss(logits, target, names=("dice", "tversky")):
    prob = logits.sigmoid()
    return sum(LOSSES[n](prob, target) for n in names)


torch.manual_seed(0)
net = nn.Conv2d(1, 1, 3, padding=1)
x, y = torch.randn(2, 1, 6, 6), torch.randint(0, 2, (2, 1, 6, 6)).float()
loss = total_loss(net(x), y)
loss.backward()
