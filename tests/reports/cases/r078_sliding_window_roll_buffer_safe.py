# class: safe-list-or-int
import torch
import torch.nn as nn

torch.manual_seed(0)
W, H = 4, 3
mlp = nn.Sequential(nn.Linear(W, 8), nn.ReLU(), nn.Linear(8, 1))
optim = torch.optim.Adam(mlp.parameters())


def predict(hist):
    window = hist.clone()
    outs = []
    for _ in range(H):
        nxt = mlp(window)
        outs.append(nxt)
        window = torch.roll(window, -1, dims=1)
        window = torch.cat([window[:, :-1], nxt], dim=1)
    return torch.cat(outs, 1)


for epoch in range(2):
    hist, fut = torch.randn(5, W), torch.randn(5, H)
    optim.zero_grad()
    loss = (predict(hist) - fut).abs().sum()
    loss.backward()
    optim.step()
