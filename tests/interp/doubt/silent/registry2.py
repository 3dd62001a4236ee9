import torch
from torch import nn

ACT = {"relu": lambda x: x.relu_(), "no": lambda x: x.clone()}
def run(name):
    w = torch.rand(4, requires_grad=True)
    y = w.exp()
    if name == "no":
        z = ACT[name](y)
        z.mul_(2)
    y.sum().backward()
run("no")
