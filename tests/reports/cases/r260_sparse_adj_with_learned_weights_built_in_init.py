# class: precomputed-outside-loop
import torch
import torch.nn as nn


class GraphConv(nn.Module):
    def __init__(self, n, edges, d):
        super().__init__()
        self.edge_w = nn.Parameter(torch.rand(len(edges)))
        adj = torch.zeros(n, n)
        for k, (i, j) in enumerate(edges):
            adj[i, j] = torch.sigmoid(self.edge_w[k])
        self.adj = adj
        self.lin = nn.Linear(d, d)

    def forward(self, x):
        return self.adj @ self.lin(x)


torch.manual_seed(0)
net = GraphConv(4, [(0, 1), (1, 2), (2, 3)], 3)
opt = torch.optim.Adam(net.parameters())
for epoch in range(2):
    out = net(torch.randn(4, 3))
    loss = out.abs().sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
