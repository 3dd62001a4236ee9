# class: overlap-expand
import torch
import torch.nn as nn


class SlotAttention(nn.Module):
    def __init__(self, slots=3, d=4):
        super().__init__()
        self.mu = nn.Parameter(torch.randn(1, 1, d))
        self.slots, self.k = slots, nn.Linear(d, d)

    def forward(self, x):
        s = self.mu.expand(x.size(0), self.slots, -1)
        s += 0.1 * torch.randn(x.size(0), self.slots, x.size(-1))
        att = (self.k(x) @ s.transpose(1, 2)).softmax(-1)
        return att.transpose(1, 2) @ x


torch.manual_seed(0)
SlotAttention()(torch.randn(2, 5, 4)).sum().backward()
