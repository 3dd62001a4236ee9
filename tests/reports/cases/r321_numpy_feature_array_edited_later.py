# class: numpy-shared-write
import numpy as np
import torch
import torch.nn as nn

torch.manual_seed(0)
feats = torch.rand(6, 3)
arr = feats.numpy()
w = nn.Parameter(torch.randn(3, 2))
logits = feats @ w
# standardise the features "in numpy" for the plot
arr -= arr.mean(axis=0, keepdims=True)
arr[0] = 0.0
loss = nn.functional.cross_entropy(logits, torch.randint(0, 2, (6,)))
loss.backward()
