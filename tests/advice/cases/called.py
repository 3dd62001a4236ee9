"""A module and a function that others call, with whatever is in force there: what is offered must hold for all of them."""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.layer_norm = nn.LayerNorm(4)
        self.fc = nn.Linear(4, 4)
        self.table = nn.Embedding(10, 4)

    def forward(self, image, ids):
        h = self.conv(image)
        h = torch.relu(h)  # spare
        h = F.relu(self.norm(h))  # spare
        h = h.mean((2, 3))
        h = h * 0.5  # spare
        h = torch.sigmoid(self.fc(h))  # spare
        h = self.layer_norm(h)
        h = h / 2  # spare
        e = self.table(ids)
        e = e * 2.0  # spare
        e = e.masked_fill(ids[:, None] > 3, 0.0)
        e = torch.tanh(self.fc(e))  # spare
        z = torch.matmul(h, e.transpose(-1, -2))
        z = z * 0.1  # spare
        z = z - z.mean()
        z = z.clamp(min=-1.0)
        z = F.dropout(z, 0.3, self.training)  # spare
        return z.sum()


def function(a):
    y = a * 2
    y = y + 1
    y = torch.sigmoid(y)
    z = torch.zeros(3)
    z = z + 1  # spare
    return y.sum() + z.sum()
