# class: data-write-in-graph
import torch
import torch.nn as nn


class WordDropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.training:
            mask = (torch.rand(x.shape[:2]) > self.p).float()
            x.data.mul_(mask.unsqueeze(-1))
        return x


torch.manual_seed(0)
emb, drop, fc = nn.Embedding(10, 4), WordDropout(), nn.Linear(4, 2)
x = drop(emb(torch.randint(0, 10, (3, 5))))
nn.functional.cross_entropy(fc(x.mean(1)), torch.tensor([0, 1, 1])).backward()
