# class: hook-edits-output
import torch
import torch.nn as nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 1))
acts = []


def ablate(module, inputs, output):
    acts.append(output)
    output[:, 0] = 0


handle = net[1].register_forward_hook(ablate)
loss = net(torch.randn(5, 3)).pow(2).mean()
handle.remove()
loss.backward()
