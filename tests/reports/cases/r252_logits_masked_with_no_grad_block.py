# class: no-grad-write-in-graph
import torch
import torch.nn as nn
import torch.nn.functional as F


def apply_action_mask(logits, mask):
    with torch.no_grad():
        logits.mul_(mask)
    return logits


torch.manual_seed(0)
policy = nn.Linear(4, 3)
logits = apply_action_mask(policy(torch.randn(5, 4)), torch.tensor([1.0, 0.0, 1.0]))
loss = (logits * torch.randn(5, 3)).sum()
loss.backward()
