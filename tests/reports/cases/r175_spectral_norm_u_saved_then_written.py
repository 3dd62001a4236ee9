# class: buffer-updated-between-passes
import torch
import torch.nn as nn
import torch.nn.functional as F


class SNLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i))
        self.register_buffer("u", F.normalize(torch.randn(o), dim=0))

    def forward(self, x):
        with torch.no_grad():
            v = F.normalize(self.weight.t() @ self.u, dim=0)
            self.u.copy_(F.normalize(self.weight @ v, dim=0))
        sigma = torch.dot(self.u, self.weight @ v)
        return F.linear(x, self.weight / sigma)


torch.manual_seed(0)
D = nn.Sequential(SNLinear(4, 8), nn.ReLU(), SNLinear(8, 1))
real, fake = torch.randn(5, 4), torch.randn(5, 4)
out_real, out_fake = D(real), D(fake)
loss = out_fake.mean() - out_real.mean()
loss.backward()
