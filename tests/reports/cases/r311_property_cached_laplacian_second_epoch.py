# class: graph-reused
import torch
import torch.nn as nn


class LearnableGraph(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.raw = nn.Parameter(torch.rand(n, n))
        self._lap = None

    @property
    def laplacian(self):
        if self._lap is None:
            a = torch.sigmoid(self.raw)
            a = (a + a.t()) / 2
            self._lap = torch.diag(a.sum(1)) - a
        return self._lap

    def forward(self, x):
        return (x @ self.laplacian @ x.t()).trace()


torch.manual_seed(0)
g = LearnableGraph(4)
opt = torch.optim.SGD(g.parameters(), lr=0.1)
for epoch in range(2):
    loss = g(torch.randn(2, 4))
    opt.zero_grad()
    loss.backward()
    opt.step()
