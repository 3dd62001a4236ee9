# class: saved-output-inplace
import torch
import torch.nn as nn


class Temperature:
    def __init__(self, t):
        self.t = t

    def __call__(self, scores):
        return scores.div_(self.t)


class MinP:
    def __init__(self, p):
        self.p = p

    def __call__(self, scores):
        probs = scores.softmax(-1)
        keep = probs >= self.p * probs.max(-1, keepdim=True).values
        probs.masked_fill_(~keep, 0.0)
        return probs / probs.sum(-1, keepdim=True)


torch.manual_seed(0)
policy = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 7))
ids = torch.tensor([1, 2, 3])
scores = policy(ids)
for proc in (Temperature(0.7), MinP(0.9)):
    scores = proc(scores)
reward = torch.tensor([1.0, 0.0, 0.5])
loss = -(reward * (scores.max(-1).values + 1e-9).log()).mean()
loss.backward()
