# class: normalize-inplace
import torch
import torch.nn as nn


class IWAE(nn.Module):
    def __init__(self, d=4, z=2, k=3):
        super().__init__()
        self.enc, self.dec, self.k = nn.Linear(d, 2 * z), nn.Linear(z, d), k

    def forward(self, x):
        mu, logvar = self.enc(x).chunk(2, 1)
        std = (0.5 * logvar).exp()
        z = mu.unsqueeze(0) + std * torch.randn(self.k, *mu.shape)
        log_w = -(self.dec(z) - x).pow(2).sum(-1) - 0.5 * z.pow(2).sum(-1)
        w = log_w.softmax(0)
        w_tilde = w * log_w
        w /= w.sum(0, keepdim=True)
        return -(w_tilde.sum(0) + w.detach().sum(0)).mean()


torch.manual_seed(0)
IWAE()(torch.randn(5, 4)).backward()
