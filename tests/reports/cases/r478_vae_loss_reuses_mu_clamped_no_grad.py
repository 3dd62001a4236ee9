# class: no-grad-write-saved
import torch
from torch import nn
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self, d=6, z=2):
        super().__init__()
        self.fc1 = nn.Linear(d, 8)
        self.fc21 = nn.Linear(8, z)
        self.fc22 = nn.Linear(8, z)
        self.fc3 = nn.Linear(z, 8)
        self.fc4 = nn.Linear(8, d)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x)
        with torch.no_grad():
            logvar.clamp_(-2, 2)
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


def loss_function(recon, x, mu, logvar):
    bce = F.binary_cross_entropy(recon, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    with torch.no_grad():
        mu.sub_(mu.mean(0))
    return bce + kld


torch.manual_seed(0)
model = VAE()
x = torch.rand(3, 6)
recon, mu, logvar = model(x)
loss_function(recon, x, mu, logvar).backward()
