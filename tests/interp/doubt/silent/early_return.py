import torch
from torch import nn

def f(w, y, done):
    if done:
        y.mul_(2)
        return None
    return y.sum()
def run(done):
    w = torch.rand(4, requires_grad=True)
    l = f(w, w.exp(), done)
    if l is not None:
        l.backward()
run(True); run(False)
