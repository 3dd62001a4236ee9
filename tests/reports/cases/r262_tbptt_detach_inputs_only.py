# class: hidden-state-not-detached
import torch
import torch.nn as nn


def repackage(h):
    if isinstance(h, torch.Tensor):
        return h.detach()
    return tuple(repackage(v) for v in h)


torch.manual_seed(0)
lstm, fc = nn.LSTM(2, 3, num_layers=2), nn.Linear(3, 1)
opt = torch.optim.SGD([*lstm.parameters(), *fc.parameters()], lr=0.1)
h, c = torch.zeros(2, 1, 3), torch.zeros(2, 1, 3)
for x in torch.randn(3, 4, 1, 2):
    h = repackage(h)
    out, (h, c) = lstm(x, (h, c))
    loss = fc(out).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
