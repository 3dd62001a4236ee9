# class: expanded-write
import torch
import torch.nn as nn


def drop_first(grad):
    grad[0] = 0
    return grad


torch.manual_seed(0)
emb = nn.Linear(3, 3)
feat = emb(torch.randn(4, 3))
feat.register_hook(drop_first)
feat.sum().backward()
