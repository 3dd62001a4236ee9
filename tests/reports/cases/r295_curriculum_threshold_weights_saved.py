# class: mask-inplace
import torch
import torch.nn as nn


class SelfPaced(nn.Module):
    def __init__(self, lam=0.5):
        super().__init__()
        self.lam = lam
        self.register_buffer("v", torch.ones(6))

    def forward(self, losses):
        weighted = self.v * losses
        self.v.copy_((losses.detach() < self.lam).float())
        return weighted.mean()


torch.manual_seed(0)
net, spl = nn.Linear(3, 1), SelfPaced()
losses = (net(torch.randn(6, 3)) - torch.randn(6, 1)).pow(2).squeeze(1)
spl(losses).backward()
