# class: parameter-edit-between
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Pruner:
    def __init__(self, model, amount=0.5):
        self.masks = {}
        for name, p in model.named_parameters():
            if name.endswith("weight"):
                k = int(p.numel() * amount)
                thr = p.detach().abs().flatten().kthvalue(k).values
                self.masks[name] = (p.detach().abs() > thr).float()

    @torch.no_grad()
    def apply(self, model):
        for name, p in model.named_parameters():
            if name in self.masks:
                p.mul_(self.masks[name])


net = nn.Sequential(nn.Linear(5, 10), nn.ReLU(), nn.Linear(10, 3))
pruner = Pruner(net)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(6, 5), torch.randint(0, 3, (6,))
loss = F.cross_entropy(net(x), y)
opt.zero_grad()
pruner.apply(net)
loss.backward()
opt.step()
