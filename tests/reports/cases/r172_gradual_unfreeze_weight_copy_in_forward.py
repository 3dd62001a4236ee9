# class: parameter-edit-between
import torch
import torch.nn as nn


class TiedAutoencoder(nn.Module):
    def __init__(self, d=5, h=3):
        super().__init__()
        self.enc, self.dec = nn.Linear(d, h), nn.Linear(h, d, bias=False)

    def tie(self):
        with torch.no_grad():
            self.dec.weight.copy_(self.enc.weight.t())

    def forward(self, x):
        z = torch.sigmoid(self.enc(x))
        out = self.dec(z)
        self.tie()
        return out


torch.manual_seed(0)
ae = TiedAutoencoder()
x = torch.randn(4, 5)
nn.functional.mse_loss(ae(x), x).backward()
