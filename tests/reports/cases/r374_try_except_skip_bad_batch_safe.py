# class: safe-python
import math

import torch
import torch.nn as nn


class NanLoss(Exception):
    pass


def check(loss):
    if not math.isfinite(loss.item()):
        raise NanLoss(f"loss is {loss.item()}")
    return loss


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.Softplus(), nn.Linear(4, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1, nesterov=True, momentum=0.9)
batches = [torch.randn(2, 3), torch.full((2, 3), float("nan")), torch.randn(2, 3)]
skipped = 0
for x in batches:
    opt.zero_grad()
    try:
        loss = check(model(x).log1p().pow(2).mean() if (x.sum() > 1e9) else model(x).pow(2).mean())
        loss.backward()
    except NanLoss as e:
        skipped += 1
        continue
    else:
        opt.step()
    finally:
        del x
assert skipped == 1
