# class: same-graph-twice
import torch
import torch.nn as nn


class MultiExit(nn.Module):
    def __init__(self, n=3):
        super().__init__()
        self.stages = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.GELU()) for _ in range(n)])
        self.exits = nn.ModuleList([nn.Linear(4, 2) for _ in range(n)])

    def forward(self, x):
        for stage, exit_ in zip(self.stages, self.exits):
            x = stage(x)
            yield exit_(x)


torch.manual_seed(0)
net = MultiExit()
opt = torch.optim.SGD(net.parameters(), 0.1)
x, y = torch.randn(6, 4), torch.randint(0, 2, (6,))
opt.zero_grad()
for logits in net(x):
    loss = nn.functional.cross_entropy(logits, y)
    loss.backward()
opt.step()
