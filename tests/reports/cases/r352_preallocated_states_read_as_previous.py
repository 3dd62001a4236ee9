# class: buffer-over-time
import torch
import torch.nn as nn


class Reservoir(nn.Module):
    def __init__(self, n_in=2, n=4):
        super().__init__()
        self.w_in = nn.Linear(n_in, n)
        self.w = nn.Parameter(torch.randn(n, n) * 0.3)

    def forward(self, u):
        T, B, _ = u.shape
        states = torch.zeros(T + 1, B, self.w.size(0))
        for t in range(T):
            states[t + 1] = torch.tanh(self.w_in(u[t]) + states[t] @ self.w)
        return states[1:]


torch.manual_seed(0)
Reservoir()(torch.randn(4, 2, 2)).pow(2).mean().backward()
