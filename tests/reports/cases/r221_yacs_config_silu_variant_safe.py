# class: safe-activation-inplace
import torch
import torch.nn as nn

CONFIG = {"model": {"act": "SiLU", "depth": 2, "dim": 6}, "optim": {"name": "AdamW", "lr": 1e-3, "weight_decay": 0.01}}


class Block(nn.Module):
    def __init__(self, dim, act):
        super().__init__()
        self.norm = nn.GroupNorm(2, dim)
        self.conv = nn.Conv1d(dim, dim, 3, padding=1)
        self.act = getattr(nn, act)(inplace=True)

    def forward(self, x):
        h = self.act(self.norm(x))
        h = self.conv(h)
        h += x
        return h


def build_model(act, depth, dim):
    return nn.Sequential(nn.Conv1d(2, dim, 1), *[Block(dim, act) for _ in range(depth)], nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(dim, 3))


def build_optim(params, name, **kwargs):
    return getattr(torch.optim, name)(params, **kwargs)


torch.manual_seed(0)
model = build_model(**CONFIG["model"])
optimizer = build_optim(model.parameters(), **CONFIG["optim"])
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: 0.9**s)
for step in range(2):
    logits = model(torch.randn(4, 2, 8))
    loss = nn.functional.cross_entropy(logits, torch.randint(0, 3, (4,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
