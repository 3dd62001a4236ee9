# class: same-graph-twice
import torch
import torch.nn as nn

torch.manual_seed(0)
encoder, heads = nn.Sequential(nn.Linear(3, 4), nn.Softplus()), [nn.Linear(4, 1) for _ in range(3)]
z = encoder(torch.randn(5, 3))
losses = [h(z).abs().mean() for h in heads]
_ = [l.backward() for l in losses]
