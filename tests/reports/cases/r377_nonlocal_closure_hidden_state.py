# class: hidden-state-not-detached
import torch
import torch.nn as nn


def make_policy(obs_dim=3, hid=4):
    cell, head = nn.GRUCell(obs_dim, hid), nn.Linear(hid, 2)
    h = torch.zeros(1, hid)

    def act(obs):
        nonlocal h
        h = cell(obs, h)
        return torch.distributions.Categorical(logits=head(h))

    def parameters():
        yield from cell.parameters()
        yield from head.parameters()

    return act, parameters


torch.manual_seed(0)
act, parameters = make_policy()
opt = torch.optim.Adam(parameters(), lr=1e-2)
for episode in range(2):
    logps = []
    for t in range(3):
        d = act(torch.randn(1, 3))
        a = d.sample()
        logps.append(d.log_prob(a))
    loss = -torch.cat(logps).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
