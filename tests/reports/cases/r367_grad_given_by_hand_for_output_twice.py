# class: graph-reused
import torch
import torch.nn as nn

torch.manual_seed(0)
backbone, head_a, head_b = nn.Linear(4, 4), nn.Linear(4, 2), nn.Linear(4, 2)
feat = torch.relu(backbone(torch.randn(3, 4)))
outs = {"a": head_a(feat), "b": head_b(feat)}
grads = {k: torch.ones_like(v) / v.numel() for k, v in outs.items()}
for k in outs:
    outs[k].backward(grads[k])
