# class: safe-rnn
import torch
import torch.nn as nn


class LIF(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("v", torch.zeros(1))

    def forward(self, x):
        v = torch.zeros_like(x)
        outs = []
        for t in range(x.shape[0] if x.dim() == 3 else 1):
            v = v + (x - v) / 2.0
            s = (v > 1).float()
            outs.append(v)
            v = v * (1 - s)
        self.v = v.detach().mean().view(1)
        return sum(outs)


def reset_net(net):
    for m in net.modules():
        if hasattr(m, "v"):
            m.v.zero_()


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), LIF(), nn.Linear(4, 1))
opt = torch.optim.Adam(net.parameters())
for _ in range(2):
    loss = net(torch.randn(2, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    reset_net(net)
