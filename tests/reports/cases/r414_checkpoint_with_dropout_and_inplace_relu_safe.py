# class: safe-checkpoint
import torch
import torch.nn as nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential


class Stage(nn.Module):
    def __init__(self, d, use_cp=True):
        super().__init__()
        self.use_cp = use_cp
        self.body = nn.Sequential(nn.Linear(d, d), nn.ReLU(inplace=True), nn.Dropout(0.1), nn.Linear(d, d))

    def forward(self, x):
        def run(inp):
            return self.body(inp) + inp

        return checkpoint(run, x, use_reentrant=False) if self.use_cp and self.training else run(x)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), Stage(4), Stage(4, use_cp=False), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    opt.zero_grad()
    net(torch.randn(5, 3)).pow(2).mean().backward()
    opt.step()
