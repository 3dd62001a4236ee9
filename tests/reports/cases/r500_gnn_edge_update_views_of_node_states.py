# class: index-put-saved-input
import torch
import torch.nn as nn


class EdgeConv(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.msg = nn.Sequential(nn.Linear(2 * d, d), nn.ReLU())
        self.upd = nn.GRUCell(d, d)

    def forward(self, h, edge_index):
        src, dst = edge_index
        m = self.msg(torch.cat([h[src], h[dst]], dim=-1))
        agg = torch.zeros_like(h).index_add_(0, dst, m)
        return self.upd(agg, h)


class Net(nn.Module):
    def __init__(self, d, levels):
        super().__init__()
        self.embed = nn.Linear(3, d)
        self.conv = EdgeConv(d)
        self.levels = levels

    def forward(self, x, edge_index, level):
        h = torch.relu(self.embed(x))
        for l in range(self.levels):
            nodes = (level == l).nonzero(as_tuple=True)[0]
            new = self.conv(h, edge_index)
            h[nodes] = new[nodes]
        return h.mean(0)


torch.manual_seed(0)
net = Net(4, 2)
edge_index = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
level = torch.tensor([0, 0, 1, 1])
out = net(torch.randn(4, 3), edge_index, level)
out.sum().backward()
