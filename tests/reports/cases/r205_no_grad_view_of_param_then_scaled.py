# class: no-grad-view
import torch
import torch.nn as nn


class SplitHead(nn.Module):
    def __init__(self, d=4):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2 * d, d))
        with torch.no_grad():
            self.k, self.v = self.weight[:d], self.weight[d:]

    def forward(self, x):
        self.k.mul_(0.5)
        return x @ self.k.t() + x @ self.v.t()


torch.manual_seed(0)
head = SplitHead()
head(torch.randn(3, 4)).sum().backward()
