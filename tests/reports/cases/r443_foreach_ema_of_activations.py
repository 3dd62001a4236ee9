# class: saved-input-inplace
import torch
import torch.nn as nn

torch.manual_seed(0)
layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(2)])
x = torch.randn(2, 3)
acts = []
for layer in layers:
    x = torch.tanh(layer(x))
    acts.append(x)
means = [a.mean(0) for a in acts]
loss = sum((a - m).pow(2).mean() for a, m in zip(acts, means))
torch._foreach_mul_(acts, 0.9)
(loss + acts[-1].sum()).backward()
