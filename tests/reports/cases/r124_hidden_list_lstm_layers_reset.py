# class: mask-inplace
import torch
from torch import nn


class StackedLSTM(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.cells = nn.ModuleList(nn.LSTMCell(a, b) for a, b in zip(sizes[:-1], sizes[1:]))

    def init_state(self, n):
        return [(torch.zeros(n, c.hidden_size), torch.zeros(n, c.hidden_size)) for c in self.cells]

    def forward(self, x, state, reset):
        new_state = []
        for cell, (h, c) in zip(self.cells, state):
            h, c = cell(x, (h, c))
            x = h
            h[reset], c[reset] = 0.0, 0.0
            new_state.append((h, c))
        return x, new_state


torch.manual_seed(0)
net = StackedLSTM([3, 5, 4])
head = nn.Linear(4, 1)
state = net.init_state(2)
total = 0
for t in range(3):
    out, state = net(torch.randn(2, 3), state, reset=torch.tensor([t == 1, False]))
    total = total + head(out).pow(2).sum()
total.backward()
