# class: retain-graph-then-step
import torch
import torch.nn as nn


class MultiExit(nn.Module):
    def __init__(self, n=2):
        super().__init__()
        self.stages = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.GELU()) for _ in range(n)])
        self.exits = nn.ModuleList([nn.Linear(4, 2) for _ in range(n)])

    def forward(self, x):
        outs = []
        for stage, exit_ in zip(self.stages, self.exits):
            x = stage(x)
            outs.append(exit_(x))
        return outs


torch.manual_seed(0)
net = MultiExit()
opt = torch.optim.SGD(net.parameters(), 0.1)
x, y = torch.randn(6, 4), torch.randint(0, 2, (6,))
outs = net(x)
for k, logits in enumerate(outs):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(logits, y)
    loss.backward(retain_graph=k < len(outs) - 1)
    opt.step()
