# class: hidden-state-not-detached
import torch
import torch.nn as nn


class LIF(nn.Module):
    def __init__(self, beta=0.9, threshold=1.0):
        super().__init__()
        self.beta, self.threshold = beta, threshold
        self.mem = None

    def reset(self):
        self.mem = None

    def forward(self, x):
        if self.mem is None:
            self.mem = torch.zeros_like(x)
        self.mem = self.beta * self.mem + x
        spk = torch.sigmoid(5 * (self.mem - self.threshold))
        self.mem = self.mem - spk.detach() * self.threshold
        return spk


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), LIF(), nn.Linear(4, 2), LIF())
opt = torch.optim.Adam(net.parameters())
for batch in range(2):
    out = torch.stack([net(torch.randn(2, 3)) for _ in range(2)]).mean(0)
    loss = (out - 0.5).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
