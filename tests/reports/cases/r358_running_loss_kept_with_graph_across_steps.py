# class: loss-accumulated
import torch
import torch.nn as nn


class AverageMeter:
    def __init__(self):
        self.reset()

    def reset(self):
        self.val = self.sum = self.count = self.avg = 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
meter = AverageMeter()
for i in range(3):
    loss = model(torch.randn(4, 3)).pow(2).mean()
    meter.update(loss, 4)
    opt.zero_grad()
    meter.avg.backward()
    opt.step()
