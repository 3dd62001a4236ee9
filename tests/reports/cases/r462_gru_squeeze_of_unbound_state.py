# class: multi-view-inplace
import torch
import torch.nn as nn


class StackedGRU(nn.Module):
    def __init__(self, n_in, n_hidden, num_layers):
        super().__init__()
        self.num_layers, self.n_hidden = num_layers, n_hidden
        self.cells = nn.ModuleList([nn.GRUCell(n_in if i == 0 else n_hidden, n_hidden) for i in range(num_layers)])
        self.h0 = nn.Parameter(torch.zeros(num_layers, 1, n_hidden))

    def forward(self, x, hx=None):
        if hx is None:
            hx = self.h0.expand(-1, x.size(1), -1) * 1.0
        hx = hx.split(1)
        hx = [hx[idx].squeeze_(0) for idx in range(self.num_layers)]
        outputs = []
        for t in range(x.size(0)):
            inp = x[t]
            for i, cell in enumerate(self.cells):
                hx[i] = cell(inp, hx[i])
                inp = hx[i]
            outputs.append(inp)
        return torch.stack(outputs), torch.stack(hx)


torch.manual_seed(0)
gru = StackedGRU(3, 4, 2)
y, h = gru(torch.randn(5, 2, 3))
y.pow(2).mean().backward()
