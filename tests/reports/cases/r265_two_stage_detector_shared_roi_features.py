# class: same-graph-twice
import torch
import torch.nn as nn
import torch.nn.functional as F


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Sigmoid())
        self.rpn, self.box = nn.Conv2d(4, 1, 1), nn.Linear(4, 2)

    def forward(self, x):
        f = self.backbone(x)
        return {"rpn": self.rpn(f), "box": self.box(f.mean((2, 3)))}


def step(model, x, targets, opts):
    out = model(x)
    stats = {}
    for name, opt in opts.items():
        loss = F.mse_loss(out[name], targets[name])
        opt.zero_grad()
        loss.backward()
        stats[name] = loss.item()
    for opt in opts.values():
        opt.step()
    return stats


torch.manual_seed(0)
model = Detector()
opts = {"rpn": torch.optim.SGD(model.parameters(), 0.1), "box": torch.optim.SGD(model.box.parameters(), 0.1)}
step(model, torch.rand(2, 1, 4, 4), {"rpn": torch.rand(2, 1, 4, 4), "box": torch.rand(2, 2)}, opts)
