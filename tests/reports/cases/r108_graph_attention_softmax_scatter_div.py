# class: normalize-inplace
import torch
import torch.nn as nn


def scatter_softmax(src, index, n):
    out = (src - src.max()).exp()
    denom = torch.zeros(n).index_add(0, index, out)
    out /= denom[index] + 1e-16
    return out


class GATLayer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o, bias=False)
        self.att = nn.Parameter(torch.randn(2 * o))
        self.leaky = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, x, edge_index):
        h = self.lin(x)
        src, dst = edge_index
        e = self.leaky(torch.cat([h[src], h[dst]], dim=-1) @ self.att)
        alpha = scatter_softmax(e, dst, x.size(0))
        return torch.zeros(x.size(0), h.size(1)).index_add(0, dst, alpha.unsqueeze(-1) * h[src])


torch.manual_seed(0)
conv = GATLayer(3, 4)
out = conv(torch.randn(4, 3), torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]]))
out.pow(2).sum().backward()
