import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(16, 32)
        self.out = nn.Linear(32, 4)

    def forward(self, x):
        h = torch.sigmoid(self.hidden(x))
        h.add_(1)
        return self.out(h)


def step(x, target):
    model = Classifier()
    loss = nn.functional.cross_entropy(model(x), target)
    loss.backward()
    return loss.item()
