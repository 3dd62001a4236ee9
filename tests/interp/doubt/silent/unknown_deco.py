import torch
from torch import nn

def deco(f):
    def g(*a):
        with torch.no_grad(): return f(*a)
    return g
def make(d):
    @d
    def upd(w):
        w.mul_(2)
    return upd
def run(d):
    w = torch.rand(4, requires_grad=True)
    make(d)(w)
run(deco)
