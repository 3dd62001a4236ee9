"""Layers and methods: what a caller does counts, too."""

import torch
import torch.nn.functional as F
from torch import nn

FEATURES = []


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 4)
        self.scale = 0.5

    def forward(self, image):
        h = self.conv(image)
        h = torch.relu(h)  # spare
        h = F.relu(self.norm(h))  # spare
        h = h.mean((2, 3))
        h = h * self.scale  # spare
        h = h * 2  # spare
        return self.fc(h)


class Hooked(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)

    def forward(self, given):
        h = self.first(given)
        h = torch.relu(h)
        h = self.second(h)
        h = h + 1  # spare
        return h.sum()


class Keeping(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.bias = nn.Parameter(torch.zeros(4))
        self.last = None

    def forward(self, given):
        h = self.fc(given)
        self.last = h
        h = h + 1
        return h.sum() + self.last.sum()

    def with_parameter(self, given):
        h = self.fc(given)
        h = h + self.bias
        return h.sum()

    def made_by_a_method(self, given):
        h = self.kept(given)
        h = h + 1
        return h.sum() + self.last.sum()

    def kept(self, given):
        self.last = self.fc(given)
        return self.last

    def residual(self, given):
        h = self.fc(given)
        skip = h
        h = self.fc(h)
        h = h + skip
        return h.sum()

    def returned(self, given):
        h = self.fc(given)
        return torch.relu(h)

    def rebound_and_returned(self, given):
        h = self.fc(given)
        h = torch.relu(h)
        return h


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, given):
        h = self.fc(given)
        h = torch.relu(h)
        return h.sum()


class Derived(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Identity()


class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.drop = nn.Dropout(0.5)
        self.act = nn.ReLU()

    def forward(self, given):
        h = self.drop(given)
        h = h + 1
        h = self.act(self.fc(h))
        h = h + 1
        return h.sum()


class Replaced(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, given):
        h = self.fc(given)
        h = torch.relu(h)
        return h.sum()


torch.manual_seed(0)
plain, hooked, keeping, derived, inplace = Plain(), Hooked(), Keeping(), Derived(), InPlace()
hooked.first.register_forward_hook(lambda module, given, result: FEATURES.append(result))
batch = torch.randn(2, 4)
plain(torch.randn(2, 3, 5, 5)).sum().backward()
hooked(batch).backward()
keeping(batch).backward()
(keeping.with_parameter(batch) + keeping.made_by_a_method(batch) + keeping.residual(batch)).backward()
(keeping.returned(batch) + keeping.rebound_and_returned(batch)).sum().backward()
print(derived(batch), inplace(batch), inplace.eval()(batch), FEATURES, batch)
replaced = Replaced()
replaced.fc = nn.Identity()
print(replaced(batch), batch)

weight = torch.randn(4, 4, requires_grad=True)
hidden = weight * 2
hidden = hidden + 1  # spare
hidden.sum().backward()


def reader():
    return seen.sum()


seen = weight * 2
seen = seen + 1
print(reader())
