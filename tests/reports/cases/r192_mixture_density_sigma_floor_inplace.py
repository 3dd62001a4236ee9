# class: saved-output-inplace
import math

import torch
import torch.nn as nn


class MDN(nn.Module):
    def __init__(self, d=2, k=3):
        super().__init__()
        self.pi, self.mu, self.sigma = nn.Linear(d, k), nn.Linear(d, k), nn.Linear(d, k)

    def forward(self, x):
        return torch.log_softmax(self.pi(x), -1), self.mu(x), torch.exp(self.sigma(x))


def mdn_nll(params, y, min_sigma=1e-2):
    log_pi, mu, sigma = params
    z = (y - mu) / sigma
    sigma[sigma < min_sigma] = min_sigma
    log_prob = -0.5 * z**2 - sigma.log() - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(log_pi + log_prob, -1).mean()


torch.manual_seed(0)
net = MDN()
opt = torch.optim.Adam(net.parameters())
loss = mdn_nll(net(torch.randn(6, 2)), torch.randn(6, 1))
opt.zero_grad()
loss.backward()
opt.step()
