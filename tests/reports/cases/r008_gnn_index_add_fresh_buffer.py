# class: safe-preallocated-output
import torch
import torch.nn as nn


class SumConv(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.lin = nn.Linear(cin, cout)
        self.root = nn.Linear(cin, cout)

    def forward(self, x, edge_index):
        src, dst = edge_index
        msgs = torch.relu(self.lin(x[src]))
        agg = torch.zeros(x.size(0), msgs.size(1))
        agg.index_add_(0, dst, msgs)
        deg = torch.zeros(x.size(0)).index_add_(0, dst, torch.ones(dst.numel()))
        deg.clamp_(min=1)
        agg = agg / deg.unsqueeze(-1)
        agg += self.root(x)
        return agg


torch.manual_seed(2)
conv1, conv2 = SumConv(3, 8), SumConv(8, 2)
x = torch.randn(6, 3)
edge_index = torch.tensor([[0, 1, 2, 3, 4], [1, 2, 3, 4, 5]])
h = conv1(x, edge_index).relu_()
out = conv2(h, edge_index)
loss = nn.functional.cross_entropy(out, torch.tensor([0, 1, 0, 1, 1, 0]))
loss.backward()
