# class: mask-inplace
import torch
import torch.nn as nn


class PointerDecoder(nn.Module):
    def __init__(self, d=4):
        super().__init__()
        self.cell = nn.LSTMCell(d, d)
        self.q, self.ref, self.v = nn.Linear(d, d), nn.Linear(d, d), nn.Parameter(torch.randn(d))

    def forward(self, cities):
        b, n, d = cities.shape
        h = c = torch.zeros(b, d)
        x = cities.mean(1)
        visited = torch.zeros(b, n, dtype=torch.bool)
        logps = []
        for _ in range(n):
            h, c = self.cell(x, (h, c))
            u = torch.tanh(self.q(h).unsqueeze(1) + self.ref(cities)) @ self.v
            u = u.masked_fill(visited, float("-inf"))
            p = u.softmax(-1)
            idx = p.multinomial(1)
            logps.append(p.gather(1, idx).log())
            visited.scatter_(1, idx, True)
            x = cities.gather(1, idx.unsqueeze(-1).expand(-1, -1, d)).squeeze(1)
        return torch.cat(logps, 1).sum(1)


torch.manual_seed(0)
net = PointerDecoder()
lp = net(torch.rand(2, 4, 4))
(-lp * torch.tensor([1.0, -1.0])).mean().backward()
