# class: saved-output-inplace
import torch
import torch.nn as nn
import torch.nn.functional as F


class VAE(nn.Module):
    def __init__(self):
        super(VAE, self).__init__()
        self.fc1 = nn.Linear(20, 10)
        self.fc21 = nn.Linear(10, 3)
        self.fc22 = nn.Linear(10, 3)
        self.fc3 = nn.Linear(3, 20)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparametrize(self, mu, logvar):
        std = logvar.mul(0.5).exp_()
        eps = torch.randn_like(std)
        return eps.mul_(std).add_(mu)

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 20))
        z = self.reparametrize(mu, logvar)
        return torch.sigmoid(self.fc3(z)), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    bce = F.binary_cross_entropy(recon_x, x, reduction="sum")
    KLD_element = mu.pow(2).add_(logvar.exp()).mul_(-1).add_(1).add_(logvar)
    return bce + torch.sum(KLD_element).mul_(-0.5)


torch.manual_seed(0)
vae = VAE()
x = torch.rand(4, 20)
recon, mu, logvar = vae(x)
loss_function(recon, x, mu, logvar).backward()
