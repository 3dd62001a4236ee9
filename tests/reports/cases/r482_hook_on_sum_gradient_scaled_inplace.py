# class: expanded-write
import torch
import torch.nn as nn

torch.manual_seed(0)
emb = nn.Embedding(5, 4)
lin = nn.Linear(4, 4)
h = torch.tanh(lin(emb(torch.tensor([0, 2, 4]))))


def clip_hook(grad):
    grad.clamp_(-0.1, 0.1)
    return grad


h.register_hook(clip_hook)
loss = h.sum(1).pow(2).mean()
loss.backward()
