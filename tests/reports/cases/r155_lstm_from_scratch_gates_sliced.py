# class: view-of-activation
import torch
import torch.nn as nn


class NaiveLSTM(nn.Module):
    def __init__(self, i, h):
        super().__init__()
        self.h = h
        self.W, self.U = nn.Linear(i, 4 * h), nn.Linear(h, 4 * h, bias=False)

    def forward(self, x):
        bs, T, _ = x.shape
        h = c = torch.zeros(bs, self.h)
        outs = []
        for t in range(T):
            gates = self.W(x[:, t]) + self.U(h)
            gates[:, : 3 * self.h] = torch.sigmoid(gates[:, : 3 * self.h])
            gates[:, 3 * self.h :].tanh_()
            i, f, o, g = gates.split(self.h, dim=1)
            c = f * c + i * g
            h = o * torch.tanh(c)
            outs.append(h)
        return torch.stack(outs, 1)


torch.manual_seed(0)
lstm = NaiveLSTM(3, 4)
lstm(torch.randn(2, 3, 3)).mean().backward()
