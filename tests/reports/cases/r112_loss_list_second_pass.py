# class: same-graph-twice
import torch
import torch.nn as nn


def compute_losses(model, tasks):
    shared = model["trunk"](torch.randn(4, 5))
    return {name: model[name](shared).pow(2).mean() for name in tasks}


torch.manual_seed(0)
tasks = ("seg", "depth")
model = nn.ModuleDict({"trunk": nn.Sequential(nn.Linear(5, 6), nn.Sigmoid()), **{t: nn.Linear(6, 1) for t in tasks}})
optimizer = torch.optim.Adam(model.parameters())
losses = compute_losses(model, tasks)
weights = {"seg": 1.0, "depth": 0.5}
optimizer.zero_grad()
for name, loss in losses.items():
    (weights[name] * loss).backward()
optimizer.step()
