# class: safe-gnn
import torch
import torch.nn as nn
import torch.nn.functional as F


class GCNLayer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.lin = nn.Linear(i, o, bias=False)
        self.bias = nn.Parameter(torch.empty(o))
        nn.init.zeros_(self.bias)

    def forward(self, x, edge_index):
        row, col = edge_index
        deg = torch.zeros(x.size(0)).scatter_add_(0, col, torch.ones(row.size(0)))
        deg_inv_sqrt = deg.pow(-0.5)
        deg_inv_sqrt[deg_inv_sqrt == float("inf")] = 0
        norm = deg_inv_sqrt[row] * deg_inv_sqrt[col]
        x = self.lin(x)
        out = torch.zeros_like(x)
        out.index_add_(0, col, norm.view(-1, 1) * x[row])
        out += self.bias
        return out


torch.manual_seed(0)
l1, l2 = GCNLayer(3, 4), GCNLayer(4, 2)
opt = torch.optim.Adam([*l1.parameters(), *l2.parameters()], lr=0.01, weight_decay=5e-4)
x, ei = torch.randn(4, 3), torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
y, train_mask = torch.tensor([0, 1, 0, 1]), torch.tensor([True, True, False, True])
for epoch in range(2):
    opt.zero_grad()
    h = F.relu(l1(x, ei), inplace=True)
    h = F.dropout(h, p=0.5, training=True)
    out = F.log_softmax(l2(h, ei), dim=1)
    loss = F.nll_loss(out[train_mask], y[train_mask])
    loss.backward()
    opt.step()
