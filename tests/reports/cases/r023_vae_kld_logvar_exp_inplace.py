# class: saved-output-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
enc, dec = nn.Linear(6, 4), nn.Linear(2, 6)
params = list(enc.parameters()) + list(dec.parameters())
optimizer = torch.optim.Adam(params, lr=1e-3)


def elbo(x):
    mu, logvar = enc(x).chunk(2, dim=-1)
    var = logvar.exp()
    z = mu + var.sqrt() * torch.randn_like(mu)
    var += 1e-6
    kl = 0.5 * (mu**2 + var - var.log() - 1).sum()
    return F.mse_loss(dec(z), x) + kl


for batch in torch.randn(3, 5, 6).unbind(0):
    optimizer.zero_grad()
    loss = elbo(batch)
    loss.backward()
    optimizer.step()
