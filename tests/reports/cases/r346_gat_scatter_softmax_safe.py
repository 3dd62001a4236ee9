# class: safe-gnn
import torch
import torch.nn as nn
import torch.nn.functional as F


def softmax(src, index, n):
    out = src - torch.zeros(n).scatter_reduce(0, index, src.detach(), "amax", include_self=False)[index]
    out = out.exp()
    denom = torch.zeros(n, dtype=out.dtype).scatter_add_(0, index, out)
    return out / (denom[index] + 1e-16)


class GATConv(nn.Module):
    def __init__(self, fin, fout):
        super().__init__()
        self.lin = nn.Linear(fin, fout, bias=False)
        self.a_src, self.a_dst = nn.Parameter(torch.empty(fout)), nn.Parameter(torch.empty(fout))
        self.bias = nn.Parameter(torch.zeros(fout))
        nn.init.normal_(self.a_src)
        nn.init.normal_(self.a_dst)

    def forward(self, x, edge_index):
        h = self.lin(x)
        src, dst = edge_index
        e = F.leaky_relu((h @ self.a_src)[src] + (h @ self.a_dst)[dst], 0.2)
        alpha = F.dropout(softmax(e, dst, x.size(0)), 0.1, self.training)
        out = h.new_zeros(h.shape)
        out.index_add_(0, dst, alpha[:, None] * h[src])
        out += self.bias
        return out


torch.manual_seed(0)
g1, g2 = GATConv(3, 4), GATConv(4, 2)
ei = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
out = g2(F.elu(g1(torch.randn(4, 3), ei)), ei)
F.cross_entropy(out, torch.tensor([0, 1, 0, 1])).backward()
