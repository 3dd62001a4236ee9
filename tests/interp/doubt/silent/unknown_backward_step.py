import torch
from torch import nn

def run(acc, m, o):
    x = torch.rand(2, 4)
    l = m(x).pow(2).sum()
    acc.backward(l)
    o.step()
    l2 = m(x).pow(2).sum()
    acc.backward(l2)
class T:
    def backward(self, y): y.backward()
m = nn.Linear(4, 4)
run(T(), m, torch.optim.SGD(m.parameters(), 0.1))
