# class: own-operand-inplace
import torch
import torch.nn as nn


class SubsetOperator(nn.Module):
    def __init__(self, k, tau=1.0, hard=False):
        super().__init__()
        self.k, self.tau, self.hard = k, tau, hard

    def forward(self, scores):
        m = torch.distributions.gumbel.Gumbel(torch.zeros_like(scores), torch.ones_like(scores))
        scores = scores + m.sample()
        khot = torch.zeros_like(scores)
        onehot = torch.zeros_like(scores)
        for _ in range(self.k):
            mask = torch.max(1.0 - onehot, torch.tensor([1e-9]))
            scores += torch.log(mask)
            onehot = torch.softmax(scores / self.tau, dim=1)
            khot += onehot
        return khot


torch.manual_seed(0)
scorer = nn.Linear(4, 6)
khot = SubsetOperator(2)(scorer(torch.randn(3, 4)))
(khot * torch.randn(3, 6)).sum().backward()
