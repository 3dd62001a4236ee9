# class: saved-output-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Normal


class BayesLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.mu = nn.Parameter(torch.randn(o, i) * 0.1)
        self.rho = nn.Parameter(torch.full((o, i), -3.0))
        self.prior = Normal(0.0, 1.0)
        self.kl = 0

    def forward(self, x):
        sigma = F.softplus(self.rho)
        eps = torch.randn_like(sigma)
        w = self.mu + sigma * eps
        log_q = Normal(self.mu, sigma).log_prob(w).sum()
        self.kl = log_q - self.prior.log_prob(w).sum()
        sigma += 1e-6
        return F.linear(x, w)


torch.manual_seed(0)
net = nn.Sequential(BayesLinear(3, 5), nn.ReLU(), BayesLinear(5, 1))
opt = torch.optim.Adam(net.parameters())
x, y = torch.randn(6, 3), torch.randn(6, 1)
loss = F.mse_loss(net(x), y) + 1e-3 * sum(m.kl for m in net if isinstance(m, BayesLinear))
opt.zero_grad()
loss.backward()
opt.step()
