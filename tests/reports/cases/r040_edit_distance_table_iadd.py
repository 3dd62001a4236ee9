# class: recurrence-buffer
import torch
import torch.nn as nn
import torch.nn.functional as F


class Aligner(nn.Module):
    def __init__(self, dim=4):
        super().__init__()
        self.proj = nn.Linear(dim, dim)
        self.gap = nn.Parameter(torch.tensor(0.5))

    def forward(self, x, y):
        sim = torch.sigmoid(self.proj(x) @ self.proj(y).t())
        T = torch.zeros(len(x) + 1, len(y) + 1)
        for i in range(len(x)):
            for j in range(len(y)):
                T[i + 1, j + 1] = T[i, j] * sim[i, j] + self.gap * T[i, j + 1] + 1.0
        return T[-1, -1]


torch.manual_seed(1)
model = Aligner()
score = model(torch.randn(3, 4), torch.randn(3, 4))
loss = F.softplus(-score)
loss.backward()
