# class: safe-detached-copy
import torch
import torch.nn as nn


class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        self.temb = nn.Embedding(5, 4)
        self.net = nn.Sequential(nn.Linear(6, 8), nn.SiLU(True), nn.Linear(8, 2))

    def forward(self, x, t):
        return self.net(torch.cat([x, self.temb(t)], -1))


def cond_fn(clf, x, y):
    with torch.enable_grad():
        x_in = x.detach().requires_grad_(True)
        lp = clf(x_in).log_softmax(-1)
        sel = lp[range(len(y)), y].sum()
        return torch.autograd.grad(sel, x_in)[0]


@torch.no_grad()
def sample(model, clf, y, steps=3):
    x = torch.randn(len(y), 2)
    for i in reversed(range(steps)):
        t = torch.full((len(y),), i)
        eps = model(x, t)
        eps -= 0.1 * cond_fn(clf, x, y)
        x -= 0.2 * eps
        x.clamp_(-2, 2)
        if i > 0:
            x += 0.01 * torch.randn_like(x)
    return x


torch.manual_seed(0)
model, clf = Unet(), nn.Linear(2, 3)
opt = torch.optim.Adam(model.parameters())
y = torch.tensor([0, 2, 1])
for _ in range(2):
    x0 = sample(model, clf, y)
    t = torch.randint(0, 5, (3,))
    noise = torch.randn_like(x0)
    loss = (model(x0 + noise, t) - noise).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
