# class: data-write-in-graph
import torch
import torch.nn as nn

torch.manual_seed(0)


class HyperNet(nn.Module):
    def __init__(self, z=3, out=8):
        super().__init__()
        self.gen = nn.Linear(z, out)
        self.emb = nn.Parameter(torch.randn(z))

    def forward(self):
        return torch.tanh(self.gen(self.emb))


hyper, target = HyperNet(), nn.Linear(4, 2, bias=False)
opt = torch.optim.SGD(hyper.parameters(), lr=0.1)
x, y = torch.randn(6, 4), torch.randn(6, 2)
w = hyper().view(2, 4)
scale = w * w
w.data /= w.data.norm()
out = x @ w.t()
loss = nn.functional.mse_loss(out, y) + scale.sum()
opt.zero_grad()
loss.backward()
opt.step()
