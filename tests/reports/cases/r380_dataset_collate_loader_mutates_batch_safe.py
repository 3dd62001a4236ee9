# class: safe-data
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Toy(Dataset):
    def __init__(self, n=6, noise=0.1):
        self.x = torch.randn(n, 3)
        self.y = (self.x.sum(1) > 0).long()
        self.noise = noise

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        x = self.x[i].clone()
        x += self.noise * torch.randn_like(x)
        return {"x": x, "y": self.y[i]}


def collate(items):
    x = torch.stack([it["x"] for it in items])
    x -= x.mean(0)
    x /= x.std(0) + 1e-6
    return x, torch.stack([it["y"] for it in items])


torch.manual_seed(0)
net = nn.Linear(3, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
loader = DataLoader(Toy(), batch_size=3, shuffle=True, collate_fn=collate)
for epoch in range(2):
    for x, y in loader:
        opt.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        opt.step()
