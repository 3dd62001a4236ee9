# class: numpy-write
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
net = nn.Linear(4, 3)


def mask_padding(scores, lengths):
    arr = scores.detach().numpy()
    for row, n in enumerate(lengths):
        arr[row, n:] = 0.0
    return scores


x = torch.randn(3, 4)
hidden = torch.tanh(net(x))
hidden = mask_padding(hidden, [1, 2, 3])
loss = (hidden**2).sum()
loss.backward()
