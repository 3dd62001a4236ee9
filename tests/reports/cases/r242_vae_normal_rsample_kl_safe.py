# class: safe-saved-input-only
import torch
import torch.nn as nn
from torch.distributions import Bernoulli, Normal, kl_divergence


class VAE(nn.Module):
    def __init__(self, d=6, z=2):
        super().__init__()
        self.enc, self.dec = nn.Linear(d, 2 * z), nn.Linear(z, d)
        self.register_buffer("zero", torch.zeros(z))

    def forward(self, x):
        mu, rho = self.enc(x).chunk(2, -1)
        q = Normal(mu, nn.functional.softplus(rho) + 1e-4)
        z = q.rsample()
        p = Normal(self.zero, torch.ones_like(self.zero))
        rec = Bernoulli(logits=self.dec(z)).log_prob(x).sum(-1)
        kl = kl_divergence(q, p).sum(-1)
        elbo = rec - kl
        elbo /= x.size(1)
        return -elbo.mean()


torch.manual_seed(0)
vae = VAE()
opt = torch.optim.Adam(vae.parameters(), 1e-3)
for _ in range(2):
    loss = vae(torch.rand(4, 6).round_())
    opt.zero_grad()
    loss.backward()
    opt.step()
