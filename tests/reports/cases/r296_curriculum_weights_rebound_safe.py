# class: safe-buffer-update
import torch
import torch.nn as nn


class SelfPaced(nn.Module):
    def __init__(self, lam=0.5):
        super().__init__()
        self.lam = lam
        self.register_buffer("v", torch.ones(6))

    def forward(self, losses):
        weighted = self.v * losses
        self.v = (losses.detach() < self.lam).float()
        self.lam *= 1.1
        return weighted.mean()


torch.manual_seed(0)
net, spl = nn.Linear(3, 1), SelfPaced()
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(2):
    losses = (net(torch.randn(6, 3)) - torch.randn(6, 1)).pow(2).squeeze(1)
    opt.zero_grad()
    spl(losses).backward()
    opt.step()
